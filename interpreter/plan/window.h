#pragma once
/* A window in words: "Mon, Tue 09:00 to 16:00 in Europe/Berlin, not on 2025-12-24". */

#include "base/buf.h"
#include "base/value.h"

/* `window` is as spec.md has it. */
void rb_window_text(const struct rb_value *window, struct rb_buf *out);
