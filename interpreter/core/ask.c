#include "core/effects.h"

#include <string.h>

#include "core/rules.h"

static const struct rb_value *or_absent(const struct rb_value *value)
{
    return value ? rb_value_ref(value) : NULL;
}

/* What all kinds have in common; `owned` members follow. */
static const struct rb_value *question(const struct rb_state *state, const char *kind,
                                       const struct rb_value *owned)
{
    const struct rb_value *spec = rb_node_step(state, state->current)->spec;
    const struct rb_value *why = rb_value_get(spec, "why");
    RB_AUTO_VALUE const struct rb_value *own = owned;
    RB_AUTO_VALUE const struct rb_value *common =
        rb_value_map("step", rb_rule_key(state), "attempt",
                     rb_value_int(rb_state_current(state)->attempt), "q",
                     rb_value_int(state->questions), "kind", rb_value_text(kind), "why",
                     rb_value_is(why, RB_STRING) ? rb_value_ref(why) : NULL, NULL);
    return rb_value_merge(common, own);
}

static const struct rb_value *item_members(const struct rb_node *node,
                                           const struct rb_value *items, const char *detail)
{
    const struct rb_value *item = rb_value_at(items, (size_t)node->active->item);
    return rb_value_map("item", or_absent(rb_value_get(item, "id")), "text",
                        or_absent(rb_value_get(item, "text")), "evidence",
                        or_absent(rb_value_get(item, "evidence")), "index",
                        rb_value_int(node->active->item), "count",
                        rb_value_int((int64_t)rb_value_count(items)), "detail",
                        detail ? rb_value_text(detail) : NULL, NULL);
}

static const struct rb_value *field_members(const struct rb_node *node,
                                            const struct rb_value *fields)
{
    const struct rb_value *field = rb_value_at(fields, (size_t)node->active->item);
    const struct rb_value *title = rb_value_get(field, "title");
    return rb_value_map("field", or_absent(field), "text",
                        or_absent(title ? title : rb_value_get(field, "name")), "index",
                        rb_value_int(node->active->item), "count",
                        rb_value_int((int64_t)rb_value_count(fields)), NULL);
}

bool rb_ask_item(const struct rb_state *state, struct rb_event *ret, const char *detail)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_step *step = rb_node_step(state, state->current);
    RB_AUTO_VALUE const struct rb_value *spec = NULL;
    struct rb_error err = {0};
    if (!rb_filled_spec(state, &spec, &err))
        return rb_rule_fail(state, ret, RB_REASON_EVAL, NULL, err.message);
    const struct rb_value *title = rb_value_get(spec, "title");
    const struct rb_value *text = title ? title : rb_value_get(spec, "why");
    const struct rb_value *asked;
    if (step->action == RB_ACTION_CHECKLIST) {
        asked = question(state, "item",
                         item_members(node, rb_value_get(spec, "items"), detail));
    } else if (step->action == RB_ACTION_ASK) {
        asked = question(state, "field", field_members(node, rb_value_get(spec, "fields")));
    } else if (step->action == RB_ACTION_CONFIRM) {
        asked = question(state, "confirm",
                         rb_value_map("text", or_absent(rb_value_get(spec, "message")),
                                      "type", or_absent(rb_value_get(spec, "type")), NULL));
    } else {
        asked = question(state, "manual",
                         rb_value_map("text",
                                      text ? rb_value_ref(text) : rb_value_text(step->id),
                                      NULL));
    }
    return rb_rule_say(state, ret, RB_EV_QUESTION_ASKED, asked);
}

bool rb_ask_choice(const struct rb_state *state, struct rb_event *ret, const char *kind,
                   const char *detail)
{
    const struct rb_value *members =
        rb_value_map("text", rb_value_text(detail ? detail : ""), NULL);
    return rb_rule_say(state, ret, RB_EV_QUESTION_ASKED, question(state, kind, members));
}
