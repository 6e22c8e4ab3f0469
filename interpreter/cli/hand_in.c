#include "cli/hand_in.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "cli/inbox.h"
#include "cli/left.h"
#include "cli/received.h"
#include "cli/run_signers.h"
#include "core/core.h"
#include "core/front.h"
#include "core/lock.h"
#include "core/question.h"
#include "effects/clock.h"
#include "effects/signed.h"
#include "journal/blob.h"

enum { PATIENCE_MS = 15000, LOOK_MS = 100 };

/* The node that asks what the statement is about, or what it says it is about. */
static const struct rb_node *asks(const struct rb_state *state, const char *step)
{
    int at = rb_front_find(state, step);
    const struct rb_node *node = at < 0 ? NULL : &state->nodes[at];
    bool open = node && node->active && node->phase == RB_PHASE_ASKING;
    return open ? node : NULL;
}

/* As when somebody goes on with the run, and has its locks: what nobody has answered is open again. */
static void go_on(struct rb_state *state, rb_time utc)
{
    RB_AUTO_VALUE const struct rb_value *d =
        rb_value_map("interactive", rb_value_bool(false), NULL);
    const struct rb_event resumed = {.type = RB_EV_RUN_RESUMED,
                                     .d = d,
                                     .utc = utc,
                                     .mono = state->mono + (utc - state->utc)};
    rb_apply(state, &resumed);
    const struct rb_event taken = {
        .type = RB_EV_LOCK_TAKEN, .d = d, .utc = resumed.utc, .mono = resumed.mono};
    if (rb_lock_is_due(state))
        rb_apply(state, &taken);
}

/* What the rules of the run say to it. */
static bool judge(struct rb_state *state, const struct rb_value *owned, const char *step,
                  int attempt, rb_time utc, struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *own = owned;
    RB_AUTO_VALUE const struct rb_value *which =
        rb_value_map("step", rb_value_text(step), "attempt", rb_value_int(attempt), NULL);
    RB_AUTO_VALUE const struct rb_value *d = rb_value_merge(own, which);
    struct rb_input input = {RB_EV_APPROVAL_RECEIVED, d, utc,
                             state->mono + (utc - state->utc)};
    struct rb_event event;
    if (!rb_decide(state, &input, &event))
        return rb_fail(err, RB_ERR_REFUSED, "it was handed in already");
    rb_apply(state, &event);
    rb_value_unref(event.d);
    if (!rb_decide(state, NULL, &event))
        return rb_fail(err, RB_ERR_DEFECT, "nothing follows from a signature");
    bool refused = event.type == RB_EV_APPROVAL_REFUSED;
    if (refused)
        rb_fail(err, RB_ERR_REFUSED, "it does not count: %.400s",
                rb_value_get_text(event.d, "why", ""));
    rb_value_unref(event.d);
    return !refused;
}

static bool verify(const struct rb_history *history, const struct rb_signed *signed_,
                   const struct rb_value *question, const struct rb_value **ret_payload,
                   struct rb_error *err)
{
    RB_CLEANUP(rb_run_signers_done) struct rb_run_signers signers = {0};
    RB_AUTO_BUF struct rb_buf revoked = {0}, why = {0};
    if (!rb_run_signers_read(history->run, history->created, &signers, err))
        return false;
    if (!rb_run_signers_revoked(signers.revoked, &revoked, err)) {
        err->code = RB_ERR_REFUSED;
        return false;
    }
    const struct rb_signature_claim claim = {.signed_ = signed_,
                                             .signers = signers.lines,
                                             .revoked = signers.revoked ? &revoked : NULL,
                                             .utc = rb_clock_utc()};
    enum rb_signature found = rb_signature_verify(&claim, &why);
    const struct rb_received received = {.run = history->run,
                                         .document = history->document,
                                         .created = history->created,
                                         .created_utc = history->state->created_utc,
                                         .question = question,
                                         .signed_ = signed_,
                                         .revoked = claim.revoked,
                                         .found = found,
                                         .why = rb_buf_text(&why)};
    return rb_received_payload(&received, ret_payload, err);
}

static bool counts(const struct rb_history *history, const struct rb_signed *signed_,
                   struct rb_error *err)
{
    const char *step = rb_value_get_text(signed_->statement, "step", "");
    rb_time utc = rb_clock_utc();
    struct rb_state *state = history->state;
    const struct rb_value *payload;
    if (strcmp(rb_value_get_text(signed_->statement, "run", ""), history->run->id) != 0)
        return rb_fail(err, RB_ERR_REFUSED,
                       "it does not count: it is for another run, %.80s",
                       rb_value_get_text(signed_->statement, "run", ""));
    if (state->phase != RB_RUN_FINISHED)
        go_on(state, utc);
    const struct rb_node *node = asks(state, step);
    if (state->phase == RB_RUN_FINISHED || !node)
        return rb_fail(err, RB_ERR_REFUSED,
                       "it does not count: %s does not wait for %.80s (any more)",
                       history->run->id, step);
    return verify(history, signed_, node->active->question, &payload, err) &&
           judge(state, payload, step, node->attempt, utc, err);
}

/* What the record says of an answer. */
struct outcome {
    int64_t q;
    const char *blob;                /* of its signature; NULL: it is not signed */
    const struct rb_signed *signed_; /* NULL: it is not */
    const char *name;                /* in the inbox, of what is signed */
    const char *step;
    bool approval; /* more than one may sign */
    bool asked;    /* the question stands in the record before */
    bool received, over;
    bool counts;
    struct rb_buf by, why;
};

/* The step has ended, or asks something else: what was not taken by then never is. */
static void take_other(struct outcome *outcome, const struct rb_event *event)
{
    bool ends = event->type == RB_EV_STEP_PASSED || event->type == RB_EV_ATTEMPT_FAILED;
    outcome->over = outcome->asked && ends &&
                    strcmp(rb_value_get_text(event->d, "step", ""), outcome->step) == 0;
    if (outcome->over)
        rb_buf_puts(&outcome->why, "the step has ended without it");
}

static void take(struct outcome *outcome, const struct rb_event *event)
{
    const struct rb_value *d = event->d;
    const char *blob = rb_value_get_text(rb_value_get(d, "signature"), "blob", "");
    bool ours = rb_value_get_int(d, "q", -1) == outcome->q;
    if (outcome->over)
        return;
    if (!ours) {
        take_other(outcome, event);
        return;
    }
    if (event->type == RB_EV_APPROVAL_RECEIVED) {
        outcome->received = outcome->blob && strcmp(blob, outcome->blob) == 0;
    } else if (event->type == RB_EV_QUESTION_ASKED) {
        outcome->asked = true;
    } else if (event->type == RB_EV_APPROVAL_ACCEPTED && !outcome->received &&
               !outcome->approval) {
        outcome->over = true;
        rb_buf_puts(&outcome->by, rb_value_get_text(d, "by", "somebody"));
    } else if (event->type == RB_EV_APPROVAL_ACCEPTED ||
               event->type == RB_EV_APPROVAL_REFUSED) {
        outcome->over = outcome->received;
        outcome->counts = event->type == RB_EV_APPROVAL_ACCEPTED;
        rb_buf_puts(&outcome->why, outcome->over ? rb_value_get_text(d, "why", "") : "");
    } else if (event->type == RB_EV_QUESTION_ANSWERED) {
        outcome->over = true;
        outcome->counts = strcmp(rb_value_get_text(d, "via", ""), "confirm") == 0;
        rb_buf_puts(&outcome->by, rb_value_get_text(d, "by", "somebody"));
    }
}

static void look(const struct rb_run *run, struct outcome *outcome)
{
    outcome->asked = outcome->received = false;
    struct rb_reader *reader = NULL;
    const struct rb_record *record = NULL;
    struct rb_error err = {0};
    if (!rb_reader_open(run->dir, &reader, &err))
        return;
    while (rb_reader_next(reader, &record, &err) == RB_READ_RECORD)
        take(outcome, &record->event);
    rb_reader_free(reader);
}

static void await(const struct rb_run *run, struct outcome *outcome)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    look(run, outcome);
    for (int waited = 0; !outcome->over && waited < PATIENCE_MS && rb_run_is_live(run);
         waited += LOOK_MS) {
        nanosleep(&pause, NULL);
        look(run, outcome);
    }
    if (!outcome->over)
        look(run, outcome); /* it may have ended with it */
}

/* Of another's signature about the same question nothing is known before the run goes on. */
static void tell_beside(const struct rb_run *run, const struct outcome *outcome,
                        const char *name)
{
    RB_CLEANUP(rb_signed_done) struct rb_signed left = {0};
    RB_AUTO_BUF struct rb_buf words = {0};
    if (strcmp(name, outcome->name) == 0 || !rb_left_read(run, name, &left) ||
        rb_value_get_int(left.statement, "q", -1) != outcome->q ||
        rb_left_is_recorded(run, &left))
        return;
    rb_left_words(&left, &words);
    printf("in its inbox as well, and not judged yet: %s\n", rb_buf_text(&words));
}

static void tell_kept(const struct rb_run *run, const struct outcome *outcome)
{
    int64_t expires =
        outcome->signed_ ? rb_value_get_int(outcome->signed_->statement, "expires", 0) : 0;
    char when[28] = "";
    if (expires)
        rb_time_format(expires, when);
    printf("%s has it in its inbox; it counts when the run goes on", run->id);
    if (expires)
        printf(" before %.19sZ", when);
    printf(": runbook resume %s\n", run->id);
    if (!outcome->signed_)
        return;
    RB_AUTO_VALUE const struct rb_value *names = rb_left_names(run);
    for (size_t i = 0; i < rb_value_count(names); i++)
        tell_beside(run, outcome, rb_value_as_text(rb_value_key_at(names, i), ""));
}

static bool tell(const struct rb_history *history, struct outcome *outcome, bool live,
                 struct rb_error *err)
{
    const char *id = history->run->id;
    if (live)
        await(history->run, outcome);
    bool good = true;
    if (outcome->over && outcome->counts)
        printf("%s has it\n", id);
    else if (outcome->over && outcome->by.length)
        good = rb_fail(err, RB_ERR_REFUSED, "%.80s was first and has answered it",
                       rb_buf_text(&outcome->by));
    else if (outcome->over)
        good = rb_fail(err, RB_ERR_REFUSED, "it does not count: %.400s",
                       rb_buf_text(&outcome->why));
    else if (live)
        good = rb_fail(err, RB_ERR_REFUSED,
                       "%s has not taken it: somebody else was first, or it has ended "
                       "(`runbook status %s`)",
                       id, id);
    else
        tell_kept(history->run, outcome);
    rb_buf_done(&outcome->by);
    rb_buf_done(&outcome->why);
    return good;
}

bool rb_hand_in_signed(const struct rb_history *history, const char *bytes, size_t length,
                       struct rb_error *err)
{
    RB_CLEANUP(rb_signed_done) struct rb_signed signed_ = {0};
    RB_AUTO_FREE char *name = NULL;
    char hex[RB_DIGEST_HEX + 1], blob[80];
    if (!rb_signed_read(bytes, length, &signed_, err) || !counts(history, &signed_, err))
        return false;
    bool live = rb_run_is_live(history->run);
    if (!rb_inbox_leave_signed(history->run, bytes, length, &name, err))
        return false;
    rb_digest_of(rb_buf_text(&signed_.blob), signed_.blob.length, hex);
    snprintf(blob, sizeof blob, "sha256:%s", hex);
    struct outcome outcome = {
        .q = rb_value_get_int(signed_.statement, "q", -1),
        .blob = blob,
        .signed_ = &signed_,
        .name = name,
        .approval =
            strcmp(rb_value_get_text(signed_.statement, "decision", ""), "approve") == 0 ||
            strcmp(rb_value_get_text(signed_.statement, "decision", ""), "reject") == 0,
        .step = rb_value_get_text(signed_.statement, "step", "")};
    return tell(history, &outcome, live, err);
}

bool rb_hand_in_answer(const struct rb_history *history, const struct rb_value *question,
                       const struct rb_value *answer, struct rb_error *err)
{
    int64_t q = rb_value_get_int(question, "q", -1);
    struct outcome outcome = {.q = q, .step = rb_value_get_text(question, "step", "")};
    bool live = rb_run_is_live(history->run);
    return rb_question_allows(question, answer, err) &&
           rb_inbox_leave_answer(history->run, q, answer, err) &&
           tell(history, &outcome, live, err);
}
