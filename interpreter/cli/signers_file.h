#pragma once
/* The file of signers that a command is given: by --signers, by RUNBOOK_SIGNERS, or by the runbook. */

#include "base/buf.h"
#include "base/value.h"
#include "cli/args.h"
#include "plan/plan.h"

struct rb_signers_file {
    char *path, *revoked; /* absolute; NULL: none */
    struct rb_buf text;
    const struct rb_value *lines; /* effects/signers.h; NULL: there is no file */
};

/* Does any step of the plan have to be signed? */
bool rb_plan_is_signed(const struct rb_plan *plan);

/* Reads it. `runbook` is the path that the runbook's own words start from; `plan` may be NULL. A file
 * that others can write is refused, and so is none where the plan is sure to need one. */
bool rb_signers_file_read(const struct rb_args *args, const struct rb_plan *plan,
                          const char *runbook, struct rb_signers_file *ret_file,
                          struct rb_error *err) RB_MUST_CHECK;
void rb_signers_file_done(struct rb_signers_file *file); /* accepts zeroed */
