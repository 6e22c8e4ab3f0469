#pragma once
/* A value held against the declaration of a parameter, or of a field that a person fills in. */

#include "base/buf.h"
#include "parse/node.h"
#include "plan/plan.h"

/* The words for the types, by enum rb_param_type, ending with NULL. */
extern const char *const rb_param_type_names[];

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

/* Pattern, values and bounds; of a list, for each element. Returns 0, or the code of the
 * diagnostic with what is wrong in `why` and what it should be in `help`. */
int rb_param_misfit(const struct rb_param *param, const struct rb_value *value,
                    struct rb_buf *why, struct rb_buf *help);

/* "a whole number", "a list of texts". */
void rb_param_describe(const struct rb_param *param, struct rb_buf *out);
