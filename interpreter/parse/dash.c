#include "parse/dash.h"

#include "parse/leaf.h"
#include "parse/pattern.h"

static const struct rb_param *param_of(const struct rb_compiler *c, const char *name)
{
    for (int i = 0; i < c->book->param_count; i++) {
        if (strcmp(c->book->params[i].name, name) == 0)
            return &c->book->params[i];
    }
    return NULL;
}

static bool values_exclude(const struct rb_param *param)
{
    for (size_t i = 0; i < rb_value_count(param->values); i++) {
        if (rb_value_as_text(rb_value_at(param->values, i), "")[0] == '-')
            return false;
    }
    return param->values != NULL;
}

/* No value that this parameter accepts starts with `-`. */
static bool excludes(const struct rb_param *param)
{
    switch (param->type) {
    case RB_PARAM_STRING:
        return (param->pattern && rb_pattern_excludes_first(param->pattern, '-')) ||
               values_exclude(param);
    case RB_PARAM_INTEGER:
    case RB_PARAM_NUMBER:
        return param->has_min && param->min >= 0;
    case RB_PARAM_BOOLEAN:
    case RB_PARAM_DURATION:
    case RB_PARAM_TIME:
        return true;
    default:
        return false;
    }
}

/* An expression that is one parameter and nothing else. */
static const struct rb_param *only_param(const struct rb_compiler *c, int expr)
{
    static const char prefix[] = "params.";
    const char *source = c->exprs[expr].source;
    if (strncmp(source, prefix, sizeof prefix - 1) != 0)
        return NULL;
    return param_of(c, source + sizeof prefix - 1);
}

static bool may_start(const struct rb_compiler *c, const struct rb_value *argument)
{
    int expr = rb_leaf_first(argument);
    if (expr < 0)
        return true;
    const struct rb_param *param = only_param(c, expr);
    return param && excludes(param);
}

const struct rb_value *rb_dash_list(const struct rb_compiler *c,
                                    const struct rb_value *argv)
{
    struct rb_list_builder list = {0};
    bool after_dashes = false;
    for (size_t i = 0; i < rb_value_count(argv); i++) {
        const struct rb_value *argument = rb_value_at(argv, i);
        rb_list_add(&list, rb_value_bool(after_dashes || may_start(c, argument)));
        const char *text = rb_value_as_text(argument, "");
        after_dashes = after_dashes || strcmp(text, "--") == 0;
    }
    return rb_list_end(&list);
}
