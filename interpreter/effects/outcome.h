#pragma once
/* The outcome of a request, as effects/process.md has it. */

#include "effects/child.h"

/* `took` is the time it needed; `out` and `err` are owned references, NULL: nothing came. */
const struct rb_value *rb_outcome_of(const struct rb_child *child, rb_time took,
                                     const struct rb_value *out,
                                     const struct rb_value *err);
/* Nothing was started, and this is why: its `sys` is the errno. */
const struct rb_value *rb_outcome_unstarted(const struct rb_error *why);
