#include "core/front.h"
#include "core/rules.h"

/* A wait, or a window that is closed, for longer than the process is to stay for it. */
static bool waits_long(const struct rb_state *state, int node)
{
    const struct rb_node *at = &state->nodes[node];
    bool waits =
        at->phase == RB_PHASE_WAITING &&
        (at->active->entering || rb_node_step(state, node)->action == RB_ACTION_WAIT);
    return waits && at->active->due - state->mono > state->stay;
}

/* The one whose time comes first; -1: something else may still happen. */
static int first_of(const struct rb_state *state)
{
    int first = -1;
    for (int i = 0; i < state->active_count; i++) {
        int node = state->active[i];
        const struct rb_active *active = state->nodes[node].active;
        if (active->under > 0)
            continue;
        bool waits = waits_long(state, node), guard = rb_front_is_guard(state, node);
        bool stands = rb_front_stands(state, node) &&
                      (!guard || state->nodes[node].phase == RB_PHASE_STUCK ||
                       state->nodes[node].phase == RB_PHASE_UNANSWERED);
        if (!waits && !stands) /* a guard looks on */
            return -1;
        if (waits && (first < 0 || active->due < state->nodes[first].active->due))
            first = node;
    }
    return first;
}

bool rb_rule_pause(const struct rb_state *state, struct rb_event *ret)
{
    if (state->phase != RB_RUN_RUNNING || state->stay < 0)
        return false;
    const struct rb_state at = rb_state_at(state, first_of(state));
    if (at.current < 0)
        return false;
    char until[28];
    const struct rb_active *active = rb_state_current(&at)->active;
    rb_time_format(active->due_utc, until);
    return rb_rule_say(state, ret, RB_EV_RUN_SUSPENDED,
                       rb_value_map("step", rb_rule_key(&at), "why",
                                    rb_value_textf("%s %.10s %.8sZ",
                                                   active->entering ? "its window opens at"
                                                                    : "it waits until",
                                                   until, until + 11),
                                    "until", rb_value_int(active->due_utc), "exit",
                                    rb_value_int(3), NULL));
}
