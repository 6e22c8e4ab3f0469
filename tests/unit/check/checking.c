#include "checking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "check/check.h"

static void compare(const char *yaml, int first_line, int first_column,
                    const char *expected)
{
    struct rb_diags diags = {0};
    RB_AUTO_BUF struct rb_buf found = {0}, messages = {0};
    struct rb_document *document =
        rb_document_read("test.yaml", yaml, strlen(yaml), NULL, &diags);
    rb_check_document(document, &diags);
    rb_diags_sort(&diags);
    for (int i = 0; i < diags.count; i++) {
        const struct rb_diag *diag = &diags.items[i];
        rb_buf_printf(&found, "%s%d %d:%d", i ? " " : "", diag->code,
                      diag->span.line - first_line + 1,
                      diag->span.column - first_column + 1);
        rb_buf_printf(&messages, "\n%s", diag->message);
    }
    if (strcmp(rb_buf_text(&found), expected) != 0)
        fail_msg("%s\nfound '%s' instead of '%s'%s", yaml, rb_buf_text(&found), expected,
                 rb_buf_text(&messages));
    rb_document_free(document);
    rb_diags_done(&diags);
}

void finds(const char *yaml, const char *expected)
{
    compare(yaml, 1, 1, expected);
}

static const char head[] = "runbook: test\n"
                           "params: {x: {type: string}, n: {type: integer, min: 0}}\n"
                           "defaults: {timeout: 10m}\n"
                           "steps:\n"
                           "- {id: use, title: \"${{ params.x .. params.n }}\"}\n";

void steps_find(const char *steps, const char *expected)
{
    RB_AUTO_BUF struct rb_buf yaml = {0};
    rb_buf_puts(&yaml, head);
    rb_buf_puts(&yaml, steps);
    compare(rb_buf_text(&yaml), 6, 1, expected);
}

void script_finds(const char *script, const char *expected)
{
    RB_AUTO_BUF struct rb_buf yaml = {0};
    rb_buf_puts(&yaml, head);
    rb_buf_puts(&yaml, "- id: work\n  run: |\n    ");
    for (const char *at = script; *at; at++) {
        rb_buf_putc(&yaml, *at);
        if (*at == '\n')
            rb_buf_puts(&yaml, "    ");
    }
    rb_buf_putc(&yaml, '\n');
    compare(rb_buf_text(&yaml), 8, 5, expected);
}
