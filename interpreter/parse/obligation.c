#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/scalar.h"

static void within(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    rb_scalar_span(value, "within", c->diags, into);
}

static void excluded(struct rb_compiler *c, const struct rb_yaml_node *node,
                     const char *what, const char *help)
{
    rb_diag_help(rb_diag_add(c->diags, 222, node->span,
                             "%s stands beside `obligation`, which asks nobody in the run",
                             what),
                 "%s", help);
}

/* What is confirmed after the end can't be proven by Lua, nor typed out at a terminal. */
static void check_beside(struct rb_compiler *c, const struct rb_draft *draft)
{
    const struct rb_yaml_node *list = rb_yaml_get(draft->node, "checklist");
    const struct rb_yaml_node *confirm = rb_yaml_get(draft->node, "confirm");
    for (int i = 0; list && list->kind == RB_NODE_SEQUENCE && i < list->count; i++) {
        const struct rb_yaml_node *check = rb_yaml_get(list->items[i], "check");
        if (check)
            excluded(
                c, check, "`check`",
                "a duty is confirmed by a person: make a step of its own of the check");
    }
    const struct rb_yaml_node *type = confirm ? rb_yaml_get(confirm, "type") : NULL;
    if (type)
        excluded(c, type, "`type`", "a duty is confirmed with `runbook confirm`");
}

void rb_obligation_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                        struct rb_draft *draft)
{
    static const struct rb_field fields[] = {{"within", within}, {0}};
    rb_time span = 0;
    if (value->kind == RB_NODE_SCALAR)
        within(c, value, &span);
    else if (rb_fields_read(c, value, "`obligation`", fields, &span) &&
             !rb_yaml_get(value, "within"))
        rb_fields_missing(c->diags, value, "`obligation`", "within",
                          "say until when it has to be done: `within: 24h`");
    check_beside(c, draft);
    if (span > 0)
        rb_draft_set(draft, "obligation",
                     rb_value_map("within_us", rb_value_int(span), NULL));
}
