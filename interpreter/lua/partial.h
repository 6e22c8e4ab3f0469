#pragma once
/* Partial match of JSON: `expect: {json: ...}`. */

#include <stdbool.h>

#include "base/buf.h"
#include "base/value.h"

/* A map matches when each of its members does, a list element by element with the same length,
 * a number by its value (1 and 1.0 are equal). Where it does not, `why` says where and what:
 * "items[0].ready is false, expected true". */
bool rb_partial_match(const struct rb_value *actual, const struct rb_value *expected,
                      struct rb_buf *why);
