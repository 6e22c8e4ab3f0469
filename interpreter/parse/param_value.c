#include "parse/param_value.h"

#include <inttypes.h>

#include "base/json.h"
#include "parse/pattern.h"
#include "parse/scalar.h"

const char *const rb_param_type_names[] = {[RB_PARAM_STRING] = "string",
                                           [RB_PARAM_INTEGER] = "integer",
                                           [RB_PARAM_NUMBER] = "number",
                                           [RB_PARAM_BOOLEAN] = "boolean",
                                           [RB_PARAM_LIST] = "list",
                                           [RB_PARAM_DURATION] = "duration",
                                           NULL};

static bool parse(enum rb_param_type type, const char *text,
                  const struct rb_value **ret_value)
{
    int64_t integer;
    double number;
    rb_time span;
    switch (type) {
    case RB_PARAM_STRING:
        *ret_value = rb_value_text(text);
        return true;
    case RB_PARAM_INTEGER:
        if (!rb_scalar_parse_int(text, &integer))
            return false;
        *ret_value = rb_value_int(integer);
        return true;
    case RB_PARAM_NUMBER:
        if (!rb_scalar_parse_number(text, &number))
            return false;
        *ret_value = rb_value_number(number);
        return true;
    case RB_PARAM_BOOLEAN:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return false;
        *ret_value = rb_value_bool(*text == 't');
        return true;
    case RB_PARAM_DURATION:
        if (!rb_duration_parse(text, &span, NULL))
            return false;
        *ret_value = rb_value_text(text);
        return true;
    default:
        return false;
    }
}

static bool add(enum rb_param_type of, const char *text, struct rb_list_builder *builder)
{
    const struct rb_value *element;
    if (!parse(of, text, &element))
        return false;
    rb_list_add(builder, element);
    return true;
}

static bool end(struct rb_list_builder *builder, bool good,
                const struct rb_value **ret_value)
{
    const struct rb_value *list = rb_list_end(builder);
    if (good)
        *ret_value = list;
    else
        rb_value_unref(list);
    return good;
}

bool rb_param_parse_list(const struct rb_param *param, const char *const *texts,
                         const struct rb_value **ret_value)
{
    struct rb_list_builder builder = {0};
    bool good = param->type == RB_PARAM_LIST;
    for (; *texts && good; texts++)
        good = add(param->of, *texts, &builder);
    return end(&builder, good, ret_value);
}

static bool parse_commas(const struct rb_param *param, const char *text,
                         const struct rb_value **ret_value)
{
    struct rb_list_builder builder = {0};
    bool good = true;
    while (*text && good) {
        size_t length = strcspn(text, ",");
        RB_AUTO_FREE char *part = rb_strndup(text, length);
        good = add(param->of, part, &builder);
        text += length + (text[length] == ',');
    }
    return end(&builder, good, ret_value);
}

static bool parse_flow(const struct rb_param *param, const char *text,
                       const struct rb_value **ret_value)
{
    struct rb_arena *arena = rb_arena_new();
    struct rb_diags unheard = {0};
    const struct rb_source *source = rb_source_new(arena, "", text, strlen(text));
    const struct rb_yaml_node *node = rb_yaml_read(arena, source, &unheard);
    bool good =
        node && !unheard.errors && rb_param_from_node(param, node, "", &unheard, ret_value);
    rb_diags_done(&unheard);
    rb_arena_free(arena);
    return good;
}

bool rb_param_parse(const struct rb_param *param, const char *text,
                    const struct rb_value **ret_value)
{
    if (param->type != RB_PARAM_LIST)
        return parse(param->type, text, ret_value);
    if (text[0] == '[')
        return parse_flow(param, text, ret_value);
    return parse_commas(param, text, ret_value);
}

static bool from_scalar(enum rb_param_type type, const struct rb_yaml_node *node,
                        const char *what, struct rb_diags *diags,
                        const struct rb_value **ret_value)
{
    const char *text;
    int64_t integer;
    double number;
    bool flag;
    rb_time span;
    switch (type) {
    case RB_PARAM_INTEGER:
        if (!rb_scalar_int(node, what, INT64_MIN, INT64_MAX, diags, &integer))
            return false;
        *ret_value = rb_value_int(integer);
        return true;
    case RB_PARAM_NUMBER:
        if (!rb_scalar_number(node, what, diags, &number))
            return false;
        *ret_value = rb_value_number(number);
        return true;
    case RB_PARAM_BOOLEAN:
        if (!rb_scalar_bool(node, what, diags, &flag))
            return false;
        *ret_value = rb_value_bool(flag);
        return true;
    case RB_PARAM_DURATION:
        if (!rb_scalar_duration(node, what, diags, &span))
            return false;
        *ret_value = rb_value_text(node->text);
        return true;
    default:
        if (!rb_scalar_text(node, what, diags, &text))
            return false;
        *ret_value = rb_value_text(text);
        return true;
    }
}

bool rb_param_from_node(const struct rb_param *param, const struct rb_yaml_node *node,
                        const char *what, struct rb_diags *diags,
                        const struct rb_value **ret_value)
{
    if (param->type != RB_PARAM_LIST)
        return from_scalar(param->type, node, what, diags, ret_value);
    if (!rb_scalar_field(node, RB_NODE_SEQUENCE, what, diags))
        return false;
    struct rb_list_builder builder = {0};
    bool good = true;
    for (int i = 0; i < node->count; i++) {
        const struct rb_value *element;
        if (from_scalar(param->of, node->items[i], what, diags, &element))
            rb_list_add(&builder, element);
        else
            good = false;
    }
    return end(&builder, good, ret_value);
}

static bool is_among(const struct rb_value *value, const struct rb_value *values)
{
    for (size_t i = 0; i < rb_value_count(values); i++) {
        if (rb_value_equal(value, rb_value_at(values, i)))
            return true;
    }
    return false;
}

/* A duration is bounded in microseconds. */
static double size_of(const struct rb_value *value)
{
    rb_time span;
    const char *text = rb_value_as_text(value, NULL);
    if (text && rb_duration_parse(text, &span, NULL))
        return (double)span;
    return rb_value_as_number(value, 0);
}

static void put_bound(const struct rb_param *param, enum rb_param_type type, bool max,
                      struct rb_buf *out)
{
    int64_t bound = max ? param->max : param->min;
    if (type == RB_PARAM_DURATION)
        rb_duration_format(bound, out);
    else
        rb_buf_printf(out, "%" PRId64, bound);
}

static int misfit(const struct rb_param *param, enum rb_param_type type,
                  const struct rb_value *value, struct rb_buf *why, struct rb_buf *help)
{
    RB_AUTO_BUF struct rb_buf shown = {0};
    rb_json_print(value, 0, &shown);
    const char *text = rb_value_as_text(value, "");
    if (param->pattern) {
        enum rb_pattern_verdict verdict =
            rb_pattern_whole(param->pattern, text, rb_value_length(value));
        if (verdict != RB_PATTERN_MATCHES) {
            rb_buf_printf(why, "%s %s", rb_buf_text(&shown),
                          verdict == RB_PATTERN_DIFFERS
                              ? "does not match its pattern"
                              : "can't be matched in reasonable time");
            rb_buf_printf(help, "all of it has to match %s", param->pattern);
            return 601;
        }
    }
    if (param->values && !is_among(value, param->values)) {
        rb_buf_printf(why, "%s is not one of its values", rb_buf_text(&shown));
        rb_buf_puts(help, "it is one of: ");
        rb_json_print(param->values, 0, help);
        return 605;
    }
    bool low = param->has_min && size_of(value) < (double)param->min;
    if (low || (param->has_max && size_of(value) > (double)param->max)) {
        rb_buf_printf(why, "%s is too %s", rb_buf_text(&shown), low ? "small" : "large");
        rb_buf_printf(help, "it has to be %s ", low ? "at least" : "at most");
        put_bound(param, type, !low, help);
        return 606;
    }
    return 0;
}

int rb_param_misfit(const struct rb_param *param, const struct rb_value *value,
                    struct rb_buf *why, struct rb_buf *help)
{
    if (param->type != RB_PARAM_LIST)
        return misfit(param, param->type, value, why, help);
    int code = 0;
    for (size_t i = 0; i < rb_value_count(value) && !code; i++)
        code = misfit(param, param->of, rb_value_at(value, i), why, help);
    return code;
}

void rb_param_describe(const struct rb_param *param, struct rb_buf *out)
{
    static const char *const one[] = {
        [RB_PARAM_STRING] = "a text",   [RB_PARAM_INTEGER] = "a whole number",
        [RB_PARAM_NUMBER] = "a number", [RB_PARAM_BOOLEAN] = "true or false",
        [RB_PARAM_LIST] = "a list",     [RB_PARAM_DURATION] = "a duration like 90s"};
    static const char *const many[] = {
        [RB_PARAM_STRING] = "texts",   [RB_PARAM_INTEGER] = "whole numbers",
        [RB_PARAM_NUMBER] = "numbers", [RB_PARAM_BOOLEAN] = "true or false",
        [RB_PARAM_LIST] = "lists",     [RB_PARAM_DURATION] = "durations"};
    rb_buf_puts(out, one[param->type]);
    if (param->type == RB_PARAM_LIST)
        rb_buf_printf(out, " of %s, like a,b", many[param->of]);
}
