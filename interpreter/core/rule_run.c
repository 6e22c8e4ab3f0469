#include "core/book.h"
#include "core/container.h"
#include "core/effects.h"
#include "core/front.h"
#include "core/person.h"
#include "core/rollback.h"
#include "core/rules.h"

#include <string.h>

static bool finish(const struct rb_state *state, struct rb_event *ret, const char *status,
                   const char *why, int status_code)
{
    return rb_rule_finish(state, ret,
                          rb_value_map("status", rb_value_text(status), "why",
                                       why ? rb_value_text(why) : NULL, "step",
                                       state->current >= 0 ? rb_rule_key(state) : NULL,
                                       "exit", rb_value_int(status_code), NULL));
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
    if (state->main.error)
        return finish(state, ret, "failed", rb_value_as_text(state->main.error, ""), 1);
    if (!rb_book_done(state, -1))
        return false;
    const struct rb_value *connections = rb_value_count(state->main.connections) > 0
                                             ? rb_value_ref(state->main.connections)
                                             : NULL;
    return rb_rule_say(state, ret, RB_EV_RUN_STARTED,
                       rb_value_map("locks", rb_value_ref(state->locks), "vars",
                                    rb_value_ref(state->main.vars), "env",
                                    rb_value_ref(state->main.env), "connections",
                                    connections, NULL));
}

static bool begin(const struct rb_state *state, struct rb_event *ret, int step)
{
    return rb_rule_say(
        state, ret, RB_EV_STEP_BEGAN,
        rb_value_map("step", rb_value_text(state->plan->steps[step].id), "action",
                     rb_value_text(rb_action_name(state->plan->steps[step].action)), NULL));
}

static bool begin_undo(const struct rb_state *state, struct rb_event *ret, int node)
{
    const struct rb_state at = rb_state_at(state, node);
    int undo = rb_node_step(state, node)->undo;
    RB_AUTO_BUF struct rb_buf key = {0};
    rb_child_key(&at, undo, -1, &key);
    return rb_rule_say(
        state, ret, RB_EV_STEP_BEGAN,
        rb_value_map("step", rb_value_text(rb_buf_text(&key)), "action",
                     rb_value_text(rb_action_name(state->plan->steps[undo].action)), NULL));
}

static bool succeed(const struct rb_state *state, struct rb_event *ret)
{
    int failed = rb_container_failures(state);
    return rb_rule_finish(state, ret,
                          rb_value_map("status", rb_value_text("succeeded"), "exit",
                                       rb_value_int(0), "failed",
                                       failed ? rb_value_int(failed) : NULL, NULL));
}

/* All that was to be taken back is, but for what a person has seen and left. */
static bool rolled_back(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_value *step = rb_value_get(state->rollback, "step");
    RB_AUTO_VALUE const struct rb_value *left = rb_rollback_left(state);
    bool any = rb_value_count(left) > 0;
    return rb_rule_finish(state, ret,
                          rb_value_map("status", rb_value_text("rolled_back"), "step",
                                       rb_value_ref(step), "why",
                                       rb_value_ref(rb_value_get(state->rollback, "why")),
                                       "left", any ? rb_value_ref(left) : NULL, "exit",
                                       rb_value_int(any ? 6 : 5), NULL));
}

/* As it was to end, unless something in its last steps failed. */
static bool ended(const struct rb_state *state, struct rb_event *ret)
{
    bool good = strcmp(rb_value_get_text(state->last, "status", ""), "succeeded") == 0;
    if (state->last_failed == 0)
        return rb_rule_finish(state, ret, rb_value_ref(state->last));
    RB_AUTO_VALUE const struct rb_value *failed =
        rb_value_map("status", good ? rb_value_text("failed") : NULL, "why",
                     good ? rb_value_text("a step of `finally` failed") : NULL, "exit",
                     good ? rb_value_int(1) : NULL, "last_failed",
                     rb_value_int(state->last_failed), NULL);
    return rb_rule_finish(state, ret, rb_value_merge(state->last, failed));
}

/* The step that an end of the run names: the first that stands still for a reason of its own. */
static int stuck_at(const struct rb_state *state, enum rb_phase phase)
{
    for (int i = 0; i < state->active_count; i++) {
        if (state->nodes[state->active[i]].phase == phase)
            return state->active[i];
    }
    return -1;
}

/* The others that stand still so: a list, or NULL where there is none. */
static const struct rb_value *stuck_beside(const struct rb_state *state, int first)
{
    struct rb_list_builder keys = {0};
    for (int i = 0; i < state->active_count; i++) {
        const struct rb_state at = rb_state_at(state, state->active[i]);
        if (at.current != first && rb_state_current(&at)->phase == RB_PHASE_STUCK)
            rb_list_add(&keys, rb_rule_key(&at));
    }
    return keys.count > 0 ? rb_list_end(&keys) : NULL;
}

static bool rolls_back(const struct rb_state *state, int node)
{
    const struct rb_active *active = state->nodes[node].active;
    return strcmp(rb_value_get_text(active->halted, "status", ""), "rollback") == 0;
}

/* Where it was decided that the run is to be rolled back, -1: nowhere. */
static int rollback_at(const struct rb_state *state)
{
    for (int i = 0; i < state->active_count; i++) {
        if (rolls_back(state, state->active[i]))
            return state->active[i];
    }
    return -1;
}

static bool roll_back(const struct rb_state *state, struct rb_event *ret, int node)
{
    static const char *const members[] = {"why", "by", "who", "reason"};
    const struct rb_state at = rb_state_at(state, node);
    const struct rb_value *halted = rb_state_current(&at)->active->halted;
    struct rb_map_builder cause = {0};
    for (size_t i = 0; i < RB_COUNT(members); i++) {
        const struct rb_value *value = rb_value_get(halted, members[i]);
        if (value)
            rb_map_add(&cause, members[i], rb_value_ref(value));
    }
    return rb_rollback_say(&at, ret, rb_map_end(&cause));
}

/* Where an undo has failed, and nobody said how to go on, the rollback has stopped as well. */
static bool unanswered(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_active *active = rb_state_current(state)->active;
    const char *text = rb_value_get_text(active->question, "text", "");
    bool failed = active->failure && active->asked_failure && !active->in_doubt;
    return (failed && rb_rollback_stop(state, ret, text)) ||
           suspend(state, ret, "a person has to answer", 3);
}

static bool conclude(const struct rb_state *state, struct rb_event *ret)
{
    int failed = stuck_at(state, RB_PHASE_STUCK), back = rollback_at(state);
    if (back >= 0)
        return roll_back(state, ret, back);
    const struct rb_state at =
        rb_state_at(state, failed >= 0 ? failed : stuck_at(state, RB_PHASE_UNANSWERED));
    if (failed < 0)
        return unanswered(&at, ret);
    const struct rb_value *halted = rb_state_current(&at)->active->halted;
    const struct rb_value *status = rb_value_get(halted, "status");
    return rb_rule_finish(
        state, ret,
        rb_value_map("status", rb_value_ref(status), "step", rb_rule_key(&at), "why",
                     rb_value_ref(rb_value_get(halted, "why")), "exit",
                     rb_value_ref(rb_value_get(halted, "exit")), "left",
                     state->rollback && !state->last ? rb_rollback_left(state) : NULL,
                     "also", stuck_beside(state, failed), NULL));
}

static bool all_fronts(const struct rb_state *state,
                       bool (*are)(const struct rb_state *state, int node))
{
    for (int i = 0; i < state->active_count; i++) {
        int node = state->active[i];
        if (state->nodes[node].active->under == 0 && !are(state, node))
            return false;
    }
    return true;
}

bool rb_rule_run(const struct rb_state *state, struct rb_event *ret)
{
    if (state->phase == RB_RUN_STARTING)
        return starting(state, ret);
    if (state->phase != RB_RUN_RUNNING)
        return false;
    if (state->active_count > state->guard_count)
        return false;
    if (rb_front_is_paused(
            state)) /* by what a guard found, nor does it end before that is decided */
        return false;
    if (state->next_step >= 0)
        return begin(state, ret, state->next_step);
    if (state->last)
        return ended(state, ret);
    if (!state->rollback)
        return succeed(state, ret);
    int back = rb_rollback_next(state);
    return back >= 0 ? begin_undo(state, ret, back) : rolled_back(state, ret);
}

bool rb_rule_stuck(const struct rb_state *state, struct rb_event *ret)
{
    return state->phase == RB_RUN_RUNNING && state->stuck &&
           all_fronts(state, rb_front_stands) && conclude(state, ret);
}

static bool is_not_running(const struct rb_state *state, int node)
{
    return state->nodes[node].phase != RB_PHASE_RUNNING;
}

/* Level 1 lets a step that works end; waiting, asking and what has not begun stop now. At level 2
 * nothing is waited for but what is being ended. */
static bool may_stop_here(const struct rb_state *state)
{
    return state->phase == RB_RUN_SUSPENDED ||
           all_fronts(state, state->stop_level >= 2 ? is_not_running : rb_front_may_stop);
}

/* Where a person has stopped it all. */
static int stopped_at(const struct rb_state *state)
{
    for (int i = 0; i < state->active_count; i++) {
        const struct rb_active *active = state->nodes[state->active[i]].active;
        if (rb_value_get_bool(active->halted, "stops", false))
            return state->active[i];
    }
    return -1;
}

static bool cancelled(const struct rb_state *state, struct rb_event *ret)
{
    RB_AUTO_BUF struct rb_buf why = {0};
    rb_person_words("cancelled", state->stop, &why);
    return rb_rollback_stop(state, ret, rb_buf_text(&why)) ||
           finish(state, ret, "cancelled", rb_buf_text(&why), 4);
}

static bool stopped(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_value *halted = rb_state_current(state)->active->halted;
    const char *why = rb_value_get_text(halted, "why", "");
    return rb_rollback_stop(state, ret, why) || suspend(state, ret, why, 4);
}

static bool rollback_asked(const struct rb_state *state, struct rb_event *ret)
{
    RB_AUTO_BUF struct rb_buf why = {0};
    if (!rb_rollback_is_possible(state))
        return cancelled(state, ret);
    rb_person_words("asked for", state->stop, &why);
    const struct rb_value *cause =
        rb_value_map("why", rb_value_text(rb_buf_text(&why)), NULL);
    return rb_rollback_say(state, ret, rb_person_named(cause, state->stop));
}

bool rb_rule_stop(const struct rb_state *state, struct rb_event *ret)
{
    bool live = state->phase == RB_RUN_RUNNING || state->phase == RB_RUN_STARTING ||
                state->phase == RB_RUN_SUSPENDED;
    if (state->stop_level == 0 || !live || !may_stop_here(state))
        return false;
    bool by_answer = strcmp(state->stop_name, "halt") == 0;
    const struct rb_state at =
        rb_state_at(state, by_answer ? stopped_at(state) : rb_front_first(state));
    if (strcmp(state->stop_name, "cancel") == 0)
        return cancelled(&at, ret);
    if (strcmp(state->stop_name, "rollback") == 0)
        return rollback_asked(&at, ret);
    if (strcmp(state->stop_name, "ENOSPC") == 0)
        return suspend(&at, ret, "the disk is full", 74);
    if (strcmp(state->stop_name, "secret") == 0)
        return suspend(&at, ret,
                       rb_value_get_text(state->stop, "why", "a secret is missing"), 3);
    if (by_answer && rollback_at(state) >= 0)
        return roll_back(state, ret, rollback_at(state));
    if (by_answer && rb_value_get(rb_state_current(&at)->active->halted, "status"))
        return conclude(state, ret);
    if (by_answer)
        return stopped(&at, ret);
    return suspend(&at, ret, "interrupted", 130);
}
