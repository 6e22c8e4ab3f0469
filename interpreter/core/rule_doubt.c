#include "core/rules.h"

#include "core/effects.h"

static bool decided(const struct rb_state *state, struct rb_event *ret, const char *by)
{
    return rb_rule_say(state, ret, RB_EV_STEP_DECIDED,
                       rb_value_map("step", rb_rule_key(state), "choice",
                                    rb_value_text("retry"), "by", rb_value_text(by), NULL));
}

static bool in_place(const struct rb_state *state, struct rb_event *ret)
{
    return rb_rule_say(state, ret, RB_EV_STEP_PASSED,
                       rb_value_map("step", rb_rule_key(state), "attempts",
                                    rb_value_int(rb_state_current(state)->attempt),
                                    "probed", rb_value_bool(true), NULL));
}

/* The probe answers for a step in doubt, and before a retry that might repeat an effect. */
static bool probed(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_step *step = rb_node_step(state, state->current);
    const char *why;
    const struct rb_value *item;
    enum rb_verdict verdict = rb_verdict_of(node->active->eval, &why, &item);
    if (verdict == RB_FAILS && node->active->in_doubt)
        return decided(state, ret, "probe");
    if (verdict == RB_FAILS)
        return rb_retry_schedule(state, ret);
    if (verdict == RB_HOLDS && step->output_count == 0)
        return in_place(state, ret);
    return rb_ask_choice(
        state, ret, "doubt",
        verdict == RB_HOLDS ? "the probe says that it is in place, but its outputs are lost"
                            : why);
}

/* A driver may know how far it came, and why it could not find out more; else whoever looked for it
 * afterwards says what there was to find. */
static const struct rb_value *what_is_known(const struct rb_state *state)
{
    const struct rb_value *result = rb_state_current(state)->active->result;
    const struct rb_value *error = rb_value_get(result, "error");
    const char *doubt = rb_value_get_text(error, "doubt", NULL);
    if (!error)
        return rb_value_textf("the run was interrupted while it was under way: %s",
                              rb_value_get_text(result, "why", "nothing is known of it"));
    return rb_value_textf("%s%s%s", rb_value_get_text(error, "message", ""),
                          doubt ? "; " : "", doubt ? doubt : "");
}

static bool fail(const struct rb_state *state, struct rb_event *ret)
{
    RB_AUTO_VALUE const struct rb_value *known = what_is_known(state);
    return rb_rule_fail(state, ret, RB_REASON_DOUBT, NULL, rb_value_as_text(known, ""));
}

static bool ask(const struct rb_state *state, struct rb_event *ret)
{
    RB_AUTO_VALUE const struct rb_value *known = what_is_known(state);
    return rb_ask_choice(state, ret, "doubt", rb_value_as_text(known, ""));
}

bool rb_rule_doubt(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING || !node)
        return false;
    if (node->phase == RB_PHASE_PROBED)
        return probed(state, ret);
    if (node->phase != RB_PHASE_DOUBT || rb_next_eval(state))
        return false;
    switch (rb_node_step(state, state->current)->on_interrupt) {
    case RB_INTERRUPT_RERUN:
        return decided(state, ret, "idempotent");
    case RB_INTERRUPT_FAIL:
        return fail(state, ret);
    default:
        return ask(state, ret);
    }
}
