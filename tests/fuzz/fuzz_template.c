/* Any text with `${{ }}` in it, as the value of a variable and as text of the environment: what
 * was taken apart is what was written, and filling it in gives the pieces back in order. */

#include <stdio.h>

#include "fuzz.h"
#include "parse/parse.h"
#include "plan/template.h"

static const char spaces[] = " \t\n\v\f\r";

static void put_quoted(struct rb_buf *out, const char *text)
{
    rb_buf_putc(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            rb_buf_putc(out, '\\');
        if (*text == '\n')
            rb_buf_puts(out, "\\n");
        else
            rb_buf_putc(out, *text);
    }
    rb_buf_puts(out, "\"\n");
}

/* Text as it stands between two values: `$${{` was written for `${{`. */
static const char *match_literal(const char *at, const char *literal)
{
    while (*literal) {
        if (strncmp(literal, "${{", 3) == 0) {
            assert(strncmp(at, "$${{", 4) == 0);
            at += 4;
            literal += 3;
        } else {
            assert(*at++ == *literal++);
        }
    }
    return at;
}

static const char *match_expr(const char *at, const char *source)
{
    assert(strncmp(at, "${{", 3) == 0);
    at += 3;
    at += strspn(at, spaces);
    assert(strncmp(at, source, strlen(source)) == 0);
    at += strlen(source);
    at += strspn(at, spaces);
    assert(strncmp(at, "}}", 2) == 0);
    return at + 2;
}

/* Matches one piece with what was written, and appends what it is to be filled in with. */
static const char *match(const struct rb_plan *plan, const struct rb_value *piece,
                         const char *at, struct rb_buf *filled)
{
    int64_t number = rb_value_get_int(piece, "$expr", -1);
    if (number < 0) {
        rb_buf_puts(filled, rb_value_as_text(piece, ""));
        return match_literal(at, rb_value_as_text(piece, ""));
    }
    assert(number < plan->expr_count);
    rb_buf_printf(filled, "<%d>", (int)number);
    return match_expr(at, plan->exprs[number].source);
}

/* A map from each expression's number to a text of its own; without `gap`. */
static const struct rb_value *values_of(const struct rb_plan *plan, int gap)
{
    struct rb_map_builder map = {0};
    for (int i = 0; i < plan->expr_count; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        if (i != gap)
            rb_map_add(&map, key, rb_value_textf("<%d>", i));
    }
    return rb_map_end(&map);
}

static void check_fill(const struct rb_plan *plan, const struct rb_value *spec,
                       const char *expected)
{
    struct rb_error err = {0};
    RB_AUTO_VALUE const struct rb_value *values = values_of(plan, -1), *filled = NULL;
    assert(rb_template_fill(plan, spec, values, &filled, &err));
    assert(strcmp(rb_value_as_text(filled, "no text"), expected) == 0);
    int *exprs = NULL, count = 0, capacity = 0;
    rb_template_exprs(spec, &exprs, &count, &capacity);
    if (count > 0) {
        RB_AUTO_VALUE const struct rb_value *some = values_of(plan, exprs[count - 1]);
        const struct rb_value *none = NULL;
        assert(!rb_template_fill(plan, spec, some, &none, &err) && !none && *err.message);
    }
    free(exprs);
}

static void check(const struct rb_plan *plan, const struct rb_value *spec, const char *text)
{
    RB_AUTO_BUF struct rb_buf filled = {0};
    const struct rb_value *pieces = rb_value_get(spec, "$text");
    const char *at = text;
    if (rb_template_secret(spec)) { /* stays as it is */
        assert(strncmp(text, "${{", 3) == 0 && strstr(text, rb_template_secret(spec)));
        return;
    }
    if (!pieces)
        at = match(plan, spec, at, &filled);
    for (size_t i = 0; i < rb_value_count(pieces); i++)
        at = match(plan, rb_value_at(pieces, i), at, &filled);
    assert(*at == '\0');
    check_fill(plan, spec, rb_buf_text(&filled));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    RB_AUTO_BUF struct rb_buf text = {0}, yaml = {0};
    struct rb_diags diags = {0};
    fuzz_scalar(bytes, length, &text);
    rb_buf_puts(&yaml, "runbook: x\nsteps: [{id: a, title: t}]\nvars:\n  v: ");
    put_quoted(&yaml, rb_buf_text(&text));
    rb_buf_puts(&yaml, "env:\n  V: ");
    put_quoted(&yaml, rb_buf_text(&text));
    struct rb_document *document =
        rb_document_read("fuzz.yaml", rb_buf_text(&yaml), yaml.length, NULL, &diags);
    if (diags.errors == 0) {
        check(document->plan, document->plan->books[0]->vars[0].value, rb_buf_text(&text));
        check(document->plan, rb_value_get(document->plan->books[0]->env, "V"),
              rb_buf_text(&text));
    }
    fuzz_assert_diags(&diags);
    rb_document_free(document);
    rb_diags_done(&diags);
    return 0;
}
