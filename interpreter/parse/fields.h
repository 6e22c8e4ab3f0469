#pragma once
/* Mappings whose keys have a meaning. */

#include "parse/compile.h"

struct rb_field {
    const char *name;
    void (*read)(struct rb_compiler *c, const struct rb_yaml_node *value, void *into);
};

/* Reads each pair of the mapping by the field of its name, in the order of the file. An unknown
 * key is diagnosed, with the nearest known one. `fields` ends with a NULL name; `what` is "a
 * parameter". False when the node is no mapping, which is diagnosed. */
bool rb_fields_read(struct rb_compiler *c, const struct rb_yaml_node *mapping,
                    const char *what, const struct rb_field *fields, void *into);

/* The diagnostic for a key that is none of `known`, which ends with NULL. */
void rb_fields_unknown(struct rb_diags *diags, const struct rb_yaml_node *key,
                       const char *what, const char *const *known);

/* The diagnostic for a key that `what` has to have; `node` is where it should be. */
void rb_fields_missing(struct rb_diags *diags, const struct rb_yaml_node *node,
                       const char *what, const char *key, const char *help);

/* Calls `read` for each item of a sequence; one scalar counts as a list of one where
 * `or_one`. False when it is neither, which is diagnosed. */
bool rb_fields_each(struct rb_compiler *c, const struct rb_yaml_node *list,
                    const char *what, bool or_one,
                    void (*read)(struct rb_compiler *c, const struct rb_yaml_node *item,
                                 void *into),
                    void *into);

/* Those of both lists, each once, the first one's first; in the plan's arena. */
const char *const *rb_fields_add(struct rb_compiler *c, const char *const *first,
                                 const char *const *second);

/* The texts of a list, in the plan's arena, NULL-terminated; never NULL. */
const char *const *rb_fields_texts(struct rb_compiler *c, const struct rb_yaml_node *list,
                                   const char *what, bool or_one);
