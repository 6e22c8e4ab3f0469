#pragma once
/* What an expression sees of the run. */

#include "core/state.h"

/* `exprs` are those about to be evaluated, of one file: only the steps they refer to are in it. `book`
 * (may be NULL) is what their file is filled in with, where that is not what the current node sees; `result`
 * (may be NULL) the outcome under examination. A new reference. */
const struct rb_value *rb_scope(const struct rb_state *state,
                                const struct rb_book_values *book, const int *exprs,
                                int count, const struct rb_value *result);
