#pragma once
/* `secrets:` of the runbook and of an environment: where a value comes from, never the value. */

#include "parse/compile.h"

/* One declaration; `source` is then a reference. False when it can't be one, which is
 * diagnosed. */
bool rb_secret_read(struct rb_compiler *c, const struct rb_yaml_node *name,
                    const struct rb_yaml_node *value, struct rb_plan_secret *ret_secret);
