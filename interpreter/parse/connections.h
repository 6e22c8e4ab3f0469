#pragma once
/* `connections:`, what steps and checks reach the world by. */

#include "parse/compile.h"

/* Reads one into a map NAME -> members (plan/spec.md): a new reference. */
const struct rb_value *rb_connections_read(struct rb_compiler *c,
                                           const struct rb_yaml_node *node);

/* Diagnoses a name that is not that of a connection, or of one that this action can't go over. */
void rb_connections_judge(struct rb_compiler *c, struct rb_span span, const char *name,
                          enum rb_action action);
/* Diagnoses steps that name a connection that is not declared, or of another type, and connections
 * that name a step that is none. */
void rb_connections_resolve(struct rb_compiler *c);
