#include "cli/auditor.h"

#include "cli/run_signers.h"

bool rb_auditor_read(const struct rb_args *args, struct rb_auditor *ret_auditor,
                     struct rb_error *err)
{
    struct rb_auditor auditor = {0};
    if (!rb_signers_file_read(args, NULL, "", &auditor.signers, err))
        return false;
    if (!rb_run_signers_revoked(auditor.signers.revoked, &auditor.revoked, err)) {
        rb_auditor_done(&auditor);
        return false;
    }
    *ret_auditor = auditor;
    return true;
}

void rb_auditor_done(struct rb_auditor *auditor)
{
    rb_signers_file_done(&auditor->signers);
    rb_buf_done(&auditor->revoked);
}
