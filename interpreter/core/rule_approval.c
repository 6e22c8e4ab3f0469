/* What signatures come to: each is judged when it arrives, against the question, the run and the
 * time of its event; then whether those that count are enough. Whether a signature is that of its
 * key was found out at the edge, and is a part of the fact. */

#include "core/effects.h"
#include "core/question.h"
#include "core/rules.h"
#include "core/statement.h"

#include <string.h>

static bool is_listed(const struct rb_value *list, const char *text)
{
    for (size_t i = 0; i < rb_value_count(list); i++) {
        if (strcmp(rb_value_as_text(rb_value_at(list, i), ""), text) == 0)
            return true;
    }
    return false;
}

/* Says why not, where there is a reason. */
typedef bool refusal(const struct rb_state *state, const struct rb_value *received,
                     struct rb_error *err);

static bool is_unsound(const struct rb_state *state, const struct rb_value *received,
                       struct rb_error *err)
{
    (void)state;
    bool sound = rb_value_get_bool(received, "sound", false);
    const char *why = rb_value_get_text(received, "why", "the signature does not verify");
    return !sound && !rb_fail(err, RB_ERR_REFUSED, "%s", why);
}

static const struct {
    const char *member, *why;
} bound[] = {
    {"run", "it is for another run"},
    {"nonce", "it is for another run"},
    {"environment", "it is for another environment"},
    {"plan", "it is for another plan: what changes the plan voids an approval"},
    {"step", "it is for another step"},
    {"q", "it was signed over an older head of the record: the question was asked anew"},
    {"expires", "it says another time at which it expires"},
    {"v", "it is of another version of runbook"},
};

static bool is_of_elsewhere(const struct rb_state *state, const struct rb_value *received,
                            struct rb_error *err)
{
    const struct rb_value *statement = rb_value_get(received, "statement");
    RB_AUTO_VALUE const struct rb_value *due =
        rb_statement_of(state->created, rb_state_current(state)->active->question);
    for (size_t i = 0; i < RB_COUNT(bound); i++) {
        if (!rb_value_equal(rb_value_get(statement, bound[i].member),
                            rb_value_get(due, bound[i].member)))
            return !rb_fail(err, RB_ERR_REFUSED, "%s", bound[i].why);
    }
    return false;
}

/* The line that asked, and the text that is shown, as whoever keeps the record has them. */
static bool is_of_another_record(const struct rb_state *state,
                                 const struct rb_value *received, struct rb_error *err)
{
    const struct rb_value *statement = rb_value_get(received, "statement");
    const struct rb_value *head = rb_value_get(received, "head");
    const char *shown = rb_value_get_text(rb_value_get(received, "shown"), "blob", "none");
    (void)state;
    if (strcmp(rb_value_get_text(statement, "head", ""),
               rb_value_get_text(head, "hash", "none")) != 0 ||
        rb_value_get_int(statement, "seq", -1) != rb_value_get_int(head, "seq", -2))
        return !rb_fail(err, RB_ERR_REFUSED,
                        "it was signed over an older head of the record");
    if (strcmp(rb_value_get_text(statement, "shown", ""), shown) != 0)
        return !rb_fail(err, RB_ERR_REFUSED,
                        "another text was shown to the signer than this run shows");
    return false;
}

static bool is_late(const struct rb_state *state, const struct rb_value *received,
                    struct rb_error *err)
{
    const struct rb_active *active = rb_state_current(state)->active;
    int64_t expires = rb_value_get_int(active->question, "expires", 0);
    (void)received;
    return expires != 0 &&
           (state->utc >= expires || state->steady.elapsed >= active->late) &&
           !rb_fail(err, RB_ERR_REFUSED, "it came after the time at which it expires");
}

static bool is_not_theirs(const struct rb_state *state, const struct rb_value *received,
                          struct rb_error *err)
{
    const struct rb_value *question = rb_state_current(state)->active->question;
    const struct rb_value *statement = rb_value_get(received, "statement");
    const char *role = rb_value_get_text(statement, "role", "");
    const char *who = rb_value_get_text(statement, "who", "");
    if (!is_listed(rb_value_get(question, "roles"), role))
        return !rb_fail(err, RB_ERR_REFUSED, "the role %.80s has no say here", role);
    if (!is_listed(rb_value_get(state->plan->roles, role), who))
        return !rb_fail(err, RB_ERR_REFUSED, "%.80s is not in the role %.80s", who, role);
    return false;
}

static bool is_no_answer(const struct rb_state *state, const struct rb_value *received,
                         struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *answer =
        rb_statement_answer(rb_value_get(received, "statement"));
    return !rb_question_allows(rb_state_current(state)->active->question, answer, err);
}

/* The user's name, or what of a person's name stands before an @. */
static bool is_user(const char *user, const char *who)
{
    size_t length = strcspn(who, "@");
    return *user && (strcmp(user, who) == 0 ||
                     (strlen(user) == length && strncmp(user, who, length) == 0));
}

/* Nobody approves what he runs, by whichever of his keys and names. */
static bool is_by_operator(const struct rb_state *state, const struct rb_value *received,
                           struct rb_error *err)
{
    const char *key = rb_value_get_text(received, "key", "");
    const char *who = rb_value_get_text(rb_value_get(received, "statement"), "who", "");
    const struct rb_value *question = rb_state_current(state)->active->question;
    if (rb_node_step(state, state->current)->action != RB_ACTION_APPROVE &&
        strcmp(rb_value_get_text(question, "kind", ""), "window") != 0)
        return false;
    for (size_t i = 0; i < rb_value_count(state->operators); i++) {
        const struct rb_value *operator= rb_value_at(state->operators, i);
        if (is_listed(rb_value_get(operator, "keys"), key) ||
            is_listed(rb_value_get(operator, "people"), who) ||
            is_user(rb_value_get_text(operator, "user", ""), who) ||
            is_user(rb_value_get_text(operator, "sudo_user", ""), who))
            return !rb_fail(err, RB_ERR_REFUSED,
                            "%.80s runs this run: nobody approves what he runs", who);
    }
    return false;
}

/* One key under two names is one person, and so is one person with two keys. */
static bool is_again(const struct rb_state *state, const struct rb_value *received,
                     struct rb_error *err)
{
    const struct rb_value *accepted = rb_state_current(state)->active->approvals;
    const char *key = rb_value_get_text(received, "key", "");
    const char *who = rb_value_get_text(rb_value_get(received, "statement"), "who", "");
    for (size_t i = 0; i < rb_value_count(accepted); i++) {
        const struct rb_value *one = rb_value_at(accepted, i);
        const char *by = rb_value_get_text(one, "by", "");
        if (strcmp(rb_value_get_text(one, "key", ""), key) == 0)
            return !rb_fail(err, RB_ERR_REFUSED, "this key has signed already, as %.80s",
                            by);
        if (strcmp(by, who) == 0)
            return !rb_fail(err, RB_ERR_REFUSED, "%.80s has signed already", who);
    }
    return false;
}

static refusal *const refusals[] = {
    is_of_elsewhere, is_of_another_record, is_unsound,     is_late,
    is_not_theirs,   is_no_answer,         is_by_operator, is_again,
};

static bool judge(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_active *active = rb_state_current(state)->active;
    const struct rb_value *received = active->received;
    struct rb_error err = {0};
    bool refused = false;
    for (size_t i = 0; i < RB_COUNT(refusals) && !refused; i++)
        refused = refusals[i](state, received, &err);
    RB_AUTO_VALUE const struct rb_value *answer =
        rb_statement_answer(rb_value_get(received, "statement"));
    RB_AUTO_VALUE const struct rb_value *which =
        rb_value_map("step", rb_rule_key(state), "attempt",
                     rb_value_int(rb_state_current(state)->attempt), "q",
                     rb_value_ref(rb_value_get(active->question, "q")), "key",
                     rb_value_ref(rb_value_get(received, "key")), "why",
                     refused ? rb_value_text(err.message) : NULL, NULL);
    return rb_rule_say(state, ret,
                       refused ? RB_EV_APPROVAL_REFUSED : RB_EV_APPROVAL_ACCEPTED,
                       rb_value_merge(answer, which));
}

/* So many of any role, or one of each. */
static bool is_enough(const struct rb_active *active)
{
    const struct rb_value *roles = rb_value_get(active->question, "roles");
    int64_t quorum = rb_value_get_int(active->question, "quorum", 0);
    if (quorum > 0)
        return (int64_t)rb_value_count(active->approvals) >= quorum;
    RB_AUTO_VALUE const struct rb_value *left =
        rb_question_roles_left(active->question, active->approvals);
    return rb_value_count(roles) > 0 && rb_value_count(left) == 0;
}

static bool expired(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_active *active = rb_state_current(state)->active;
    RB_AUTO_VALUE const struct rb_value *left =
        rb_question_roles_left(active->question, active->approvals);
    RB_AUTO_BUF struct rb_buf why = {0};
    rb_buf_puts(&why, "the approval expired: nobody signed for ");
    for (size_t i = 0; i < rb_value_count(left); i++)
        rb_buf_printf(&why, "%s%s", i > 0 ? ", " : "",
                      rb_value_as_text(rb_value_at(left, i), ""));
    return rb_rule_fail(state, ret, RB_REASON_TIMEOUT, NULL,
                        rb_value_count(left) == 0
                            ? "the approval expired: not enough people signed"
                            : rb_buf_text(&why));
}

static bool rejected(const struct rb_state *state, struct rb_event *ret,
                     const struct rb_value *by)
{
    RB_AUTO_VALUE const struct rb_value *why = rb_value_textf(
        "rejected by %s (%s): %s", rb_value_get_text(by, "by", ""),
        rb_value_get_text(by, "role", ""), rb_value_get_text(by, "reason", ""));
    return rb_rule_fail(state, ret, RB_REASON_REFUSED, NULL, rb_value_as_text(why, ""));
}

static bool conclude(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_active *active = rb_state_current(state)->active;
    for (size_t i = 0; i < rb_value_count(active->approvals); i++) {
        const struct rb_value *one = rb_value_at(active->approvals, i);
        if (strcmp(rb_value_get_text(one, "answer", ""), "approve") != 0)
            return rejected(state, ret, one);
    }
    if (is_enough(active))
        return rb_rule_pass(state, ret, NULL);
    return active->expired && expired(state, ret);
}

bool rb_rule_approval(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING || !node || node->phase != RB_PHASE_ASKING)
        return false;
    if (node->active->received)
        return judge(state, ret);
    bool approval =
        strcmp(rb_value_get_text(node->active->question, "kind", ""), "approval") == 0;
    return approval && conclude(state, ret);
}
