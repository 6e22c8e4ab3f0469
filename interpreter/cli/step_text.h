#pragma once
/* A step of a plan in words. */

#include "base/buf.h"
#include "cli/preview.h"

/* Which secrets the values of an environment, or standard input, are; a line for each. */
void rb_step_text_secrets(const struct rb_value *env, const struct rb_value *input,
                          int indent, struct rb_buf *out);

/* Appends what the step of this index would do; `spec` is its filled-in spec. */
void rb_step_text(const struct rb_preview *preview, int index, const struct rb_value *spec,
                  struct rb_buf *out);
/* The line on a window (plan/spec.md); NULL: none. */
void rb_step_text_window(const struct rb_value *window, int indent, struct rb_buf *out);
