#include "parse/declare.h"

#include "parse/fields.h"
#include "parse/leaf.h"
#include "parse/param_value.h"
#include "parse/pattern.h"
#include "parse/scalar.h"

const char *const rb_declare_field_types[] = {"string",
                                              "integer",
                                              "number",
                                              "boolean",
                                              [RB_DECLARE_ENUM] = "enum",
                                              [RB_DECLARE_DATE] = "date",
                                              NULL};

/* The members as they stand; what they mean depends on the type. */
struct nodes {
    const struct rb_yaml_node *type, *of, *pattern, *values, *fallback, *min, *max, *help,
        *title;
};

#define NODE(member)                                                                   \
    static void keep_##member(struct rb_compiler *c, const struct rb_yaml_node *value, \
                              void *into)                                              \
    {                                                                                  \
        (void)c;                                                                       \
        ((struct nodes *)into)->member = value;                                        \
    }
NODE(type)
NODE(of)
NODE(pattern)
NODE(values)
NODE(fallback)
NODE(min)
NODE(max)
NODE(help)
NODE(title)
#undef NODE

static void no_meaning(struct rb_compiler *c, const struct rb_yaml_node *node,
                       const char *member, const char *type)
{
    rb_diag_help(rb_diag_add(c->diags, 212, node->span,
                             "`%s` has no meaning for the type %s", member, type),
                 "take it out, or choose another type");
}

/* What the elements are, of a list or of the one value. */
static enum rb_param_type element(const struct rb_param *param)
{
    return param->type == RB_PARAM_LIST ? param->of : param->type;
}

static void read_pattern(struct rb_compiler *c, const struct rb_yaml_node *node,
                         struct rb_param *param)
{
    const char *text;
    if (!node || !rb_scalar_text(node, "pattern", c->diags, &text))
        return;
    if (element(param) != RB_PARAM_STRING)
        no_meaning(c, node, "pattern", rb_param_type_names[param->type]);
    else if (rb_pattern_check(node, 0, node->length, c->diags))
        param->pattern = rb_arena_strdup(c->arena, text);
}

static bool read_bound(struct rb_compiler *c, const struct rb_yaml_node *node,
                       const char *name, const struct rb_param *param, int64_t *ret_bound)
{
    if (!node)
        return false;
    switch (element(param)) {
    case RB_PARAM_INTEGER:
    case RB_PARAM_NUMBER:
        return rb_scalar_int(node, name, INT64_MIN, INT64_MAX, c->diags, ret_bound);
    case RB_PARAM_DURATION:
        return rb_scalar_duration(node, name, c->diags, ret_bound);
    default:
        no_meaning(c, node, name, rb_param_type_names[param->type]);
        return false;
    }
}

static void read_values(struct rb_compiler *c, const struct rb_yaml_node *node,
                        struct rb_param *param)
{
    struct rb_param list = {.type = RB_PARAM_LIST, .of = element(param)};
    if (!node || !rb_param_from_node(&list, node, "values", c->diags, &param->values))
        return;
    if (node->count == 0)
        rb_diag_help(rb_diag_add(c->diags, 218, node->span, "`values` is an empty list"),
                     "name the values, or take it out");
}

static void read_default(struct rb_compiler *c, const struct rb_yaml_node *node,
                         struct rb_param *param)
{
    const struct rb_value *value;
    if (!node || !rb_param_from_node(param, node, "default", c->diags, &value))
        return;
    RB_AUTO_BUF struct rb_buf why = {0}, help = {0};
    param->fallback = value;
    if (rb_param_misfit(param, value, &why, &help))
        rb_diag_help(rb_diag_add(c->diags, 216, node->span, "the default of `%s`: %s",
                                 param->name, rb_buf_text(&why)),
                     "%s", rb_buf_text(&help));
}

static void read_type(struct rb_compiler *c, const struct nodes *nodes, bool asked,
                      struct rb_declare *declare)
{
    struct rb_param *param = &declare->param;
    const char *const *words = asked ? rb_declare_field_types : rb_param_type_names;
    if (nodes->type)
        rb_scalar_word(nodes->type, "type", words, c->diags, &declare->type);
    param->type = (enum rb_param_type)declare->type;
    if (asked && declare->type >= RB_DECLARE_ENUM)
        param->type = RB_PARAM_STRING;
    if (!nodes->of)
        return;
    if (param->type != RB_PARAM_LIST) {
        no_meaning(c, nodes->of, "of", words[declare->type]);
        return;
    }
    int of = 0;
    if (rb_scalar_word(nodes->of, "of", rb_param_type_names, c->diags, &of) &&
        of == RB_PARAM_LIST)
        rb_diag_help(rb_diag_add(c->diags, 207, nodes->of->span, "a list of lists"),
                     "the elements are string, integer, number, boolean or duration");
    else
        param->of = (enum rb_param_type)of;
}

static bool read_members(struct rb_compiler *c, const struct rb_yaml_node *value,
                         bool asked, struct nodes *nodes)
{
    static const struct rb_field of_param[] = {
        {"type", keep_type},        {"of", keep_of},     {"pattern", keep_pattern},
        {"values", keep_values},    {"min", keep_min},   {"max", keep_max},
        {"default", keep_fallback}, {"help", keep_help}, {0}};
    static const struct rb_field of_field[] = {
        {"type", keep_type},        {"title", keep_title},
        {"pattern", keep_pattern},  {"values", keep_values},
        {"min", keep_min},          {"max", keep_max},
        {"default", keep_fallback}, {0}};
    return rb_fields_read(c, value, asked ? "a field of `ask`" : "a parameter",
                          asked ? of_field : of_param, nodes);
}

bool rb_declare_read(struct rb_compiler *c, const struct rb_yaml_node *name,
                     const struct rb_yaml_node *value, bool asked,
                     struct rb_declare *ret_declare)
{
    struct nodes nodes = {0};
    bool named =
        rb_scalar_name(name, RB_NAME_LUA, asked ? "a field" : "a parameter", c->diags);
    if (!read_members(c, value, asked, &nodes) || !named)
        return false;
    struct rb_declare declare = {
        .param = {.name = rb_arena_strdup(c->arena, name->text), .span = name->span}};
    struct rb_param *param = &declare.param;
    read_type(c, &nodes, asked, &declare);
    read_pattern(c, nodes.pattern, param);
    read_values(c, nodes.values, param);
    param->has_min = read_bound(c, nodes.min, "min", param, &param->min);
    param->has_max = read_bound(c, nodes.max, "max", param, &param->max);
    read_default(c, nodes.fallback, param);
    if (nodes.help && rb_scalar_text(nodes.help, "help", c->diags, &param->help))
        param->help = rb_arena_strdup(c->arena, param->help);
    if (nodes.title)
        declare.title = rb_leaf_text(c, nodes.title, rb_compiler_where(c, "ask"));
    if (param->has_min && param->has_max && param->min > param->max)
        rb_diag_add(c->diags, 217, nodes.max->span, "`max` is smaller than `min`");
    *ret_declare = declare;
    return true;
}

void rb_declare_params(struct rb_compiler *c, const struct rb_yaml_node *node)
{
    if (!rb_scalar_field(node, RB_NODE_MAPPING, "params", c->diags))
        return;
    struct rb_param *params =
        rb_arena_alloc(c->arena, (size_t)node->count * sizeof *params);
    int count = 0;
    for (int i = 0; i < node->count; i++) {
        struct rb_declare declare;
        if (rb_declare_read(c, node->keys[i], node->items[i], false, &declare))
            params[count++] = declare.param;
    }
    c->book->params = params;
    c->book->param_count = count;
}
