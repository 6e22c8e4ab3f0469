#include "parse/notify.h"

#include "parse/connections.h"
#include "parse/fields.h"
#include "parse/leaf.h"
#include "parse/scalar.h"
#include "parse/templates.h"
#include "plan/reason.h"

static void no_field(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    (void)c, (void)value, (void)into;
}

static bool is_kind(const struct rb_yaml_node *node, enum rb_node_kind kind)
{
    return node && node->kind == kind;
}

static const struct rb_yaml_node *target(const struct rb_draft *draft, int number)
{
    const struct rb_yaml_node *to = rb_yaml_get(draft->message, "to");
    if (is_kind(to, RB_NODE_SEQUENCE))
        return number < to->count ? to->items[number] : NULL;
    return to;
}

int rb_notify_count(const struct rb_draft *draft)
{
    const struct rb_yaml_node *to =
        draft->message ? rb_yaml_get(draft->message, "to") : NULL;
    return is_kind(to, RB_NODE_SEQUENCE) ? to->count : to != NULL;
}

const char *rb_notify_target(const struct rb_draft *draft, int number)
{
    const struct rb_yaml_node *name = target(draft, number);
    return is_kind(name, RB_NODE_SCALAR) ? name->text : NULL;
}

static void put_text(struct rb_compiler *c, struct rb_draft *draft, const char *name)
{
    const struct rb_yaml_node *node = rb_yaml_get(draft->message, name);
    if (node)
        rb_draft_set(draft, name, rb_leaf_parts(c, node, rb_compiler_where(c, name), NULL));
}

void rb_notify_fill(struct rb_compiler *c, struct rb_draft *draft, int number)
{
    const struct rb_yaml_node *to = target(draft, number);
    const struct rb_yaml_node *template = rb_yaml_get(draft->message, "template");
    const char *name;
    if (to && rb_scalar_text(to, "to", c->diags, &name)) {
        rb_connections_judge(c, to->span, name, RB_ACTION_NOTIFY);
        rb_draft_set(draft, "connection", rb_value_text(name));
    }
    put_text(c, draft, "text");
    put_text(c, draft, "subject");
    if (template && rb_scalar_text(template, "template", c->diags, &name))
        rb_templates_fill(c, draft, template);
    const char *known = rb_notify_target(draft, number);
    const struct rb_value *connection =
        rb_value_get(c->book->connections, known ? known : "");
    /* Slack says `ok` when it has taken a message, and answers 200 in other cases too. */
    if (strcmp(rb_value_get_text(connection, "type", ""), "slack") == 0)
        rb_draft_set(
            draft, "expect",
            rb_value_map("body", rb_value_map("equals", rb_value_text("ok"), NULL), NULL));
}

static void each_once(struct rb_compiler *c, const struct rb_yaml_node *to)
{
    for (int i = 0; is_kind(to, RB_NODE_SEQUENCE) && i < to->count; i++) {
        for (int k = 0; k < i; k++) {
            if (!is_kind(to->items[i], RB_NODE_SCALAR) ||
                !is_kind(to->items[k], RB_NODE_SCALAR) ||
                strcmp(to->items[i]->text, to->items[k]->text) != 0)
                continue;
            rb_diag_help(rb_diag_add(c->diags, 222, to->items[i]->span,
                                     "`to` names `%.80s` twice", to->items[i]->text),
                         "a message goes to each connection once");
        }
    }
    if (is_kind(to, RB_NODE_SEQUENCE) && to->count == 0)
        rb_diag_help(rb_diag_add(c->diags, 218, to->span, "`to` is an empty list"),
                     "name the connections that the message goes to");
}

void rb_notify_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                    struct rb_draft *draft)
{
    static const struct rb_field fields[] = {{"to", no_field},   {"template", no_field},
                                             {"text", no_field}, {"subject", no_field},
                                             {"with", no_field}, {0}};
    if (!rb_fields_read(c, value, "`notify`", fields, NULL))
        return;
    draft->message = value;
    const struct rb_yaml_node *to = rb_yaml_get(value, "to");
    const struct rb_yaml_node *with = rb_yaml_get(value, "with");
    bool text = rb_yaml_get(value, "text"), template = rb_yaml_get(value, "template");
    if (!to)
        rb_fields_missing(c->diags, value, "`notify`", "to",
                          "say where it goes: `to: CONNECTION`, or a list of them");
    else if (to->kind == RB_NODE_MAPPING)
        rb_scalar_field(to, RB_NODE_SCALAR, "to", c->diags);
    if (!text && !template)
        rb_fields_missing(c->diags, value, "`notify`", "text",
                          "say what it says: `text: ...`, or `template: NAME`");
    if (text && (template || with))
        rb_diag_help(rb_diag_add(c->diags, 222, value->span,
                                 "`notify` has `text` and what belongs to a template"),
                     "keep `text`, or `template` and `with`");
    if (with)
        rb_scalar_field(with, RB_NODE_MAPPING, "with", c->diags);
    each_once(c, to);
}

/* What a message can be tried again for without coming twice. */
static void settle_retry(struct rb_draft *draft)
{
    struct rb_retry *retry = &draft->step.retry;
    bool own = rb_yaml_get(draft->node, "retry") && retry->on;
    if (retry->attempts <= 1 || draft->step.idempotent || own)
        return;
    retry->on = retry->on ? retry->on & RB_REASONS_UNDONE : RB_REASONS_UNDONE;
    if (!retry->on)
        retry->attempts = 1;
}

void rb_notify_settle(struct rb_draft *draft)
{
    if (!rb_yaml_get(draft->node, "on_failure"))
        draft->step.on_failure = RB_FAIL_CONTINUE;
    if (draft->step.action != RB_ACTION_NOTIFY)
        return;
    settle_retry(draft);
    if (!rb_yaml_get(draft->node, "on_interrupt"))
        draft->step.on_interrupt = RB_INTERRUPT_FAIL;
    draft->step.examine = rb_value_get(draft->step.spec, "expect");
}
