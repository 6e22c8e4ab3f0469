#include "parse/param_value.h"

#include "parse/scalar.h"

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
    case RB_PARAM_TIME:
        if (!rb_param_is_time(text))
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

static bool time_from(const struct rb_yaml_node *node, const char *what,
                      struct rb_diags *diags, const struct rb_value **ret_value)
{
    const char *text;
    if (!rb_scalar_text(node, what, diags, &text))
        return false;
    if (!rb_param_is_time(text)) {
        rb_diag_help(
            rb_diag_add(diags, 223, node->span, "`%s`: `%s` is not a time", what, text),
            "write it like 2025-11-22T23:00:00Z");
        return false;
    }
    *ret_value = rb_value_text(text);
    return true;
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
    case RB_PARAM_TIME:
        return time_from(node, what, diags, ret_value);
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
