#pragma once
/* Writing for people and programs outside: a reader that went away or a full disk must not
 * end the run. */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct rb_out {
    int fd;
    bool broken; /* a write failed: nothing more is written */
};

/* Ignores SIGPIPE for the process, so that a write can fail instead. */
void rb_out_init(struct rb_out *out, int fd);
/* Writes all of it, through EINTR and EAGAIN. False, with errno, the first time it can't; from
 * then on it does nothing and returns true. */
bool rb_out_write(struct rb_out *out, const void *bytes, size_t length);
/* Writes what can be written at once to a descriptor that does not block, and takes it out of
 * the buffer; all of it where the descriptor is broken. */
void rb_out_drain(struct rb_out *out, struct rb_buf *bytes);
