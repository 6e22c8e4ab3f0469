#include "cli/questions.h"

static bool waits_for_answer(const struct rb_state *state, const struct rb_node *node)
{
    return node->active->question &&
           (node->phase == RB_PHASE_ASKING || node->phase == RB_PHASE_UNANSWERED ||
            (node->phase == RB_PHASE_WAITING && node->active->entering &&
             state->phase != RB_RUN_FINISHED) ||
            (node->phase == RB_PHASE_HALTED && state->phase == RB_RUN_SUSPENDED));
}

const struct rb_value *rb_questions_open(const struct rb_state *state)
{
    struct rb_list_builder list = {0};
    bool over = rb_state_is_over(state);
    for (int i = 0; i < state->active_count && !over; i++) {
        const struct rb_node *node = &state->nodes[state->active[i]];
        if (waits_for_answer(state, node))
            rb_list_add(&list, rb_value_ref(node->active->question));
    }
    return rb_list_end(&list);
}
