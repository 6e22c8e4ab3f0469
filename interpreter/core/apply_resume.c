#include <string.h>

#include "core/apply.h"
#include "core/book.h"
#include "core/look.h"
#include "core/nodes.h"

/* A transaction that was held open is no more. What was answered about it was about that one: where
 * it was to be committed its server is asked whether it was, and another is asked about anew. Where
 * it was to be rolled back it is. */
static void resume_node(struct rb_state *state, struct rb_node *node)
{
    struct rb_active *active = node->active;
    if (rb_apply_entry(state, node))
        return;
    active->inherited = node->phase == RB_PHASE_RUNNING || rb_node_holds(node);
    if (active->inherited)
        node->phase = RB_PHASE_RUNNING;
    if (active->inherited && rb_apply_asks(active->question, "review") &&
        strcmp(rb_value_get_text(active->answer, "answer", ""), "rollback") == 0) {
        RB_AUTO_VALUE const struct rb_value *undone =
            rb_value_map("rolled_back", rb_value_bool(true), NULL);
        rb_value_put(&active->result, undone);
        node->phase = RB_PHASE_SETTLED;
    } else if (node->phase == RB_PHASE_UNANSWERED &&
               rb_apply_asks(active->question, "review"))
        rb_apply_again(state, node);
    else if (node->phase == RB_PHASE_UNANSWERED)
        node->phase = RB_PHASE_ASKING;
}

/* Of a run that was killed: one that ended has none. What a person stopped is asked about again, as
 * after a stop that came to its end; that it is to be rolled back stays decided. */
static void resume_stuck(struct rb_state *state, struct rb_node *node)
{
    const struct rb_value *halted = node->active->halted;
    bool back = strcmp(rb_value_get_text(halted, "status", ""), "rollback") == 0;
    if (rb_value_get_bool(halted, "stops", false) && !back) {
        node->phase = RB_PHASE_HALTED;
        return;
    }
    state->stuck = true;
    rb_nodes_stop(state, halted);
}

/* A resumed run may be on another boot: what was due at a UTC time is due at it still. */
void rb_apply_resume(struct rb_state *state, const struct rb_event *event)
{
    rb_apply_operator(state, event);
    state->interactive = rb_value_get_bool(event->d, "interactive", false);
    state->stay = rb_value_get_int(event->d, "stay_us", -1);
    state->stop_level = 0;
    state->locked = false;
    rb_value_put(&state->lock_refused, NULL);
    rb_value_put(&state->end, NULL);
    rb_value_put(&state->shell, NULL); /* whoever it was open under is gone */
    state->phase = rb_book_done(state, -1) ? RB_RUN_RUNNING : RB_RUN_STARTING;
    state->stuck = false;
    for (int i = 0; i < state->active_count; i++) {
        struct rb_node *node = &state->nodes[state->active[i]];
        node->active->due = event->mono + (node->active->due_utc - event->utc);
        resume_node(state, node);
        rb_look_resume(node);
        if (node->phase == RB_PHASE_STUCK)
            resume_stuck(state, node);
    }
}
