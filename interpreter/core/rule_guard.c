#include <string.h>

#include "core/front.h"
#include "core/look.h"
#include "core/rules.h"

/* A guard is none of the steps: it begins with the first step that it covers, looks on a clock of
 * its own, and ends when no step that it covers is left. While it pauses the run it does not: what it could not tell, or
 * what did not hold, is no yes to what comes after. */

static bool covers(const struct rb_step *guard, int step)
{
    return step >= 0 && (guard->covers_from < 0 || step >= guard->covers_from) &&
           (guard->covers_to < 0 || step <= guard->covers_to);
}

/* Is a step that it covers under way, or the next to begin? */
static bool is_due(const struct rb_state *state, const struct rb_step *guard)
{
    int top = rb_front_top(state);
    return covers(guard, top >= 0 ? state->nodes[top].step : state->next_step);
}

static bool end(const struct rb_state *state, struct rb_event *ret, int node)
{
    const struct rb_state at = rb_state_at(state, node);
    return rb_rule_pass(&at, ret, NULL);
}

static bool begin(const struct rb_state *state, struct rb_event *ret, int step)
{
    const struct rb_step *guard = &state->plan->steps[step];
    return rb_rule_say(state, ret, RB_EV_STEP_BEGAN,
                       rb_value_map("step", rb_value_text(guard->id), "action",
                                    rb_value_text(rb_action_name(guard->action)), NULL));
}

bool rb_rule_guard(const struct rb_state *state, struct rb_event *ret)
{
    if (state->phase != RB_RUN_RUNNING || state->rollback || state->last)
        return false;
    for (int step = state->plan->first_guard; step >= 0;
         step = state->plan->steps[step].next) {
        int node = state->latest[step];
        bool due = is_due(state, &state->plan->steps[step]);
        bool under_way = node >= 0 && state->nodes[node].active;
        if (due && node < 0 && rb_front_top(state) >= 0)
            return begin(state, ret, step);
        if (!due && under_way && !rb_front_pauses(&state->nodes[node]))
            return end(state, ret, node);
    }
    return false;
}

/* For so long without a break. */
static bool lasts(const struct rb_active *active, rb_time since, rb_time limit)
{
    return active->looked - (since ? since : active->looked) >= limit;
}

static bool trip(const struct rb_state *state, struct rb_event *ret,
                 enum rb_verdict verdict, const char *why)
{
    return rb_rule_fail(state, ret,
                        verdict == RB_UNKNOWN ? RB_REASON_UNKNOWN : RB_REASON_CHECK,
                        rb_state_current(state)->active->eval, why);
}

bool rb_guard_judge(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_active *active = rb_state_current(state)->active;
    const struct rb_step *step = rb_node_step(state, state->current);
    rb_time limit = rb_value_get_int(step->spec, "trips_after_us", 0);
    const char *why;
    const struct rb_value *item;
    enum rb_verdict verdict = rb_verdict_of(active->eval, &why, &item);
    bool fails = verdict == RB_FAILS && lasts(active, active->failing_since, limit);
    bool unknown = verdict == RB_UNKNOWN && lasts(active, active->unknown_since, limit);
    if (unknown || (fails && !step->pauses))
        return trip(state, ret, verdict, why);
    /* Nothing is begun on what nobody knows; then it has to hold again. */
    bool stays = verdict == RB_UNKNOWN || (active->pausing && verdict != RB_HOLDS);
    return rb_look_say(state, ret, verdict, fails || stays);
}
