#pragma once
/* Base64 (RFC 4648, section 4, with padding) by nettle. */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

void rb_base64_encode(const void *bytes, size_t length, struct rb_buf *out);

/* Appends the bytes; false, with `out` as it was, for anything rb_base64_encode does not
 * write: spaces, missing padding, spare bits. */
bool rb_base64_decode(const char *text, size_t length, struct rb_buf *out) RB_MUST_CHECK;
