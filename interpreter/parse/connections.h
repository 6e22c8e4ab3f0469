#pragma once
/* `connections:`, what steps and checks reach the world by. */

#include "parse/compile.h"

/* Reads one into a map NAME -> members (plan/spec.md): a new reference. */
const struct rb_value *rb_connections_read(struct rb_compiler *c,
                                           const struct rb_yaml_node *node);

/* Diagnoses steps that name a connection that is not declared, or of another type. */
void rb_connections_resolve(struct rb_compiler *c);
