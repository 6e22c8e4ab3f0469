#include "core/apply.h"
#include "core/front.h"
#include "core/nodes.h"
#include "core/rules.h"
#include "core/statement.h"

/* Somebody may have signed for its window meanwhile, about just this question: it stays open until its time
 * comes. */
static bool waits_for_role(const struct rb_node *node)
{
    return node->active->entering && rb_question_is_signed(node->active->question) &&
           (node->phase == RB_PHASE_ASKING || node->phase == RB_PHASE_WAITING ||
            node->phase == RB_PHASE_UNANSWERED);
}

/* Nothing of it has happened, and the time is another: it is to be admitted anew, unless a person has
 * just answered. One that was stopped at the question about its window stands still no longer. */
bool rb_apply_entry(struct rb_state *state, struct rb_node *node)
{
    const struct rb_active *active = node->active;
    bool begins = node->phase == RB_PHASE_PREPARING ||
                  (node->phase == RB_PHASE_READY &&
                   rb_action_is_effect(state->plan->steps[node->step].action));
    bool answered = active->entering && node->phase == RB_PHASE_ANSWERED;
    if (waits_for_role(node)) {
        node->phase = RB_PHASE_ASKING;
        return false;
    }
    if (answered || (!active->entering && !(begins && rb_nodes_has_entry(state, node))))
        return false;
    rb_nodes_go_on(state, node);
    rb_nodes_enter(state, node);
    return true;
}

/* It was let in, nothing of it has begun, and nothing is being found out for it: something has held it up.
 * What holds steps does nothing but that, and each of them is to be let in itself. */
static bool is_before_its_beginning(const struct rb_state *state)
{
    const struct rb_node *node = rb_state_current(state);
    bool ready = node->phase == RB_PHASE_READY && !rb_next_eval(state) &&
                 !rb_action_holds_steps(rb_node_step(state, state->current)->action);
    return node->active->admitted && (ready || node->phase == RB_PHASE_PREPARING);
}

void rb_apply_recall(struct rb_state *state)
{
    for (int i = 0; state->admits && i < state->active_count; i++) {
        int node = state->active[i];
        const struct rb_state at = rb_state_at(state, node);
        if (!is_before_its_beginning(&at) || rb_entry_is_open(&at))
            continue;
        rb_nodes_enter(state, &state->nodes[node]);
        rb_nodes_touch(state, node);
    }
}
