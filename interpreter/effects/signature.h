#pragma once
/* Whether a signature is that of the person who is said to have made it: `ssh-keygen -Y verify` with
 * all that it takes fixed, and only the lines of the signers file with which nothing is wrong. */

#include <uv.h>

#include "base/duration.h"
#include "effects/signed.h"

enum rb_signature {
    RB_SIGNATURE_SOUND,
    RB_SIGNATURE_UNSOUND,
    RB_SIGNATURE_UNKNOWN /* nobody could find out: no ssh-keygen, no list of revoked keys */
};

struct rb_signature_claim {
    const struct rb_signed *signed_; /* borrowed until `done` */
    const struct rb_value *signers;  /* effects/signers.h; borrowed for the call */
    const struct rb_buf *revoked;    /* a KRL or list of keys; NULL: there is none */
    rb_time utc;                     /* when: keys have a time in which they are valid */
};

/* `why` where it is not sound. */
typedef void rb_signature_done(void *context, enum rb_signature found, const char *why);

struct rb_signature_check;

/* `done` is called once, perhaps at once: then NULL is returned. */
struct rb_signature_check *rb_signature_start(uv_loop_t *loop,
                                              const struct rb_signature_claim *claim,
                                              rb_signature_done *done, void *context);
void rb_signature_end(struct rb_signature_check *check); /* accepts NULL */

/* The same, waited for. */
enum rb_signature rb_signature_verify(const struct rb_signature_claim *claim,
                                      struct rb_buf *ret_why);
