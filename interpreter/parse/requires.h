#pragma once
/* What a runbook needs before it can begin. */

#include "parse/compile.h"

/* `requires:`; node may be NULL. */
void rb_requires_read(struct rb_compiler *c, const struct rb_yaml_node *node);
