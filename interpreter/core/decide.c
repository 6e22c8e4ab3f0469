#include "core/front.h"
#include "core/lock.h"
#include "core/look.h"
#include "core/obligation.h"
#include "core/question.h"
#include "core/rules.h"
#include "core/statement.h"

#include <string.h>

/* `node` is the one that the input names, or NULL. */
static bool is_its_attempt(const struct rb_node *node, const struct rb_value *d)
{
    return node && rb_value_get_int(d, "attempt", node->attempt) == node->attempt;
}

static bool expects_eval(const struct rb_state *state, const struct rb_input *input)
{
    const struct rb_value *d = input->d;
    const char *phase = rb_value_get_text(d, "phase", "");
    if (state->phase == RB_RUN_STARTING)
        return strcmp(phase, "start") == 0 && !rb_value_get(d, "step");
    struct rb_event quiet = {0};
    const char *next = rb_next_eval(state);
    if (!next || strcmp(next, phase) != 0 || !is_its_attempt(rb_state_current(state), d) ||
        rb_front_is_held(state, state->current) ||
        !rb_look_may_be(rb_state_current(state), input->mono))
        return false;
    bool busy = rb_decide(state, NULL, &quiet);
    rb_value_unref(quiet.d);
    return !busy;
}

static bool expects_answer(const struct rb_node *node, const struct rb_value *d)
{
    return is_its_attempt(node, d) && node->phase == RB_PHASE_ASKING &&
           rb_value_equal(rb_value_get(d, "q"), rb_value_get(node->active->question, "q"));
}

/* One at a time, and none twice: what lies in the inbox is found again by each resume. One that
 * could not be judged may be tried again. */
static bool expects_approval(const struct rb_state *state, const struct rb_value *d)
{
    const struct rb_node *node = rb_state_current(state);
    if (!expects_answer(node, d) || node->active->received ||
        rb_front_is_held(state, state->current) ||
        !rb_question_is_signed(node->active->question) ||
        !rb_statement_is_one(rb_value_get(d, "statement")))
        return false;
    const struct rb_value *seen = node->active->signatures;
    for (size_t i = 0; i < rb_value_count(seen); i++) {
        if (rb_value_equal(rb_value_at(seen, i), rb_value_get(d, "signature")))
            return false;
    }
    return true;
}

/* One at a time, of who can be asked here. It is over when the writer is, at the latest. */
static bool expects_shell(const struct rb_state *state, const struct rb_value *d)
{
    const struct rb_node *node = rb_state_current(state);
    return state->interactive && !state->shell && expects_answer(node, d) &&
           rb_question_offers_shell(node->active->question) &&
           rb_value_get_text(d, "why", "")[0];
}

static bool expects_shell_end(const struct rb_state *state, const struct rb_value *d)
{
    return state->shell &&
           rb_value_equal(rb_value_get(d, "q"), rb_value_get(state->shell, "q"));
}

static bool expects_timer(const struct rb_state *state, rb_time mono)
{
    for (int i = 0; i < state->active_count; i++) {
        if (rb_node_is_due(&state->nodes[state->active[i]], mono))
            return true;
    }
    return false;
}

/* A transaction that is held open may be ended by its limit or its server. */
static bool expects_result(const struct rb_state *state, const struct rb_node *node)
{
    return node->phase == RB_PHASE_RUNNING ||
           (state->phase == RB_RUN_RUNNING && rb_node_holds(node));
}

/* The last steps run whatever happens; who has to end them, interrupts. */
static bool is_too_late(const struct rb_state *state, const char *signal)
{
    return (strcmp(signal, "rollback") == 0 && (state->rollback || state->last)) ||
           (strcmp(signal, "cancel") == 0 && state->last);
}

/* Is this a fact that the state has a use for? Anything else is refused, so that a record
 * can't hold a result of what was never asked for. `state` is at the node that it names. */
static bool expected(const struct rb_state *state, const struct rb_input *input)
{
    const struct rb_node *node = rb_state_current(state);
    if (rb_lock_is_due(state) && (node || input->type == RB_EV_TIMER_DUE))
        return false;
    switch (input->type) {
    case RB_EV_RUN_CREATED:
        return state->phase == RB_RUN_NEW;
    case RB_EV_RUN_RESUMED:
        return state->phase != RB_RUN_NEW;
    case RB_EV_EVAL_RESULT:
        return expects_eval(state, input);
    case RB_EV_EFFECT_RESULT:
        return is_its_attempt(node, input->d) && expects_result(state, node);
    case RB_EV_EFFECT_NOTED:
    case RB_EV_EFFECT_ADOPTED:
    case RB_EV_EFFECT_UNSTARTED:
    case RB_EV_EFFECT_DOUBT:
        return is_its_attempt(node, input->d) && node->phase == RB_PHASE_RUNNING;
    case RB_EV_QUESTION_ANSWERED:
        return expects_answer(node, input->d) &&
               !rb_question_is_signed(node->active->question);
    case RB_EV_QUESTION_UNANSWERED:
        return expects_answer(node, input->d);
    case RB_EV_APPROVAL_RECEIVED:
        return expects_approval(state, input->d);
    case RB_EV_TIMER_DUE:
        return expects_timer(state, input->mono);
    case RB_EV_SIGNAL_RECEIVED:
        if (is_too_late(state, rb_value_get_text(input->d, "name", "")))
            return false;
        return state->phase == RB_RUN_RUNNING || state->phase == RB_RUN_STARTING ||
               state->phase == RB_RUN_SUSPENDED;
    case RB_EV_CLOCK_SET:
        return state->phase == RB_RUN_RUNNING || state->phase == RB_RUN_STARTING;
    case RB_EV_TAIL_RECOVERED:
        return true;
    case RB_EV_RUN_HANDED_OVER:
        return state->phase != RB_RUN_NEW && rb_value_get_text(input->d, "to", "")[0];
    case RB_EV_OBLIGATION_MET:
        return rb_obligation_is_met(state->duties, input->d);
    case RB_EV_SHELL_OPENED:
        return expects_shell(state, input->d);
    case RB_EV_SHELL_CLOSED:
        return expects_shell_end(state, input->d);
    case RB_EV_LOCK_TAKEN:
    case RB_EV_LOCK_REFUSED:
        return rb_lock_is_due(state);
    default:
        return false;
    }
}

/* Of a node. */
static rb_rule *const rules[] = {
    rb_rule_undo,     rb_rule_ended,  rb_rule_enter,    rb_rule_doubt,
    rb_rule_sequence, rb_rule_review, rb_rule_judge,    rb_rule_answer,
    rb_rule_failure,  rb_rule_action, rb_rule_approval,
};

static bool decide_at(const struct rb_state *state, int node, struct rb_event *ret)
{
    if (!state->nodes[node].active || rb_front_is_held(state, node))
        return false;
    const struct rb_state at = rb_state_at(state, node);
    for (size_t i = 0; i < RB_COUNT(rules); i++) {
        if (rules[i](&at, ret))
            return true;
    }
    return false;
}

static bool take(const struct rb_state *state, const struct rb_input *input,
                 struct rb_event *ret_event)
{
    const char *key = rb_value_get_text(input->d, "step", NULL);
    const struct rb_state at = rb_state_at(state, key ? rb_front_find(state, key) : -1);
    if (!expected(&at, input))
        return false;
    *ret_event = (struct rb_event){.type = input->type,
                                   .d = rb_value_ref(input->d),
                                   .utc = input->utc,
                                   .mono = input->mono};
    return true;
}

bool rb_decide(const struct rb_state *state, const struct rb_input *input,
               struct rb_event *ret_event)
{
    if (input)
        return take(state, input, ret_event);
    if (rb_rule_stop(state, ret_event))
        return true;
    if (rb_lock_is_due(state))
        return rb_lock_rule(state, ret_event);
    if (rb_rule_guard(state, ret_event) || rb_rule_run(state, ret_event))
        return true;
    for (int i = 0; i < state->fresh_count; i++) {
        if (decide_at(state, state->fresh[i], ret_event))
            return true;
    }
    return rb_rule_stuck(state, ret_event) || rb_rule_pause(state, ret_event);
}
