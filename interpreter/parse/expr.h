#pragma once
/* Lua in the file becomes expressions of the plan. */

#include "parse/compile.h"

/* The bytes [offset, offset+length) of a scalar's text as one expression (never statements);
 * its number, or -1 when it is no Lua, which is diagnosed. */
int rb_expr_add(struct rb_compiler *c, const struct rb_yaml_node *scalar, size_t offset,
                size_t length, const char *where);

/* A field that is bare Lua: an expression, or statements that return. `${{` is diagnosed. */
int rb_expr_bare(struct rb_compiler *c, const struct rb_yaml_node *node, const char *where);

/* The chunk of a `lua` step: statements, which may return nothing. */
int rb_expr_chunk(struct rb_compiler *c, const struct rb_yaml_node *node,
                  const char *where);

/* Lua that the compiler wrote for the node, in place of the expressions from `first` on. */
int rb_expr_replace(struct rb_compiler *c, int first, const char *source,
                    const struct rb_yaml_node *node, const char *where);

/* Sets `steps` of all expressions, when all steps are known. */
void rb_expr_resolve(struct rb_compiler *c);
