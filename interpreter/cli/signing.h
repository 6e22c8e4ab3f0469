#pragma once
/* A question that somebody is about to sign an answer to: from the record of the run on this machine,
 * or from a request that was carried here. */

#include "cli/args.h"
#include "cli/history.h"

struct rb_signing {
    struct rb_document *document;   /* borrowed, or `own` */
    const struct rb_value *created; /* payload of run.created */
    rb_time created_utc;
    const struct rb_value *question;  /* payload of question.asked */
    const struct rb_value *overrides; /* before it (core/override.h); NULL: none */
    int64_t seq;                      /* of its line, and the hash of that */
    char hash[RB_HASH_HEX + 1];
    const struct rb_value *signers; /* lines of their file (effects/signers.h) */
    struct rb_buf source, roster;   /* of a request: the runbook and the file of signers */
    struct rb_called_files called;  /* of a request: what the runbook calls */
    struct rb_document *own;
    struct rb_buf shown; /* what the signer has to see, and its digest */
    char digest[80];
};
void rb_signing_done(struct rb_signing *signing); /* accepts zeroed */

/* The open question of this name (core/question.h), or the one approval that is open where `name` is
 * NULL. */
bool rb_signing_of_run(const struct rb_history *history, const char *name,
                       struct rb_signing *ret_signing, struct rb_error *err) RB_MUST_CHECK;

/* A request as a file: everything that somebody on another machine needs to see what will run, and to
 * make sure that it is that. */
void rb_signing_request(const struct rb_signing *signing, struct rb_buf *out);
/* RB_ERR_INVALID for what is none, and for one whose runbook does not give the plan that it names. */
bool rb_signing_of_request(const char *bytes, size_t length, struct rb_signing *ret_signing,
                           struct rb_error *err) RB_MUST_CHECK;
