#pragma once
/* Messages between the interpreter and its helpers: 4 bytes of length (little-endian, at most
 * 64 MiB) and a value in canonical JSON, over a stream socket. */

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"

/* Blocking, whole. False with RB_ERR_PROTOCOL on rubbish; *ret_value NULL at a clean end. */
bool rb_frame_read(int fd, const struct rb_value **ret_value,
                   struct rb_error *err) RB_MUST_CHECK;
/* ETIMEDOUT, in non-blocking mode: the peer has taken nothing for half a minute. */
bool rb_frame_write(int fd, const struct rb_value *value,
                    struct rb_error *err) RB_MUST_CHECK;

/* The same for who reads nothing else from it: what comes behind the message stays in `in` for the
 * next, so that a message takes one call. */
bool rb_frame_next(int fd, struct rb_buf *in, const struct rb_value **ret_value,
                   struct rb_error *err) RB_MUST_CHECK;

/* Bytes that stand behind a message, as many as it says: what must not be in one. */
bool rb_frame_read_bytes(int fd, char *bytes, size_t count,
                         struct rb_error *err) RB_MUST_CHECK;
bool rb_frame_write_bytes(int fd, const char *bytes, size_t count,
                          struct rb_error *err) RB_MUST_CHECK;

/* For event loops: append what arrived to `in`, then take whole messages out of it.
 * *ret_value NULL: not a whole one yet. */
bool rb_frame_take(struct rb_buf *in, const struct rb_value **ret_value,
                   struct rb_error *err) RB_MUST_CHECK;
void rb_frame_put(struct rb_buf *out, const struct rb_value *value);
