#include "core/rules.h"
#include "core/book.h"
#include "core/rollback.h"
#include "plan/rescue.h"

#include "core/window.h"

#include <string.h>

bool rb_rule_say(const struct rb_state *state, struct rb_event *ret,
                 enum rb_event_type type, const struct rb_value *owned)
{
    *ret =
        (struct rb_event){.type = type, .d = owned, .utc = state->utc, .mono = state->mono};
    return true;
}

const struct rb_value *rb_rule_key(const struct rb_state *state)
{
    RB_AUTO_BUF struct rb_buf key = {0};
    rb_node_key(state, state->current, &key);
    return rb_value_string(rb_buf_text(&key), key.length);
}

bool rb_rule_pass(const struct rb_state *state, struct rb_event *ret,
                  const struct rb_value *owned_outputs)
{
    return rb_rule_say(state, ret, RB_EV_STEP_PASSED,
                       rb_value_map("step", rb_rule_key(state), "attempts",
                                    rb_value_int(rb_state_current(state)->attempt),
                                    "outputs", owned_outputs, NULL));
}

bool rb_rule_fail(const struct rb_state *state, struct rb_event *ret, enum rb_reason reason,
                  const struct rb_value *checks, const char *why)
{
    const struct rb_node *node = rb_state_current(state);
    return rb_rule_say(
        state, ret, RB_EV_ATTEMPT_FAILED,
        rb_value_map("step", rb_rule_key(state), "attempt", rb_value_int(node->attempt),
                     "reason", rb_value_text(rb_reason_name(reason)), "why",
                     rb_value_text(why), "checks", rb_value_ref(checks), NULL));
}

bool rb_rule_finish(const struct rb_state *state, struct rb_event *ret,
                    const struct rb_value *owned)
{
    RB_AUTO_VALUE const struct rb_value *how = owned;
    const char *status = rb_value_get_text(how, "status", "");
    bool succeeded = strcmp(status, "succeeded") == 0;
    /* A rollback that is not complete is no end, and what has not begun needs none. */
    bool last = !state->last && strcmp(status, "incomplete") != 0 &&
                rb_book_done(state, -1) && !state->main.error;
    if (last && rb_plan_first_last(state->plan, succeeded) >= 0)
        return rb_rule_say(state, ret, RB_EV_LAST_BEGAN, rb_value_ref(how));
    int64_t open = (int64_t)rb_value_count(state->duties);
    RB_AUTO_VALUE const struct rb_value *left =
        rb_value_map("obligations", open > 0 ? rb_value_int(open) : NULL, NULL);
    return rb_rule_say(state, ret, RB_EV_RUN_FINISHED, rb_value_merge(how, left));
}

const struct rb_value *rb_item_named(const struct rb_value *items, const char *name)
{
    for (size_t i = 0; i < rb_value_count(items); i++) {
        const struct rb_value *item = rb_value_at(items, i);
        if (strcmp(rb_value_get_text(item, "name", ""), name) == 0)
            return item;
    }
    return NULL;
}

static enum rb_verdict verdict_of_item(const struct rb_value *item, const char **ret_why)
{
    const char *wrong = rb_value_get_text(item, "error", NULL);
    const char *verdict = rb_value_get_text(item, "verdict", NULL);
    *ret_why = wrong ? wrong : rb_value_get_text(item, "why", "the check does not hold");
    if (wrong)
        return RB_UNKNOWN;
    if (!verdict || strcmp(verdict, "holds") == 0)
        return RB_HOLDS;
    return strcmp(verdict, "fails") == 0 ? RB_FAILS : RB_UNKNOWN;
}

enum rb_verdict rb_verdict_of(const struct rb_value *items, const char **ret_why,
                              const struct rb_value **ret_item)
{
    enum rb_verdict worst = RB_HOLDS;
    *ret_why = NULL;
    *ret_item = NULL;
    for (size_t i = 0; i < rb_value_count(items); i++) {
        const struct rb_value *item = rb_value_at(items, i);
        if (strcmp(rb_value_get_text(item, "name", ""), "retry_when") == 0)
            continue;
        const char *why;
        enum rb_verdict verdict = verdict_of_item(item, &why);
        if (verdict == RB_HOLDS || worst == RB_FAILS || verdict == worst)
            continue;
        worst = verdict;
        *ret_why = why;
        *ret_item = item;
    }
    return worst;
}

/* A gate and Lua step evaluate as their action; a checklist item may prove itself. */
static const char *eval_of_action(const struct rb_state *state, const struct rb_node *node,
                                  const struct rb_step *step)
{
    if (step->action == RB_ACTION_WAIT)
        return rb_wait_asks(state) ? "until" : NULL;
    if (step->action == RB_ACTION_CALL)
        return rb_call_asks(state);
    if (step->action == RB_ACTION_LUA)
        return "lua";
    if (step->action == RB_ACTION_GATE || step->action == RB_ACTION_GUARD)
        return "gate";
    if (step->action == RB_ACTION_CHECKLIST) {
        const struct rb_value *item =
            rb_value_at(rb_value_get(step->spec, "items"), (size_t)node->active->item);
        return rb_value_get(item, "check") ? "item" : NULL;
    }
    return NULL;
}

const char *rb_next_eval(const struct rb_state *state)
{
    const struct rb_node *node = rb_state_current(state);
    if (!node)
        return NULL;
    const struct rb_step *step = &state->plan->steps[node->step];
    switch (node->phase) {
    case RB_PHASE_ENTERING:
        return node->active->under == 0 && rb_window_view(state).says == RB_WINDOW_LOOK
                   ? "window"
                   : NULL;
    case RB_PHASE_PREPARING:
        return "prepare";
    case RB_PHASE_LOOKED:
        return "gate";
    case RB_PHASE_READY:
        return node->loop ? NULL : eval_of_action(state, node, step);
    case RB_PHASE_SETTLED:
        return step->examine || step->retry.when >= 0 ? "examine" : NULL;
    case RB_PHASE_ATTEMPT_FAILED:
        return rb_retry_allowed(state) && rb_retry_needs_probe(state) ? "probe" : NULL;
    case RB_PHASE_DOUBT:
        if (rb_rollback_doubts(state, state->current))
            return state->plan->steps[step->undoes].probe >= 0 ? "probe" : NULL;
        return step->on_interrupt == RB_INTERRUPT_PROBE && step->probe >= 0 ? "probe"
                                                                            : NULL;
    default:
        return NULL;
    }
}
