#pragma once
/* What a parameter, or a field of `ask`, may be. */

#include "parse/compile.h"

struct rb_declare {
    struct rb_param param;        /* its values and default are references */
    const struct rb_value *title; /* of a field */
    int type;                     /* index of the type's word */
};

/* The words of `type` in a field of `ask`, ending with NULL. */
extern const char *const rb_declare_field_types[];
enum { RB_DECLARE_ENUM = 4, RB_DECLARE_DATE };

/* Reads a declaration: of a parameter, or of a field where `asked`. False when it can't be one,
 * which is diagnosed. */
bool rb_declare_read(struct rb_compiler *c, const struct rb_yaml_node *name,
                     const struct rb_yaml_node *value, bool asked,
                     struct rb_declare *ret_declare);

/* `params:` of the runbook. */
void rb_declare_params(struct rb_compiler *c, const struct rb_yaml_node *node);
