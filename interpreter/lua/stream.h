#pragma once
/* What a process wrote, read back as one text. */

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "lua/sandbox.h"

enum { RB_STREAM_CAP = 16 << 20 };

/* Appends the bytes that a blob reference names; NULL: the process wrote nothing. An error when
 * there are more than RB_STREAM_CAP, or when some were not kept: half of it is no answer. Gives
 * up where the machine can't read what is there. */
bool rb_stream_read(const struct rb_world *world, const struct rb_value *reference,
                    struct rb_buf *out, struct rb_error *err) RB_MUST_CHECK;
