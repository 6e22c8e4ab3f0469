#include "core/rules.h"

#include <string.h>

#include "core/book.h"
#include "core/container.h"
#include "core/effects.h"
#include "core/front.h"

static bool begin(const struct rb_state *state, struct rb_event *ret, int step, int element)
{
    RB_AUTO_BUF struct rb_buf key = {0};
    const struct rb_step *child = &state->plan->steps[step];
    rb_child_key(state, step, element, &key);
    return rb_rule_say(state, ret, RB_EV_STEP_BEGAN,
                       rb_value_map("step", rb_value_text(rb_buf_text(&key)), "action",
                                    rb_value_text(rb_action_name(child->action)), NULL));
}

static bool skipped(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_step *step = rb_node_step(state, state->current);
    const char *source = state->plan->exprs[step->when].source;
    return rb_rule_say(state, ret, RB_EV_STEP_SKIPPED,
                       rb_value_map("step", rb_rule_key(state), "by", rb_value_text("when"),
                                    "why", rb_value_text(source), NULL));
}

static bool wrong_item(const struct rb_value *items, const char **ret_why)
{
    for (size_t i = 0; i < rb_value_count(items); i++) {
        *ret_why = rb_value_get_text(rb_value_at(items, i), "error", NULL);
        if (*ret_why)
            return true;
    }
    return false;
}

/* Those that failed come again before any that has not begun. */
static int next_element(const struct rb_state *state, const struct rb_node *node)
{
    const struct rb_active *active = node->active;
    if (active->redo_next < active->redo_count)
        return state->nodes[active->redo[active->redo_next].node].element;
    return active->next_element;
}

/* With fewer failures than it may have a loop passes, and says which they were. */
static bool pass_loop(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_value *elements = node->active->failure_count > 0
                                          ? rb_container_elements(state, state->current)
                                          : NULL;
    return rb_rule_say(state, ret, RB_EV_STEP_PASSED,
                       rb_value_map("step", rb_rule_key(state), "attempts",
                                    rb_value_int(node->attempt), "elements", elements,
                                    NULL));
}

static bool loop(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_value *list = rb_value_get(node->active->values, "for_each");
    if (node->phase == RB_PHASE_READY && !rb_value_is(list, RB_LIST)) {
        return rb_rule_fail(state, ret, RB_REASON_EVAL, NULL, "for_each is not a list");
    }
    if (node->phase == RB_PHASE_READY) {
        return rb_rule_say(state, ret, RB_EV_LOOP_BEGAN,
                           rb_value_map("step", rb_rule_key(state), "count",
                                        rb_value_int((int64_t)rb_value_count(list)), NULL));
    }
    if (node->phase != RB_PHASE_CHILDREN)
        return false;
    int next = next_element(state, node);
    bool left = (size_t)next < rb_value_count(node->elements);
    bool spent = rb_container_is_spent(state, state->current);
    if (left && !spent && node->active->halts == 0 &&
        rb_front_has_room(state, state->current))
        return begin(state, ret, node->step, next);
    if (node->active->under > 0)
        return false;
    if (spent)
        return rb_container_fail(state, ret);
    return !left && pass_loop(state, ret);
}

static int next_child(const struct rb_state *state, const struct rb_node *node)
{
    const struct rb_active *active = node->active;
    if (active->redo_next < active->redo_count)
        return state->nodes[active->redo[active->redo_next].node].step;
    return active->next_child;
}

bool rb_sequence_is_through(const struct rb_state *state)
{
    const struct rb_node *node = rb_state_current(state);
    int at = state->current;
    return next_child(state, node) < 0 && node->active->under == 0 &&
           !rb_container_has_failed(state, at) && !rb_container_is_ended(state, at);
}

static bool group(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    int at = state->current, next = next_child(state, node);
    bool left = next >= 0 && !rb_container_is_spent(state, at);
    if (left && rb_front_has_room(state, at))
        return begin(state, ret, next, -1);
    if (left || node->active->under > 0)
        return false;
    bool failed = rb_container_has_failed(state, at) || rb_container_is_ended(state, at);
    if (failed)
        return rb_container_fail(state, ret);
    return rb_node_step(state, at)->output_count == 0 && rb_rule_pass(state, ret, NULL);
}

bool rb_rule_sequence(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING || !node)
        return false;
    const struct rb_step *step = &state->plan->steps[node->step];
    const char *why;
    if (node->phase == RB_PHASE_READY && node->active->values) {
        const struct rb_value *when = rb_value_get(node->active->values, "when");
        if (step->when >= 0 && when && !rb_value_as_bool(when, false))
            return skipped(state, ret);
        if (node->active->prepare_failed && wrong_item(node->active->eval, &why))
            return rb_rule_fail(state, ret, RB_REASON_EVAL, NULL, why);
    }
    if (node->loop)
        return loop(state, ret);
    if (!rb_action_holds_steps(step->action) || node->phase != RB_PHASE_READY)
        return false;
    if (step->calls && rb_call_begin(state, ret))
        return true;
    return (!step->calls || rb_book_done(state, state->current)) && group(state, ret);
}

bool rb_rule_ended(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING || !node || node->active->under > 0 ||
        node->active->in_doubt || rb_node_holds(node) ||
        node->phase == RB_PHASE_ATTEMPT_FAILED || node->phase == RB_PHASE_HALTED ||
        node->phase == RB_PHASE_STUCK || !rb_front_may_stop(state, state->current))
        return false;
    return rb_container_is_ended(state, state->current) && rb_container_fail(state, ret);
}
