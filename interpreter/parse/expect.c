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

static void status(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    struct codes *codes = into;
    static const char *const classes[] = {"1xx", "2xx", "3xx", "4xx", "5xx", NULL};
    int64_t code;
    int index;
    if (item->kind == RB_NODE_SCALAR && strstr(item->text, "xx")) {
        if (rb_scalar_word(item, "status", classes, c->diags, &index))
            rb_list_add(&codes->list, rb_value_text(classes[index]));
    } else if (rb_scalar_int(item, "status", 100, 599, c->diags, &code)) {
        rb_list_add(&codes->list, rb_value_int(code));
    }
}

static void statuses(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct codes codes = {0};
    if (rb_fields_each(c, value, "status", true, status, &codes) &&
        value->kind == RB_NODE_SEQUENCE && value->count == 0)
        rb_diag_help(rb_diag_add(c->diags, 218, value->span, "`status` is an empty list"),
                     "name them: 200, 2xx, or write `expect: none`");
    rb_map_add(into, "status", rb_list_end(&codes.list));
}

static void body(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    add(into, "body", output(c, value, "expect.body"));
}

/* Names of headers know no case. */
static const char *lower(struct rb_compiler *c, const char *name)
{
    char *copy = rb_arena_strdup(c->arena, name);
    for (char *at = copy; *at; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at + 'a' - 'A') : *at;
    return copy;
}

static void headers(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_map_builder map = {0};
    if (!rb_scalar_field(value, RB_NODE_MAPPING, "header", c->diags))
        return;
    for (int i = 0; i < value->count; i++)
        add(&map, lower(c, value->keys[i]->text),
            output(c, value->items[i], "expect.header"));
    rb_map_add(into, "header", rb_map_end(&map));
}

static void rows(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    int64_t count;
    if (rb_scalar_int(value, "rows", 0, INT64_MAX, c->diags, &count))
        rb_map_add(into, "rows", rb_value_int(count));
}

static void one_value(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    add(into, "value", rb_leaf_value(c, value, rb_compiler_where(c, "expect.value")));
}

static void column(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    const char *name;
    if (rb_scalar_text(item, "columns", c->diags, &name))
        rb_list_add(into, rb_value_text(name));
}

static void columns(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_list_builder list = {0};
    rb_fields_each(c, value, "columns", true, column, &list);
    rb_map_add(into, "columns", rb_list_end(&list));
}

/* What can be expected of what an action does. */
static const struct rb_field *fields_of(enum rb_action action)
{
    static const struct rb_field process[] = {
        {"exit", exit_codes}, {"stdout", standard_output}, {"stderr", standard_error},
        {"json", json},       {"max_time", max_time},      {0},
    };
    static const struct rb_field http[] = {
        {"status", statuses}, {"header", headers},    {"body", body},
        {"json", json},       {"max_time", max_time}, {0},
    };
    static const struct rb_field sql[] = {
        {"rows", rows},
        {"value", one_value},
        {"columns", columns},
        {"max_time", max_time},
        {0},
    };
    return action == RB_ACTION_HTTP ? http : action == RB_ACTION_SQL ? sql : process;
}

const struct rb_value *rb_expect_read(struct rb_compiler *c,
                                      const struct rb_yaml_node *value,
                                      enum rb_action action)
{
    if (value->kind == RB_NODE_SCALAR && strcmp(value->text, "none") == 0)
        return rb_value_map("none", rb_value_bool(true), NULL);
    if (value->kind == RB_NODE_SCALAR) {
        rb_diag_help(
            rb_diag_add(c->diags, 203, value->span, "`expect` is `%s`", value->text),
            "write a map such as {%s}, or the word none",
            action == RB_ACTION_HTTP  ? "status: 200"
            : action == RB_ACTION_SQL ? "rows: 1"
                                      : "exit: 0");
        return NULL;
    }
    struct rb_map_builder map = {0};
    if (rb_fields_read(c, value, "`expect`", fields_of(action), &map) && value->count == 0)
        rb_diag_help(rb_diag_add(c->diags, 218, value->span, "`expect` is an empty map"),
                     "say what is expected, or write `expect: none`");
    return rb_map_end(&map);
}
