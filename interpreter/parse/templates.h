#pragma once
/* `templates:`, texts with places for values, and what a step makes of one. */

#include "parse/draft.h"

/* The section, for the steps that are read after it; NULL: there is none. */
void rb_templates_read(struct rb_compiler *c, const struct rb_yaml_node *node);

/* Fills in text and subject of the message by the template that `name` names. */
void rb_templates_fill(struct rb_compiler *c, struct rb_draft *draft,
                       const struct rb_yaml_node *name);
