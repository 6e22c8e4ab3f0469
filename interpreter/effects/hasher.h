#pragma once
/* A digest computed beside the reading and writing of much output: SHA-256 takes longer than
 * both together. */

#include "base/digest.h"

struct rb_hasher;

/* Takes over `digest` and goes on with it in a thread; NULL when there can be none, and
 * `digest` stays the caller's. */
struct rb_hasher *rb_hasher_new(struct rb_digest *digest);
/* Copies the bytes; waits while too many are ahead of the thread. */
void rb_hasher_add(struct rb_hasher *hasher, const void *bytes, size_t length);
/* Waits for the thread and gives the digest back. */
struct rb_digest *rb_hasher_end(struct rb_hasher *hasher);
