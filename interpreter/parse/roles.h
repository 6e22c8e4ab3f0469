#pragma once
/* Who may sign: `roles:`, and where their keys are declared: `signers:`. */

#include "parse/layer.h"

/* Each puts its part of both layers into the plan; a role of the environment replaces the one
 * below it, and so does its file of signers. */
void rb_layer_roles(struct rb_compiler *c, const struct rb_layer *base,
                    const struct rb_layer *over);
void rb_layer_signers(struct rb_compiler *c, const struct rb_layer *base,
                      const struct rb_layer *over);

/* `role: NAME` of a step or item: a new reference, or NULL after a diagnostic. */
const struct rb_value *rb_role_read(struct rb_compiler *c, const struct rb_yaml_node *node);
