#include "cli/step_status.h"

#include <string.h>

int rb_step_node(const struct rb_state *state, int step)
{
    return state->latest[step];
}

static bool stands_failed(const struct rb_node *node)
{
    return node->active && node->active->failure && node->phase == RB_PHASE_HALTED;
}

/* A step that stands failed is under way as far as the run goes, and failed for whoever asks. What was
 * under way when its run was cancelled is not gone on with. */
const char *rb_step_status(const struct rb_state *state, int step)
{
    int at = rb_step_node(state, step);
    if (at < 0)
        return "pending";
    if (stands_failed(&state->nodes[at]))
        return rb_status_name(RB_STATUS_FAILED);
    if (state->nodes[at].active && rb_state_is_over(state))
        return "cancelled";
    return rb_status_name(rb_node_outcome(state, at));
}

const struct rb_value *rb_step_elements(const struct rb_state *state, int step)
{
    int at = state->latest[step];
    if (at >= 0 && state->nodes[at].element >= 0)
        at = state->nodes[at].parent; /* of a loop that has not ended the last element */
    const struct rb_node *node = at < 0 ? NULL : &state->nodes[at];
    if (!node || !node->loop)
        return NULL;
    return node->active ? rb_value_get(node->active->failure, "elements") : node->result;
}

bool rb_step_is_among(const struct rb_value *list, const char *step)
{
    size_t length = strlen(step);
    for (size_t i = 0; i < rb_value_count(list); i++) {
        const char *key = rb_value_get_text(rb_value_at(list, i), "step", "");
        if (strncmp(key, step, length) == 0 && (key[length] == '\0' || key[length] == '['))
            return true;
    }
    return false;
}

/* A step that can't have its turn any more is not pending: what holds it has ended. */
const char *rb_step_word(const struct rb_state *state, int step)
{
    bool over = rb_state_is_over(state) || state->rollback || state->last;
    for (int around = state->plan->steps[step].parent; around >= 0 && !over;
         around = state->plan->steps[around].parent)
        over = strcmp(rb_step_status(state, around), "skipped") == 0;
    if (rb_step_is_among(state->duties, state->plan->steps[step].id))
        return "open";
    return over && state->latest[step] < 0 ? "not run" : rb_step_status(state, step);
}
