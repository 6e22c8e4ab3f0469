#include <string.h>

#include "core/effects.h"
#include "core/person.h"
#include "core/rollback.h"
#include "core/rules.h"

/* What is to become of a step that may have happened, or not, before its undo begins. */

static bool begin(const struct rb_state *state, struct rb_event *ret,
                  const struct rb_value *answer)
{
    const struct rb_value *d =
        rb_value_map("step", rb_rule_key(state), "choice", rb_value_text("undo"), "by",
                     rb_value_text("probe"), NULL);
    return rb_rule_say(state, ret, RB_EV_STEP_DECIDED,
                       answer ? rb_person_named(d, answer) : d);
}

static bool leave(const struct rb_state *state, struct rb_event *ret, const char *by,
                  const char *why)
{
    return rb_rule_say(state, ret, RB_EV_STEP_SKIPPED,
                       rb_value_map("step", rb_rule_key(state), "by", rb_value_text(by),
                                    "why", rb_value_text(why), NULL));
}

static bool probed(const struct rb_state *state, struct rb_event *ret)
{
    const char *why;
    const struct rb_value *item;
    enum rb_verdict verdict =
        rb_verdict_of(rb_state_current(state)->active->eval, &why, &item);
    if (verdict == RB_HOLDS)
        return begin(state, ret, NULL);
    if (verdict == RB_FAILS)
        return leave(state, ret, "probe", "the probe says that it was not done");
    return rb_ask_choice(state, ret, "undo", why);
}

static bool answered(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_value *answer = rb_state_current(state)->active->answer;
    const char *word = rb_value_get_text(answer, "answer", "");
    if (strcmp(word, "undo") == 0)
        return begin(state, ret, answer);
    if (strcmp(word, "leave") == 0)
        return leave(state, ret, "person", rb_value_get_text(answer, "reason", ""));
    RB_AUTO_BUF struct rb_buf why = {0};
    rb_person_words("stopped", answer, &why);
    return rb_rollback_stop(state, ret, rb_buf_text(&why));
}

bool rb_rule_undo(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING || !rb_rollback_doubts(state, state->current))
        return false;
    switch (node->phase) {
    case RB_PHASE_PROBED:
        return probed(state, ret);
    case RB_PHASE_ANSWERED:
        return answered(state, ret);
    case RB_PHASE_DOUBT:
    case RB_PHASE_HALTED:
        return !rb_next_eval(state) &&
               rb_ask_choice(state, ret, "undo",
                             "nobody can say whether it was done at all");
    default:
        return false;
    }
}
