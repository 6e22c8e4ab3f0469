#include "cli/step_status.h"

#include <string.h>

#include "core/rollback.h"
#include "plan/rescue.h"

/* "copy" and "copy[2]" are of the step copy. */
static bool is_of(const char *key, const char *step)
{
    size_t length = strlen(step);
    return strncmp(key, step, length) == 0 && (key[length] == '\0' || key[length] == '[');
}

static int count_left(const struct rb_state *state, int step)
{
    RB_AUTO_VALUE const struct rb_value *left =
        state->rollback ? rb_rollback_left(state) : NULL;
    int count = 0;
    for (size_t i = 0; i < rb_value_count(left); i++)
        count +=
            is_of(rb_value_as_text(rb_value_at(left, i), ""), state->plan->steps[step].id);
    return count;
}

/* The newest is taken back first: by itself it says nothing of those before it. */
static int not_taken_back(const struct rb_state *state, int step)
{
    int latest = state->latest[step], at = latest;
    if (at < 0 || state->nodes[at].status != RB_STATUS_UNDONE ||
        count_left(state, step) == 0)
        return latest;
    while (at >= 0 && state->nodes[at].status == RB_STATUS_UNDONE)
        at = state->nodes[at].earlier;
    return at >= 0 ? at : latest;
}

int rb_step_node(const struct rb_state *state, int step)
{
    int at = not_taken_back(state, step);
    return at >= 0 && state->nodes[at].element >= 0 ? state->nodes[at].parent : at;
}

static bool stands_failed(const struct rb_node *node)
{
    return node->active && node->active->failure && node->phase == RB_PHASE_HALTED;
}

/* Is it this one, or an element of the loop that it is? */
static bool any_stands_failed(const struct rb_state *state, int at)
{
    bool failed = stands_failed(&state->nodes[at]);
    for (int i = 0; i < state->active_count && !failed; i++) {
        const struct rb_node *node = &state->nodes[state->active[i]];
        failed = node->element >= 0 && node->parent == at && stands_failed(node);
    }
    return failed;
}

/* A step that stands failed is under way as far as the run goes, and failed for whoever asks. What was
 * under way when its run was cancelled is not gone on with. */
const char *rb_step_status(const struct rb_state *state, int step)
{
    int at = rb_step_node(state, step);
    if (at < 0)
        return "pending";
    if (any_stands_failed(state, at))
        return rb_status_name(RB_STATUS_FAILED);
    if (state->nodes[at].active && rb_state_is_over(state))
        return "cancelled";
    return rb_status_name(rb_node_outcome(state, at));
}

const struct rb_value *rb_step_elements(const struct rb_state *state, int step)
{
    int at = rb_step_node(state, step);
    const struct rb_node *node = at < 0 ? NULL : &state->nodes[at];
    if (!node || !node->loop)
        return NULL;
    return node->active ? rb_value_get(node->active->failure, "elements") : node->result;
}

int rb_step_undone(const struct rb_state *state, int step, int *ret_all)
{
    int undone = 0;
    for (int i = 0; state->rollback && i < state->node_count; i++) {
        const struct rb_node *node = &state->nodes[i];
        undone += node->step == step && !node->loop && node->status == RB_STATUS_UNDONE;
    }
    *ret_all = undone + (undone > 0 ? count_left(state, step) : 0);
    return undone;
}

bool rb_step_is_among(const struct rb_value *list, const char *step)
{
    size_t at = 0;
    while (at < rb_value_count(list) &&
           !is_of(rb_value_get_text(rb_value_at(list, at), "step", ""), step))
        at++;
    return at < rb_value_count(list);
}

/* The first of the last steps that have not begun, -1: there are none. Those of a run that goes on to be
 * rolled back begin after that. */
static int next_last(const struct rb_state *state)
{
    if (rb_state_is_over(state))
        return -1;
    return state->last ? state->next_step : rb_plan_first_last(state->plan, false);
}

/* Is it one of the last steps whose turn still comes, or in one that is under way? */
static bool is_to_come(const struct rb_state *state, int step)
{
    int top = step;
    while (state->plan->steps[top].parent >= 0)
        top = state->plan->steps[top].parent;
    int latest = state->latest[top], at = next_last(state);
    if (latest >= 0)
        return rb_plan_is_last(state->plan, top) && state->nodes[latest].active;
    while (at >= 0 && at != top)
        at = state->plan->steps[at].next;
    return at >= 0;
}

/* A step that can't have its turn any more is not pending: what holds it has ended. */
const char *rb_step_word(const struct rb_state *state, int step)
{
    bool over = rb_state_is_over(state) ||
                ((state->rollback || state->last) && !is_to_come(state, step));
    for (int around = state->plan->steps[step].parent; around >= 0 && !over;
         around = state->plan->steps[around].parent)
        over = strcmp(rb_step_status(state, around), "skipped") == 0;
    if (rb_step_is_among(state->duties, state->plan->steps[step].id))
        return "open";
    return over && state->latest[step] < 0 ? "not run" : rb_step_status(state, step);
}
