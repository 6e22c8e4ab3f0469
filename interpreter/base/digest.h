#pragma once
/* SHA-256 by nettle. */

#include <stddef.h>

#define RB_DIGEST_HEX 64

struct rb_digest; /* a digest being computed */

struct rb_digest *rb_digest_new(void);
void rb_digest_add(struct rb_digest *digest, const void *bytes, size_t length);
/* Writes 64 lower-case hex digits and a NUL; frees the digest. */
void rb_digest_end(struct rb_digest *digest, char ret_hex[RB_DIGEST_HEX + 1]);
void rb_digest_free(struct rb_digest *digest); /* without ending it; accepts NULL */

/* All at once. */
void rb_digest_of(const void *bytes, size_t length, char ret_hex[RB_DIGEST_HEX + 1]);
