#pragma once
/* A step of a plan in words. */

#include "base/buf.h"
#include "cli/preview.h"

/* Appends what the step of this index would do; `spec` is its filled-in spec. */
void rb_step_text(const struct rb_preview *preview, int index, const struct rb_value *spec,
                  struct rb_buf *out);
