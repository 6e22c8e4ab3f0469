#pragma once
/* The signatures in a record, verified again. That those which were taken were enough follows from the
 * facts and is a matter of DECISIONS. */

#include "cli/auditor.h"
#include "cli/history.h"
#include "journal/verify.h"

/* Each against the stored signers, or against the auditor's file (--signers), which has to be the same
 * (its digest is in the first event), at the time of its event, and against the list of revoked keys as
 * it was then and, where the auditor gives one (--revoked), as it is now. Whether somebody signed over
 * just this record shows too. `history` has the first event; PASS, FAIL or ABSENT in *ret_level. False
 * when what is there could not be proven: no ssh-keygen, a blob that is gone. */
bool rb_approvals_verify(const struct rb_auditor *auditor, const struct rb_history *history,
                         struct rb_level *ret_level);
