#include "core/front.h"
#include "core/person.h"
#include "core/rollback.h"
#include "core/rules.h"

#include <string.h>

static const struct rb_value *state_question(const struct rb_state *state)
{
    return rb_state_current(state)->active->question;
}

/* Where no reason was given it is why the step has failed. */
static const struct rb_value *cause_of(const struct rb_state *state,
                                       const struct rb_value *answer)
{
    const char *failure = rb_value_get_text(state_question(state), "text", "");
    const char *reason = rb_value_get_text(answer, "reason", "");
    RB_AUTO_BUF struct rb_buf why = {0};
    rb_person_words("chosen", answer, &why);
    if (!*reason)
        rb_buf_printf(&why, " after: %s", failure);
    return rb_person_named(rb_value_map("why", rb_value_text(rb_buf_text(&why)), NULL),
                           answer);
}

static bool chosen(const struct rb_state *state, struct rb_event *ret, const char *choice,
                   const struct rb_value *answer)
{
    const struct rb_value *reason = rb_value_get(answer, "reason");
    if (strcmp(choice, "skip") == 0) {
        return rb_rule_say(
            state, ret, RB_EV_STEP_SKIPPED,
            rb_value_map("step", rb_rule_key(state), "by", rb_value_text("person"), "why",
                         reason ? rb_value_ref(reason) : rb_value_text(""), NULL));
    }
    if (strcmp(choice, "done") == 0) {
        return rb_rule_say(state, ret, RB_EV_STEP_PASSED,
                           rb_value_map("step", rb_rule_key(state), "attempts",
                                        rb_value_int(rb_state_current(state)->attempt),
                                        "overridden",
                                        reason ? rb_value_ref(reason)
                                               : rb_value_text("said to be in place"),
                                        NULL));
    }
    if (strcmp(choice, "retry") == 0) {
        const struct rb_value *d =
            rb_value_map("step", rb_rule_key(state), "choice", rb_value_text(choice), NULL);
        return rb_rule_say(state, ret, RB_EV_STEP_DECIDED, rb_person_named(d, answer));
    }
    if (strcmp(choice, "rollback") == 0)
        return rb_rollback_begin(state, ret, cause_of(state, answer), true);
    return rb_answer_stop(state, ret);
}

bool rb_answer_stop(const struct rb_state *state, struct rb_event *ret)
{
    RB_AUTO_BUF struct rb_buf why = {0};
    bool alone = rb_front_is_alone(state);
    rb_person_words("stopped", rb_state_current(state)->active->answer, &why);
    if (alone && rb_rollback_stop(state, ret, rb_buf_text(&why)))
        return true;
    return rb_rule_say(state, ret, alone ? RB_EV_RUN_SUSPENDED : RB_EV_STEP_HALTED,
                       rb_value_map("step", rb_rule_key(state), "why",
                                    rb_value_text(rb_buf_text(&why)), "exit",
                                    rb_value_int(4), "stops",
                                    alone ? NULL : rb_value_bool(true), NULL));
}

bool rb_rule_answer(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING || !node || node->phase != RB_PHASE_ANSWERED)
        return false;
    const struct rb_value *answer = node->active->answer;
    const char *word = rb_value_get_text(answer, "answer", "");
    if (node->active->asked_failure)
        return chosen(state, ret, word, answer);
    if (strcmp(word, "yes") == 0)
        return rb_rule_pass(state, ret, NULL);
    if (strcmp(word, "skip") == 0)
        return chosen(state, ret, word, answer);
    return rb_rule_fail(state, ret, RB_REASON_REFUSED, NULL,
                        rb_value_get_text(answer, "reason", "a person said no"));
}
