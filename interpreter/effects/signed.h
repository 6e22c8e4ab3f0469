#pragma once
/* What a signer hands over, as a file: {"signature": armour, "statement": map}. Whoever reads it
 * believes nothing of it yet. */

#include "base/value.h"
#include "effects/sshsig.h"

enum { RB_SIGNED_MAX = 65536 }; /* bytes */

struct rb_signed {
    const struct rb_value *statement; /* one reference held */
    struct rb_buf blob;               /* the signature without its armour */
    struct rb_sshsig sig;
};

/* RB_ERR_INVALID for what is not one: other members, other types, another way to write the same. */
bool rb_signed_read(const char *bytes, size_t length, struct rb_signed *ret_signed,
                    struct rb_error *err) RB_MUST_CHECK;
void rb_signed_write(const struct rb_value *statement, const void *blob, size_t length,
                     struct rb_buf *out);
void rb_signed_done(struct rb_signed *signed_); /* accepts zeroed */
