#pragma once
/* Values of the type that a parameter, or a field that a person fills in, declares. */

#include "parse/node.h"
#include "plan/param.h"

/* Text by the declared type; a list is `a,b` or YAML's `[a, b]`. False when it is none of the
 * type. A duration stays its text. */
bool rb_param_parse(const struct rb_param *param, const char *text,
                    const struct rb_value **ret_value);

/* The same for a list whose elements are texts already; they end with NULL. */
bool rb_param_parse_list(const struct rb_param *param, const char *const *texts,
                         const struct rb_value **ret_value);

/* A node by the declared type; what is none of the type is diagnosed. */
bool rb_param_from_node(const struct rb_param *param, const struct rb_yaml_node *node,
                        const char *what, struct rb_diags *diags,
                        const struct rb_value **ret_value);
