#pragma once
/* Large or non-text bytes by their digest: <run>/blobs/sha256/<hex>. The reference that an event
 * carries is {"blob": "sha256:<hex>", "bytes": N, "lost": N}. */

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"

/* Syncs a file already written at `from` (relative to run_dir) whose digest is `hex`, and
 * renames it into blobs/. An existing blob of that digest is kept and `from` is removed. */
bool rb_blob_adopt(int run_dir, const char *from, const char *hex,
                   struct rb_error *err) RB_MUST_CHECK;
bool rb_blob_put(int run_dir, const void *bytes, size_t length, char ret_hex[65],
                 struct rb_error *err) RB_MUST_CHECK;
/* Reads at most `cap` bytes of it from `offset`; verifies the digest when it read all of it. */
bool rb_blob_read(int run_dir, const char *hex, size_t offset, size_t cap,
                  struct rb_buf *out, struct rb_error *err) RB_MUST_CHECK;
/* Digest and size hold? Streams; any size. */
bool rb_blob_verify(int run_dir, const char *hex, int64_t bytes,
                    struct rb_error *err) RB_MUST_CHECK;
/* The hex of a reference, or NULL when it is not one: exactly "sha256:" and 64 hex digits. */
const char *rb_blob_hex(const struct rb_value *reference);
const struct rb_value *rb_blob_reference(const char *hex, int64_t bytes, int64_t lost);
