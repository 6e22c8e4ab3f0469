#pragma once
/* `window:` of a runbook, an environment or a step, and names of time zones. */

#include "base/value.h"
#include "parse/compile.h"

/* As plan/spec.md has it: a new reference, or NULL after a diagnostic. */
const struct rb_value *rb_window_read(struct rb_compiler *c,
                                      const struct rb_yaml_node *node);

/* The name of a zone: a new reference, or NULL after a diagnostic. Whether this machine knows it is
 * for check/ to say: a plan does not depend on the machine that makes it. */
const struct rb_value *rb_window_zone(struct rb_compiler *c,
                                      const struct rb_yaml_node *node);
