#pragma once
/* Values at the beginning of an argument, where one that starts with `-` would be read as an
 * option (plan/spec.md, dash_ok). */

#include "base/value.h"
#include "parse/compile.h"

/* For each argument of a program whether a value may start it with `-`. A new list. */
const struct rb_value *rb_dash_list(const struct rb_compiler *c,
                                    const struct rb_value *argv);
