#include "core/rules.h"

#include <string.h>

#include "core/effects.h"

static bool begin(const struct rb_state *state, struct rb_event *ret, int step, int element)
{
    RB_AUTO_BUF struct rb_buf key = {0};
    const struct rb_step *child = &state->plan->steps[step];
    rb_child_key(state, step, element, &key);
    return rb_rule_say(state, ret, RB_EV_STEP_BEGAN,
                       rb_value_map("step", rb_value_text(rb_buf_text(&key)), "action",
                                    rb_value_text(rb_action_name(child->action)), NULL));
}

static bool skipped(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_step *step = rb_node_step(state, state->current);
    const char *source = state->plan->exprs[step->when].source;
    return rb_rule_say(state, ret, RB_EV_STEP_SKIPPED,
                       rb_value_map("step", rb_rule_key(state), "by", rb_value_text("when"),
                                    "why", rb_value_text(source), NULL));
}

static bool wrong_item(const struct rb_value *items, const char **ret_why)
{
    for (size_t i = 0; i < rb_value_count(items); i++) {
        *ret_why = rb_value_get_text(rb_value_at(items, i), "error", NULL);
        if (*ret_why)
            return true;
    }
    return false;
}

static bool loop(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_value *list = rb_value_get(node->active->values, "for_each");
    if (node->phase == RB_PHASE_READY && !rb_value_is(list, RB_LIST)) {
        return rb_rule_fail(state, ret, RB_REASON_EVAL, NULL, "for_each is not a list");
    }
    if (node->phase == RB_PHASE_READY) {
        return rb_rule_say(state, ret, RB_EV_LOOP_BEGAN,
                           rb_value_map("step", rb_rule_key(state), "count",
                                        rb_value_int((int64_t)rb_value_count(list)), NULL));
    }
    if (node->phase != RB_PHASE_CHILDREN)
        return false;
    int next = node->active->next_element;
    if ((size_t)next < rb_value_count(node->active->elements))
        return begin(state, ret, node->step, next);
    return rb_rule_pass(state, ret, NULL);
}

bool rb_rule_sequence(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING || !node)
        return false;
    const struct rb_step *step = &state->plan->steps[node->step];
    const char *why;
    if (node->phase == RB_PHASE_READY && node->active->values) {
        const struct rb_value *when = rb_value_get(node->active->values, "when");
        if (step->when >= 0 && when && !rb_value_as_bool(when, false))
            return skipped(state, ret);
        if (node->active->prepare_failed && wrong_item(node->active->eval, &why))
            return rb_rule_fail(state, ret, RB_REASON_EVAL, NULL, why);
    }
    if (node->loop)
        return loop(state, ret);
    if (step->action != RB_ACTION_STEPS || node->phase != RB_PHASE_READY)
        return false;
    if (node->active->next_child >= 0)
        return begin(state, ret, node->active->next_child, -1);
    return rb_rule_pass(state, ret, NULL);
}
