#pragma once
/* What an auditor brings along: whose keys count, and which of them are revoked by now. */

#include "cli/signers_file.h"

struct rb_auditor {
    struct rb_signers_file
        signers;           /* --signers, --revoked; no paths where none are given */
    struct rb_buf revoked; /* the list */
};

/* What can't be read says nothing of a record: RB_ERR_INVALID, before any is looked at. */
bool rb_auditor_read(const struct rb_args *args, struct rb_auditor *ret_auditor,
                     struct rb_error *err) RB_MUST_CHECK;
void rb_auditor_done(struct rb_auditor *auditor); /* accepts zeroed */
