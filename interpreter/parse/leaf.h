#pragma once
/* Values of the file that may hold `${{ expr }}`, as values with template leaves (plan/plan.h).
 * Each gives a new reference, or NULL after a diagnostic. */

#include "base/value.h"
#include "parse/compile.h"

/* Where text belongs: a scalar as it is written; `$${{` is a literal `${{`. */
const struct rb_value *rb_leaf_text(struct rb_compiler *c, const struct rb_yaml_node *node,
                                    const char *where);

/* The same where what takes the text keeps it to itself: `${{ secrets.NAME }}` may be all of
 * it, as {"$secret": NAME}. RB_LEAF_SECRET_PLACES names such fields, for messages. */
#define RB_LEAF_SECRET_PLACES                                                     \
    "`env`, `stdin`, the `auth` and `headers` of a request, and the `password`, " \
    "`webhook` or keys of a connection"
const struct rb_value *rb_leaf_secret(struct rb_compiler *c,
                                      const struct rb_yaml_node *node, const char *where);

/* The same of what lets somebody in, which had better be one: a text that stands there is warned of. */
const struct rb_value *rb_leaf_credential(struct rb_compiler *c,
                                          const struct rb_yaml_node *node,
                                          const char *where);

/* What a step gives to the template that it uses. */
struct rb_leaf_with {
    const struct rb_value *parts; /* NAME -> the parts of a text */
    bool *used;                   /* of each, in their order */
    struct rb_span span;          /* where it is given, for messages */
};

/* The parts of a text, in their order: texts and values. `${{ with.NAME }}` stands for the parts
 * that are given under this name, and one that is not given is diagnosed; `with` NULL: it means
 * nothing. */
const struct rb_value *rb_leaf_parts(struct rb_compiler *c, const struct rb_yaml_node *node,
                                     const char *where, const struct rb_leaf_with *with);

/* The same where secrets may be among the parts. */
const struct rb_value *rb_leaf_secret_parts(struct rb_compiler *c,
                                            const struct rb_yaml_node *node,
                                            const char *where);

/* Where any value may stand: a scalar that is only one `${{ }}` keeps that value's type. */
const struct rb_value *rb_leaf_value(struct rb_compiler *c, const struct rb_yaml_node *node,
                                     const char *where);

/* Does the value begin with one that is only known in the run? Then its expression's number,
 * else -1. */
int rb_leaf_first(const struct rb_value *value);
