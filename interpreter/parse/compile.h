#pragma once
/* What the compiler carries from file to file of this folder. Nothing outside includes it. */

#include "base/hash.h"
#include "parse/parse.h"

struct rb_compiler {
    struct rb_document *document;
    struct rb_diags *diags;
    struct rb_arena *arena; /* the plan's */
    struct rb_plan *plan;
    const char *owner; /* for rb_expr.where: a step's id, "vars", "env" */
    bool dry;          /* what is read is checked and not kept */

    struct rb_expr *exprs;
    struct rb_lua_refs *refs; /* of each expression */
    int expr_count, expr_capacity, refs_capacity;

    struct rb_step *steps;
    const struct rb_yaml_node **step_nodes;
    int step_count, step_capacity, nodes_capacity;
    struct rb_step_id *ids; /* uthash by id */

    struct rb_secret_use *secret_uses;
    int secret_use_count, secret_use_capacity;

    struct lua_State *lua; /* that tries out expressions */
    const char **loops;    /* loop variables in scope */
    int loop_count, loop_capacity;
};

struct rb_step_id {
    UT_hash_handle hh;
    const char *id;
    int step;
};

/* Index of the step with this id among those read so far, or -1. */
int rb_compiler_find(const struct rb_compiler *c, const char *id);

/* "owner.name", in the plan's arena. */
const char *rb_compiler_where(struct rb_compiler *c, const char *name);

/* Moves an array that grew on the heap to where it stays; frees the old one. */
void *rb_compiler_keep(struct rb_arena *arena, void *items, int count, size_t size);
