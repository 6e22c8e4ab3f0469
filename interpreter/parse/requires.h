#pragma once
/* What a runbook needs before it can begin. */

#include "parse/compile.h"

/* Once, before any file is read. */
void rb_requires_begin(struct rb_compiler *c);
/* `requires:`; node may be NULL. What several files need is needed together. */
void rb_requires_read(struct rb_compiler *c, const struct rb_yaml_node *node);
