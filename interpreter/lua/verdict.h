#pragma once
/* The items of an outcome (effects/job.md): what an evaluation made of an expression. */

#include "base/error.h"
#include "base/value.h"

/* New references. `why` is made one visible line of bounded length; NULL: none. */
const struct rb_value *rb_verdict_item(const char *name, const char *verdict,
                                       const char *why, size_t length);
const struct rb_value *rb_verdict_error(const char *name, const char *message);
