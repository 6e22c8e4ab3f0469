#pragma once
/* What an expression sees of the run. */

#include "core/state.h"

/* `exprs` are those about to be evaluated: only the steps they refer to are in it. `result`
 * (may be NULL) is the outcome under examination. A new reference. */
const struct rb_value *rb_scope(const struct rb_state *state, const int *exprs, int count,
                                const struct rb_value *result);
