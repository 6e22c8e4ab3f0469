#pragma once
/* A mail as the bytes that a server gets (RFC 5322): headers, and a text that any relay leaves as
 * it is. */

#include "base/buf.h"
#include "base/duration.h"
#include "base/value.h"

/* Of a request (effects/mail.md), sent at this time. Lines end with CR LF and have at most 998
 * bytes; all of it is ASCII. */
void rb_letter_write(const struct rb_value *request, rb_time utc, struct rb_buf *out);
