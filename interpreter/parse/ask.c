#include "parse/declare.h"
#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/scalar.h"

static const struct rb_value *bound(bool set, int64_t number)
{
    return set ? rb_value_int(number) : NULL;
}

/* An enum is nothing without its values, a date has a form of its own. */
static void check_values(struct rb_compiler *c, const struct rb_yaml_node *node,
                         const struct rb_declare *field)
{
    if (field->type == RB_DECLARE_ENUM && !rb_yaml_get(node, "values"))
        rb_fields_missing(c->diags, node, "a field of type enum", "values",
                          "name what can be chosen: `values: [a, b]`");
}

static const struct rb_value *field_of(const struct rb_declare *field)
{
    const struct rb_param *param = &field->param;
    return rb_value_map(
        "name", rb_value_text(param->name), "type",
        rb_value_text(rb_declare_field_types[field->type]), "title", field->title, "values",
        param->values, "pattern", param->pattern ? rb_value_text(param->pattern) : NULL,
        "min", bound(param->has_min, param->min), "max", bound(param->has_max, param->max),
        "default", param->fallback, NULL);
}

void rb_ask_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_draft *draft)
{
    if (!rb_scalar_field(value, RB_NODE_MAPPING, "ask", c->diags))
        return;
    if (value->count == 0)
        rb_diag_help(rb_diag_add(c->diags, 218, value->span, "`ask` has no fields"),
                     "write {name: {type: string}}");
    struct rb_list_builder fields = {0};
    for (int i = 0; i < value->count; i++) {
        struct rb_declare field;
        if (!rb_declare_read(c, value->keys[i], value->items[i], true, &field))
            continue;
        check_values(c, value->items[i], &field);
        rb_list_add(&fields, field_of(&field));
    }
    rb_draft_set(draft, "fields", rb_list_end(&fields));
}
