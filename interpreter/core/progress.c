#include "core/core.h"
#include "plan/rescue.h"

/* A loop or step counts once, whatever the number of its elements. */
void rb_state_progress(const struct rb_state *state, int *ret_done, int *ret_total)
{
    *ret_done = *ret_total = 0;
    for (int i = 0; i < state->plan->step_count; i++) {
        if (rb_action_holds_steps(state->plan->steps[i].action) ||
            state->plan->steps[i].action == RB_ACTION_GUARD ||
            rb_plan_is_rescue(state->plan, i))
            continue;
        int at = state->latest[i];
        ++*ret_total;
        if (at >= 0 && state->nodes[at].status != RB_STATUS_ACTIVE)
            ++*ret_done;
    }
}
