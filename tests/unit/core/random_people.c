#include "random_people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/front.h"
#include "core/question.h"
#include "core/statement.h"

const struct rb_value *people_operator(bool signer)
{
    return rb_value_map("user", rb_value_text(signer ? "dan" : "op"), NULL);
}

const struct rb_value *people_answer(struct dice *dice, const struct rb_value *question)
{
    static const char *const words[] = {"yes",   "no",   "retry",    "skip",
                                        "done",  "stop", "rollback", "undo",
                                        "leave", "wait", "override"};
    for (;;) {
        const struct rb_value *answer =
            rb_value_map("answer", rb_value_text(words[dice_roll(dice, RB_COUNT(words))]),
                         "reason", rb_value_text("because"), NULL);
        if (rb_question_allows(question, answer, NULL))
            return answer;
        rb_value_unref(answer);
    }
}

const struct rb_value *people_agree(const struct rb_value *question)
{
    static const char *const words[] = {"yes", "undo", "override", "retry", "skip"};
    for (size_t i = 0; i < RB_COUNT(words); i++) {
        const struct rb_value *answer = rb_value_map(
            "answer", rb_value_text(words[i]), "reason", rb_value_text("because"), NULL);
        if (rb_question_allows(question, answer, NULL))
            return answer;
        rb_value_unref(answer);
    }
    fail_msg("no good answer to a question");
    return NULL;
}

/* What is said, and over what. */
struct paper {
    const char *who, *role, *decision, *reason, *head, *shown, *key;
    const struct rb_value
        *over; /* members that are not what they should be; NULL: all are */
    bool sound, good;
};

static const struct rb_value *shown_of(const char *shown)
{
    return rb_value_map("blob", rb_value_text(shown), NULL);
}

/* The line that asked is line q. */
static const struct rb_value *head_of(int64_t q)
{
    return rb_value_map("hash", rb_value_text("h"), "seq", rb_value_int(q), NULL);
}

static const struct rb_value *received(const struct rb_state *state,
                                       const struct rb_value *question,
                                       const struct paper *paper)
{
    int64_t q = rb_value_get_int(question, "q", 0);
    RB_AUTO_VALUE const struct rb_value *due = rb_statement_of(state->created, question);
    RB_AUTO_VALUE const struct rb_value *own =
        rb_value_map("head", rb_value_text(paper->head), "seq", rb_value_int(q), "shown",
                     rb_value_text(paper->shown), "who", rb_value_text(paper->who), "role",
                     rb_value_text(paper->role), "decision", rb_value_text(paper->decision),
                     "reason", paper->reason ? rb_value_text(paper->reason) : NULL, NULL);
    RB_AUTO_VALUE const struct rb_value *said = rb_value_merge(due, own);
    return rb_value_map(
        "step", rb_value_ref(rb_value_get(question, "step")), "attempt",
        rb_value_ref(rb_value_get(question, "attempt")), "q", rb_value_int(q), "sound",
        rb_value_bool(paper->sound), "key", rb_value_text(paper->key), "signature",
        rb_value_textf("s%lld", (long long)state->mono), "head", head_of(q), "shown",
        shown_of("t"), "statement", rb_value_merge(said, paper->over), "good",
        rb_value_bool(paper->good), NULL);
}

/* Something about it is not as it should be. */
static void spoil(struct dice *dice, const struct rb_value *question, struct paper *paper)
{
    static const char *const members[] = {"run", "nonce", "plan", "environment", "step"};
    paper->good = false;
    switch (dice_roll(dice, 9)) {
    case 0:
        paper->sound = false;
        break;
    case 1:
        paper->head = "older";
        break;
    case 2:
        paper->shown = "another";
        break;
    case 3:
        paper->who = "eve@x";
        break;
    case 4:
        paper->role = "duty";
        break;
    case 5:
        paper->decision = "maybe";
        break;
    case 6:
        paper->over =
            rb_value_map("q", rb_value_int(rb_value_get_int(question, "q", 0) - 1), NULL);
        break;
    case 7:
        paper->over = rb_value_map("expires", rb_value_int(INT64_MAX), NULL);
        break;
    default:
        paper->over = rb_value_map(members[dice_roll(dice, RB_COUNT(members))],
                                   rb_value_text("another"), NULL);
    }
}

static bool has(const struct rb_value *list, const char *member, const char *text)
{
    for (size_t i = 0; i < rb_value_count(list); i++) {
        if (strcmp(rb_value_get_text(rb_value_at(list, i), member, ""), text) == 0)
            return true;
    }
    return false;
}

static bool runs_it(const struct rb_state *state, const char *who)
{
    RB_AUTO_FREE char *user = rb_strndup(who, strcspn(who, "@"));
    return has(state->operators, "user", user);
}

/* Somebody of a role who may sign and has not; of a role nobody has signed for, if there is one. */
static void choose(const struct rb_state *state, const struct rb_value *question,
                   struct paper *paper)
{
    int node = rb_front_find(state, rb_value_get_text(question, "step", ""));
    const struct rb_value *so_far = state->nodes[node].active->approvals;
    const struct rb_value *roles = rb_value_get(question, "roles");
    bool covers = false;
    for (size_t i = 0; i < rb_value_count(roles) && !covers; i++) {
        const char *role = rb_value_as_text(rb_value_at(roles, i), "");
        const struct rb_value *people = rb_value_get(state->plan->roles, role);
        for (size_t k = 0; k < rb_value_count(people) && !covers; k++) {
            const char *who = rb_value_as_text(rb_value_at(people, k), "");
            if (runs_it(state, who) || has(so_far, "by", who))
                continue;
            covers = !has(so_far, "role", role);
            paper->role = role;
            paper->who = who;
        }
    }
}

static void choose_any(struct dice *dice, const struct rb_state *state,
                       const struct rb_value *question, struct paper *paper)
{
    const struct rb_value *roles = rb_value_get(question, "roles");
    const struct rb_value *role =
        rb_value_at(roles, dice_roll(dice, (unsigned)rb_value_count(roles)));
    paper->role = rb_value_as_text(role, "");
    const struct rb_value *people = rb_value_get(state->plan->roles, paper->role);
    paper->who = rb_value_as_text(
        rb_value_at(people, dice_roll(dice, (unsigned)rb_value_count(people))), "");
}

static void decide(struct dice *dice, bool honest, const struct rb_value *question,
                   struct paper *paper)
{
    bool approval = strcmp(rb_value_get_text(question, "kind", ""), "approval") == 0;
    bool agrees = honest || dice_percent(dice, 80);
    paper->decision =
        approval ? (agrees ? "approve" : "reject") : (agrees ? "override" : "stop");
    paper->reason = "because";
    if (!agrees && approval && dice_percent(dice, 30)) {
        paper->reason = NULL;
        paper->good = false;
    }
}

const struct rb_value *people_sign(struct dice *dice, bool honest,
                                   const struct rb_state *state,
                                   const struct rb_value *question)
{
    struct paper paper = {.head = "h", .shown = "t", .sound = true, .good = true};
    if (honest)
        choose(state, question, &paper);
    else
        choose_any(dice, state, question, &paper);
    decide(dice, honest, question, &paper);
    if (!honest && dice_percent(dice, 35))
        spoil(dice, question, &paper);
    RB_AUTO_BUF struct rb_buf key = {0};
    bool lent = !honest && dice_percent(dice, 10);
    rb_buf_printf(&key, "K:%s", lent ? "eve@x" : paper.who);
    paper.key = rb_buf_text(&key);
    const struct rb_value *d = received(state, question, &paper);
    rb_value_unref(paper.over);
    return d;
}
