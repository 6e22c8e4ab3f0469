#pragma once
/* The environment that programs get. */

#include "base/value.h"
#include "parse/compile.h"

/* A map NAME: value, of names that an environment can have. A value is a text or a secret, as
 * rb_leaf_secret reads it, or {"file": [text or secret...]}, where the variable has the path of a file in
 * memory. A new reference, or NULL after a diagnostic. */
const struct rb_value *rb_env_read(struct rb_compiler *c, const struct rb_yaml_node *node);
