/* Any text as the script of a step, through the compiler and the rules. */

#include <stdio.h>

#include "check/check.h"
#include "fuzz.h"

static const char head[] = "runbook: x\n"
                           "params: {a: {type: string}, b: {type: integer}}\n"
                           "defaults: {timeout: 1m}\n"
                           "steps:\n"
                           "- id: s\n"
                           "  run: |2\n"
                           "    ";

static void write_script(struct rb_buf *out, const uint8_t *bytes, size_t length)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    fuzz_scalar(bytes, length, &text);
    for (size_t i = 0; i < text.length; i++) {
        rb_buf_putc(out, text.data[i]);
        if (text.data[i] == '\n')
            rb_buf_puts(out, "    ");
    }
    rb_buf_putc(out, '\n');
}

/* Each value that was bound is referred to. */
static void look_at(const struct rb_value *spec)
{
    const char *script = rb_value_get_text(spec, "script", "");
    size_t count = rb_value_count(rb_value_get(spec, "bind"));
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "RB_%zu", i + 1);
        assert(strstr(script, name));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    RB_AUTO_BUF struct rb_buf yaml = {0};
    struct rb_diags diags = {0};
    rb_buf_puts(&yaml, head);
    write_script(&yaml, bytes, length);
    struct rb_document *document =
        rb_document_read("fuzz.yaml", rb_buf_text(&yaml), yaml.length, NULL, &diags);
    rb_check_document(document, &diags);
    if (document->plan && document->plan->step_count == 1)
        look_at(document->plan->steps[0].spec);
    fuzz_assert_diags(&diags);
    rb_document_free(document);
    rb_diags_done(&diags);
    return 0;
}
