#pragma once
/* Who signs, with which key, and the signature itself. */

#include "cli/signing.h"

/* Signs an answer ({answer, reason, note, evidence}) to the question with the caller's key (--key, or
 * the one of ~/.ssh and the agent that may sign), as --as and for --role where there is a choice.
 * Appends the file that is handed over. RB_ERR_REFUSED where the key is nobody's who may. */
struct rb_signer {
    const char *who, *role; /* borrowed from the signing */
    char *path; /* of the private key, or of a public one that the agent has; NULL */
    struct rb_buf public; /* of the agent's */
    char key[64];
};

bool rb_signer_choose(const struct rb_signing *signing, const struct rb_args *args,
                      struct rb_signer *ret_signer, struct rb_error *err) RB_MUST_CHECK;
void rb_signer_done(struct rb_signer *signer); /* accepts zeroed */

bool rb_signer_sign(const struct rb_signer *signer, const struct rb_signing *signing,
                    const struct rb_value *answer, struct rb_buf *out,
                    struct rb_error *err) RB_MUST_CHECK;
