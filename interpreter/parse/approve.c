#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/leaf.h"
#include "parse/scalar.h"

enum { PEOPLE_MOST = 100 };

static void add_role(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    const char *text;
    if (rb_scalar_text(item, "roles", c->diags, &text))
        rb_list_add(into, rb_value_text(text));
}

static void roles(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_list_builder list = {0};
    if (rb_fields_each(c, value, "roles", true, add_role, &list) &&
        value->kind == RB_NODE_SEQUENCE && value->count == 0)
        rb_diag_help(rb_diag_add(c->diags, 218, value->span, "nobody has to approve"),
                     "an approval that nobody gives is none: name roles, or take the step "
                     "out");
    rb_draft_set(into, "roles", rb_list_end(&list));
}

static void quorum(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    int64_t number;
    if (rb_scalar_int(value, "quorum", 1, PEOPLE_MOST, c->diags, &number))
        rb_draft_set(into, "quorum", rb_value_int(number));
}

static void expires(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    rb_time span;
    if (rb_scalar_span(value, "expires", c->diags, &span))
        rb_draft_set(into, "expires_us", rb_value_int(span));
}

static void message(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    rb_draft_set(into, "message", rb_leaf_text(c, value, rb_compiler_where(c, "approve")));
}

static void evidence(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_map_builder map = {0};
    if (!rb_scalar_field(value, RB_NODE_MAPPING, "evidence", c->diags))
        return;
    for (int i = 0; i < value->count; i++) {
        const struct rb_yaml_node *key = value->keys[i];
        const char *where =
            rb_compiler_where(c, rb_arena_printf(c->arena, "evidence.%s", key->text));
        const struct rb_value *shown = rb_leaf_value(c, value->items[i], where);
        if (shown && rb_scalar_name(key, RB_NAME_ID, "evidence", c->diags))
            rb_map_add(&map, key->text, shown);
        else
            rb_value_unref(shown);
    }
    rb_draft_set(into, "evidence", rb_map_end(&map));
}

void rb_approve_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                     struct rb_draft *draft)
{
    static const struct rb_field fields[] = {{"roles", roles},       {"quorum", quorum},
                                             {"expires", expires},   {"message", message},
                                             {"evidence", evidence}, {0}};
    if (rb_fields_read(c, value, "`approve`", fields, draft) &&
        !rb_yaml_get(value, "roles"))
        rb_fields_missing(c->diags, value, "`approve`", "roles",
                          "say who has to sign: `roles: [tech-lead]`");
}
