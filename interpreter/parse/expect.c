#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/leaf.h"
#include "parse/pattern.h"
#include "parse/scalar.h"

struct codes {
    struct rb_list_builder list;
};

static void exit_code(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    struct codes *codes = into;
    int64_t code;
    if (rb_scalar_int(item, "exit", 0, 255, c->diags, &code))
        rb_list_add(&codes->list, rb_value_int(code));
}

static void exit_codes(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct codes codes = {0};
    if (rb_fields_each(c, value, "exit", true, exit_code, &codes) &&
        value->kind == RB_NODE_SEQUENCE && value->count == 0)
        rb_diag_help(rb_diag_add(c->diags, 218, value->span, "`exit` is an empty list"),
                     "name the codes, or write `expect: none`");
    rb_map_add(into, "exit", rb_list_end(&codes.list));
}

/* A pattern of the runbook's author is source: no value goes into it. */
static const struct rb_value *pattern_of(struct rb_compiler *c,
                                         const struct rb_yaml_node *value, size_t offset,
                                         size_t length)
{
    if (strstr(value->text, "${{")) {
        rb_diag_help(
            rb_diag_add(c->diags, 214, value->span, "a pattern can't hold a value"),
            "compare in `check`, where a value is never read as a pattern");
        return NULL;
    }
    if (!rb_pattern_check(value, offset, length, c->diags))
        return NULL;
    return rb_value_map("pattern", rb_value_string(value->text + offset, length), NULL);
}

struct output {
    const char *name;
    const struct rb_value *value;
};

static void set(struct output *output, const struct rb_value *owned)
{
    rb_value_unref(output->value);
    output->value = owned;
}

static void pattern(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    const char *text;
    if (rb_scalar_field(value, RB_NODE_SCALAR, "pattern", c->diags) &&
        rb_scalar_text(value, "pattern", c->diags, &text))
        set(into, pattern_of(c, value, 0, value->length));
}

static void equals(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct output *output = into;
    const struct rb_value *text =
        rb_leaf_text(c, value, rb_compiler_where(c, output->name));
    if (text)
        set(output, rb_value_map("equals", text, NULL));
}

/* /pattern/, or the text itself, or a map that says which. */
static const struct rb_value *output(struct rb_compiler *c,
                                     const struct rb_yaml_node *value, const char *name)
{
    static const struct rb_field fields[] = {{"pattern", pattern}, {"equals", equals}, {0}};
    struct output output = {.name = name};
    if (value->kind == RB_NODE_MAPPING) {
        rb_fields_read(c, value, "an expected output", fields, &output);
        if (value->count != 1)
            rb_diag_help(rb_diag_add(c->diags, 222, value->span,
                                     "`%s` takes one of `pattern` and `equals`", name),
                         "write {pattern: '...'} or {equals: '...'}");
        return output.value;
    }
    bool slashes = value->kind == RB_NODE_SCALAR && value->length >= 2 &&
                   value->text[0] == '/' && value->text[value->length - 1] == '/';
    if (slashes)
        return pattern_of(c, value, 1, value->length - 2);
    equals(c, value, &output);
    return output.value;
}

static void add(void *into, const char *name, const struct rb_value *owned)
{
    if (owned)
        rb_map_add(into, name, owned);
}

static void standard_output(struct rb_compiler *c, const struct rb_yaml_node *value,
                            void *into)
{
    add(into, "stdout", output(c, value, "expect.stdout"));
}

static void standard_error(struct rb_compiler *c, const struct rb_yaml_node *value,
                           void *into)
{
    add(into, "stderr", output(c, value, "expect.stderr"));
}

static void json(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    add(into, "json", rb_leaf_value(c, value, rb_compiler_where(c, "expect.json")));
}

static void max_time(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    rb_time span;
    if (rb_scalar_span(value, "max_time", c->diags, &span))
        rb_map_add(into, "max_time_us", rb_value_int(span));
}

const struct rb_value *rb_expect_read(struct rb_compiler *c,
                                      const struct rb_yaml_node *value)
{
    static const struct rb_field fields[] = {
        {"exit", exit_codes}, {"stdout", standard_output}, {"stderr", standard_error},
        {"json", json},       {"max_time", max_time},      {0},
    };
    if (value->kind == RB_NODE_SCALAR && strcmp(value->text, "none") == 0)
        return rb_value_map("none", rb_value_bool(true), NULL);
    if (value->kind == RB_NODE_SCALAR) {
        rb_diag_help(
            rb_diag_add(c->diags, 203, value->span, "`expect` is `%s`", value->text),
            "write a map such as {exit: 0}, or the word none");
        return NULL;
    }
    struct rb_map_builder map = {0};
    if (rb_fields_read(c, value, "`expect`", fields, &map) && value->count == 0)
        rb_diag_help(rb_diag_add(c->diags, 218, value->span, "`expect` is an empty map"),
                     "say what is expected, or write `expect: none`");
    return rb_map_end(&map);
}
