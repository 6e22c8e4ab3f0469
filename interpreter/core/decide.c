#include "core/rules.h"

#include <string.h>

static bool about_current(const struct rb_state *state, const struct rb_value *d)
{
    const struct rb_node *node = rb_state_current(state);
    if (!node)
        return false;
    RB_AUTO_VALUE const struct rb_value *key = rb_rule_key(state);
    return rb_value_equal(rb_value_get(d, "step"), key) &&
           rb_value_get_int(d, "attempt", node->attempt) == node->attempt;
}

static bool expects_eval(const struct rb_state *state, const struct rb_value *d)
{
    const char *phase = rb_value_get_text(d, "phase", "");
    if (state->phase == RB_RUN_STARTING)
        return strcmp(phase, "start") == 0 && !rb_value_get(d, "step");
    struct rb_event quiet = {0};
    const char *next = rb_next_eval(state);
    if (!next || strcmp(next, phase) != 0 || !about_current(state, d))
        return false;
    bool busy = rb_decide(state, NULL, &quiet);
    rb_value_unref(quiet.d);
    return !busy;
}

static bool expects_answer(const struct rb_state *state, const struct rb_value *d)
{
    const struct rb_node *node = rb_state_current(state);
    return about_current(state, d) && node->phase == RB_PHASE_ASKING &&
           rb_value_equal(rb_value_get(d, "q"), rb_value_get(node->active->question, "q"));
}

/* Is this a fact that the state has a use for? Anything else is refused, so that a record
 * can't hold a result of what was never asked for. */
static bool expected(const struct rb_state *state, const struct rb_input *input)
{
    const struct rb_node *node = rb_state_current(state);
    switch (input->type) {
    case RB_EV_RUN_CREATED:
        return state->phase == RB_RUN_NEW;
    case RB_EV_RUN_RESUMED:
        return state->phase != RB_RUN_NEW;
    case RB_EV_EVAL_RESULT:
        return expects_eval(state, input->d);
    case RB_EV_EFFECT_NOTED:
    case RB_EV_EFFECT_RESULT:
    case RB_EV_EFFECT_ADOPTED:
    case RB_EV_EFFECT_UNSTARTED:
    case RB_EV_EFFECT_DOUBT:
        return about_current(state, input->d) && node->phase == RB_PHASE_RUNNING;
    case RB_EV_QUESTION_ANSWERED:
    case RB_EV_QUESTION_UNANSWERED:
        return expects_answer(state, input->d);
    case RB_EV_TIMER_DUE:
        return node && node->phase == RB_PHASE_WAITING && input->mono >= node->active->due;
    case RB_EV_SIGNAL_RECEIVED:
        return state->phase == RB_RUN_RUNNING || state->phase == RB_RUN_STARTING ||
               state->phase == RB_RUN_SUSPENDED;
    case RB_EV_TAIL_RECOVERED:
        return true;
    default:
        return false;
    }
}

static rb_rule *const rules[] = {
    rb_rule_stop,  rb_rule_run,    rb_rule_doubt,   rb_rule_sequence,
    rb_rule_judge, rb_rule_answer, rb_rule_failure, rb_rule_action,
};

bool rb_decide(const struct rb_state *state, const struct rb_input *input,
               struct rb_event *ret_event)
{
    if (input) {
        if (!expected(state, input))
            return false;
        *ret_event = (struct rb_event){.type = input->type,
                                       .d = rb_value_ref(input->d),
                                       .utc = input->utc,
                                       .mono = input->mono};
        return true;
    }
    for (size_t i = 0; i < RB_COUNT(rules); i++) {
        if (rules[i](state, ret_event))
            return true;
    }
    return false;
}
