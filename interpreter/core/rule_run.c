#include "core/rules.h"
#include "core/start.h"

#include <string.h>

static bool finish(const struct rb_state *state, struct rb_event *ret, const char *status,
                   const char *why, int status_code)
{
    return rb_rule_say(state, ret, RB_EV_RUN_FINISHED,
                       rb_value_map("status", rb_value_text(status), "why",
                                    why ? rb_value_text(why) : NULL, "step",
                                    state->current >= 0 ? rb_rule_key(state) : NULL, "exit",
                                    rb_value_int(status_code), NULL));
}

static bool suspend(const struct rb_state *state, struct rb_event *ret, const char *why,
                    int status_code)
{
    return rb_rule_say(state, ret, RB_EV_RUN_SUSPENDED,
                       rb_value_map("step", state->current >= 0 ? rb_rule_key(state) : NULL,
                                    "why", rb_value_text(why), "exit",
                                    rb_value_int(status_code), NULL));
}

static bool starting(const struct rb_state *state, struct rb_event *ret)
{
    if (state->start_error[0])
        return finish(state, ret, "failed", state->start_error, 1);
    if (!rb_start_done(state))
        return false;
    const struct rb_value *connections =
        rb_value_count(state->connections) > 0 ? rb_value_ref(state->connections) : NULL;
    return rb_rule_say(state, ret, RB_EV_RUN_STARTED,
                       rb_value_map("vars", state->vars ? rb_value_ref(state->vars) : NULL,
                                    "env", state->env ? rb_value_ref(state->env) : NULL,
                                    "connections", connections, NULL));
}

static bool begin(const struct rb_state *state, struct rb_event *ret, int step)
{
    return rb_rule_say(
        state, ret, RB_EV_STEP_BEGAN,
        rb_value_map("step", rb_value_text(state->plan->steps[step].id), "action",
                     rb_value_text(rb_action_name(state->plan->steps[step].action)), NULL));
}

static bool succeed(const struct rb_state *state, struct rb_event *ret)
{
    return rb_rule_say(
        state, ret, RB_EV_RUN_FINISHED,
        rb_value_map("status", rb_value_text("succeeded"), "exit", rb_value_int(0),
                     "failed",
                     state->failed_steps ? rb_value_int(state->failed_steps) : NULL, NULL));
}

bool rb_rule_run(const struct rb_state *state, struct rb_event *ret)
{
    if (state->phase == RB_RUN_STARTING)
        return starting(state, ret);
    if (state->phase != RB_RUN_RUNNING)
        return false;
    const struct rb_node *node = rb_state_current(state);
    if (node && node->phase == RB_PHASE_UNANSWERED)
        return suspend(state, ret, "a person has to answer", 3);
    if (node)
        return false;
    if (state->next_step >= 0)
        return begin(state, ret, state->next_step);
    return succeed(state, ret);
}

/* Level 1 lets a step that works end; waiting, asking and what has not begun stop now. */
static bool may_stop_here(const struct rb_state *state)
{
    const struct rb_node *node = rb_state_current(state);
    if (!node || state->phase == RB_RUN_SUSPENDED)
        return true;
    if (state->stop_level >= 2)
        return node->phase != RB_PHASE_RUNNING;
    switch (node->phase) {
    case RB_PHASE_WAITING:
    case RB_PHASE_ASKING:
    case RB_PHASE_ATTEMPT_FAILED:
    case RB_PHASE_CHILDREN:
    case RB_PHASE_HALTED:
    case RB_PHASE_PREPARING:
    case RB_PHASE_READY:
        return true;
    default:
        return false;
    }
}

bool rb_rule_stop(const struct rb_state *state, struct rb_event *ret)
{
    bool live = state->phase == RB_RUN_RUNNING || state->phase == RB_RUN_STARTING ||
                state->phase == RB_RUN_SUSPENDED;
    if (state->stop_level == 0 || !live || !may_stop_here(state))
        return false;
    if (strcmp(state->stop_name, "cancel") == 0)
        return finish(state, ret, "cancelled", "cancelled by a person", 4);
    if (strcmp(state->stop_name, "ENOSPC") == 0)
        return suspend(state, ret, "the disk is full", 74);
    if (strcmp(state->stop_name, "secret") == 0)
        return suspend(state, ret, rb_value_as_text(state->stop_why, "a secret is missing"),
                       3);
    return suspend(state, ret, "interrupted", 130);
}
