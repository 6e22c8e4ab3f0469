#include "cli/run_signers.h"

#include <fcntl.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "cli/trust.h"
#include "effects/signers.h"

enum { REVOKED_MAX = 16 << 20 }; /* bytes */

bool rb_run_signers_read(const struct rb_run *run, const struct rb_value *created,
                         struct rb_run_signers *ret_signers, struct rb_error *err)
{
    const struct rb_value *signers = rb_value_get(created, "signers");
    RB_AUTO_BUF struct rb_buf text = {0};
    RB_AUTO_VALUE const struct rb_value *digest = NULL;
    char hex[RB_DIGEST_HEX + 1];
    if (signers && !rb_run_get(run, "sources", RB_SIGNERS_NAME, &text, err))
        return false;
    rb_digest_of(rb_buf_text(&text), text.length, hex);
    digest = rb_value_textf("sha256:%s", hex);
    if (signers && !rb_value_equal(digest, rb_value_get(signers, "sha256")))
        return rb_fail(err, RB_ERR_RECORD,
                       "sources/" RB_SIGNERS_NAME
                       " was changed: its bytes have another digest than seq 0 has");
    ret_signers->lines = rb_signers_read(rb_buf_text(&text), text.length);
    ret_signers->revoked = rb_value_get_text(signers, "revoked", NULL);
    return true;
}

void rb_run_signers_done(struct rb_run_signers *signers)
{
    rb_value_unref(signers->lines);
    *signers = (struct rb_run_signers){0};
}

bool rb_run_signers_revoked(const char *path, struct rb_buf *out, struct rb_error *err)
{
    if (!path || (rb_trust_file_of_one(path, "revoked keys", err) &&
                  rb_file_read(AT_FDCWD, path, REVOKED_MAX, out, err)))
        return true;
    err->code = RB_ERR_INVALID;
    return rb_error_prefix(err,
                           "the list of revoked keys can't be read, so that no key counts");
}
