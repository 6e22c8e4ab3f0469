#pragma once
/* The signers of a run: the copy of their file that it began with, and where keys that were revoked
 * since are listed. */

#include "journal/store.h"

#define RB_SIGNERS_NAME "allowed_signers" /* of the copy, in sources/ */

struct rb_run_signers {
    const struct rb_value *lines; /* effects/signers.h */
    const char *revoked;          /* path, of `created`; NULL: there is no such list */
};

/* Of the payload of run.created. No signers at all give an empty list: nobody can sign. RB_ERR_RECORD
 * when the copy is not what the record says. */
bool rb_run_signers_read(const struct rb_run *run, const struct rb_value *created,
                         struct rb_run_signers *ret_signers,
                         struct rb_error *err) RB_MUST_CHECK;
void rb_run_signers_done(struct rb_run_signers *signers); /* accepts zeroed */

/* The list of revoked keys as it is now; nothing where there is none. One that can't be read is an
 * error: then no key is known not to be in it. */
bool rb_run_signers_revoked(const char *path, struct rb_buf *out,
                            struct rb_error *err) RB_MUST_CHECK;
