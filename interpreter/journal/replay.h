#pragma once
/* Deriving every decision again from the recorded facts. */

#include "base/value.h"
#include "journal/reader.h"
#include "plan/plan.h"

/* Evaluates a job again on its recorded evidence: *ret_items, a new reference. */
typedef bool rb_replay_eval(void *context, const struct rb_value *job,
                            const struct rb_value *evidence,
                            const struct rb_value **ret_items, struct rb_error *err);
/* RB_ERR_NOT_FOUND of it says that what the record refers to is missing. */

struct rb_replay {
    int64_t facts, decisions, evaluations;
    int64_t timeouts; /* accepted, not recomputable */
    bool finished;    /* the run had come to its end */
    bool differs;
    bool
        missing; /* what an evaluation stood on is not there: neither the same nor another */
    int64_t seq; /* of the first difference, or of what can't be evaluated again */
    char what
        [800]; /* "recorded …, derived …"; what is missing; of an open record: what is due */
};

/* Facts go in, decisions must come out byte for byte; every eval.result is evaluated again when
 * `eval` is given. One with the member `cut: true`, whose time was up or whose worker died, is
 * accepted where its items are errors, because that can't be repeated. A record that ends where a crash cut off the decisions that
 * were due is no difference. False only when the journal can't be read to its end
 * (RB_ERR_RECORD); a difference is a result. */
bool rb_replay_run(const struct rb_plan *plan, struct rb_reader *reader,
                   rb_replay_eval *eval, void *context, struct rb_replay *ret_replay,
                   struct rb_error *err) RB_MUST_CHECK;
