#pragma once
/* What holds for all of a run, and what an environment lays over it. */

#include "parse/inherit.h"

struct rb_layer {
    const struct rb_yaml_node *title, *vars, *secrets, *env, *connections, *defaults,
        *locks, *window; /* NULL: not there */
    const struct rb_yaml_node *roles, *signers;
};

/* `environments:`: keeps their names, checks those that are not chosen, and gives the layer of
 * the one that is. A chosen name that is not there is diagnosed. */
void rb_layer_choose(struct rb_compiler *c, const struct rb_yaml_node *environments,
                     const char *chosen, struct rb_layer *ret_over);

/* Each puts its part of both layers into the plan. */
void rb_layer_title(struct rb_compiler *c, const struct rb_layer *base,
                    const struct rb_layer *over);
void rb_layer_vars(struct rb_compiler *c, const struct rb_layer *base,
                   const struct rb_layer *over);
void rb_layer_secrets(struct rb_compiler *c, const struct rb_layer *base,
                      const struct rb_layer *over);
void rb_layer_env(struct rb_compiler *c, const struct rb_layer *base,
                  const struct rb_layer *over);
void rb_layer_connections(struct rb_compiler *c, const struct rb_layer *base,
                          const struct rb_layer *over);
void rb_layer_window(struct rb_compiler *c, const struct rb_layer *base,
                     const struct rb_layer *over);
/* That of both, and of no plan: a new reference, or NULL. */
const struct rb_value *rb_layer_window_of(struct rb_compiler *c,
                                          const struct rb_layer *base,
                                          const struct rb_layer *over);

/* Those of both are held. */
void rb_layer_locks(struct rb_compiler *c, const struct rb_layer *base,
                    const struct rb_layer *over);

/* The defaults of both, into what steps inherit. */
void rb_layer_defaults(struct rb_compiler *c, const struct rb_layer *base,
                       const struct rb_layer *over, struct rb_inherit *into);
