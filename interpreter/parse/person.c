#include "parse/draft.h"
#include "parse/expr.h"
#include "parse/fields.h"
#include "parse/leaf.h"
#include "parse/roles.h"
#include "parse/scalar.h"
#include "parse/slug.h"

/* An item of a checklist. */
struct item {
    const char *where;
    const struct rb_yaml_node *id, *text_node;
    const struct rb_value *text;
    const struct rb_value *role;
    bool evidence;
    int check;
};

struct items {
    struct rb_list_builder list;
    struct rb_slugs *slugs;
};

static void item_id(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct item *item = into;
    const char *text;
    if (rb_scalar_text(value, "id", c->diags, &text) &&
        rb_scalar_name(value, RB_NAME_ID, "an item", c->diags))
        item->id = value;
}

static void item_text(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct item *item = into;
    item->text_node = value;
    item->text = rb_leaf_text(c, value, item->where);
}

static void item_evidence(struct rb_compiler *c, const struct rb_yaml_node *value,
                          void *into)
{
    struct item *item = into;
    rb_scalar_bool(value, "evidence", c->diags, &item->evidence);
}

static void item_role(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct item *item = into;
    item->role = rb_role_read(c, value);
}

static void item_check(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct item *item = into;
    item->check = rb_expr_bare(c, value, rb_compiler_where(c, "check"));
}

static void read_item(struct rb_compiler *c, const struct rb_yaml_node *node, void *into)
{
    static const struct rb_field fields[] = {
        {"id", item_id},       {"text", item_text}, {"evidence", item_evidence},
        {"check", item_check}, {"role", item_role}, {0}};
    struct items *items = into;
    struct item item = {.where = rb_compiler_where(c, "checklist"), .check = -1};
    if (node->kind != RB_NODE_MAPPING)
        item_text(c, node, &item);
    else if (rb_fields_read(c, node, "an item of a checklist", fields, &item) &&
             !item.text_node)
        rb_fields_missing(c->diags, node, "this item", "text",
                          "say what has to be seen to: `text: ...`");
    if (!item.text) {
        rb_value_unref(item.role);
        return;
    }
    const char *id = item.id ? rb_slugs_claim(items->slugs, item.id, c->diags)
                             : rb_slugs_make(items->slugs, item.text);
    rb_list_add(&items->list,
                rb_value_map("id", rb_value_text(id), "text", item.text, "evidence",
                             item.evidence ? rb_value_bool(true) : NULL, "check",
                             item.check >= 0 ? rb_value_int(item.check) : NULL, "role",
                             item.role, NULL));
}

/* Ids that are written out are claimed first: those that are made keep out of their way. */
static void claim_first(struct rb_compiler *c, const struct rb_yaml_node *list,
                        struct rb_slugs *slugs)
{
    (void)c;
    for (int i = 0; list->kind == RB_NODE_SEQUENCE && i < list->count; i++) {
        const struct rb_yaml_node *id = rb_yaml_get(list->items[i], "id");
        if (id && id->kind == RB_NODE_SCALAR)
            rb_slugs_reserve(slugs, id->text);
    }
}

void rb_person_checklist(struct rb_compiler *c, const struct rb_yaml_node *value,
                         struct rb_draft *draft)
{
    struct items items = {.slugs = rb_slugs_new(c->document->arena)};
    claim_first(c, value, items.slugs);
    if (rb_fields_each(c, value, "checklist", false, read_item, &items) &&
        value->count == 0)
        rb_diag_help(rb_diag_add(c->diags, 218, value->span, "`checklist` has no items"),
                     "write a list of texts");
    rb_draft_set(draft, "items", rb_list_end(&items.list));
    rb_slugs_done(items.slugs);
}

static void confirm_role(struct rb_compiler *c, const struct rb_yaml_node *value,
                         void *into)
{
    rb_draft_set(into, "role", rb_role_read(c, value));
}

static void message(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    rb_draft_set(into, "message", rb_leaf_text(c, value, rb_compiler_where(c, "confirm")));
}

static void type_out(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    rb_draft_set(into, "type",
                 rb_leaf_text(c, value, rb_compiler_where(c, "confirm.type")));
}

void rb_person_confirm(struct rb_compiler *c, const struct rb_yaml_node *value,
                       struct rb_draft *draft)
{
    static const struct rb_field fields[] = {
        {"message", message}, {"type", type_out}, {"role", confirm_role}, {0}};
    if (value->kind != RB_NODE_MAPPING)
        message(c, value, draft);
    else if (rb_fields_read(c, value, "`confirm`", fields, draft) &&
             !rb_yaml_get(value, "message"))
        rb_fields_missing(c->diags, value, "`confirm`", "message",
                          "write the question: `message: Go on?`");
}
