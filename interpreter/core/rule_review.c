#include "core/effects.h"
#include "core/rules.h"

/* "rolled back by alice: too many rows" */
static bool refused(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_value *answer = rb_state_current(state)->active->answer;
    RB_AUTO_VALUE const struct rb_value *why =
        rb_value_textf("rolled back by %s: %s", rb_value_get_text(answer, "by", ""),
                       rb_value_get_text(answer, "reason", ""));
    return rb_rule_fail(state, ret, RB_REASON_REFUSED, NULL, rb_value_as_text(why, ""));
}

bool rb_rule_review(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING || !node)
        return false;
    if (node->phase == RB_PHASE_HELD)
        return rb_ask_review(state, ret);
    return node->phase == RB_PHASE_SETTLED &&
           rb_value_get_bool(node->active->result, "rolled_back", false) &&
           refused(state, ret);
}
