#pragma once
/* What the compiler carries from file to file of this folder. Nothing outside includes it. */

#include "base/hash.h"
#include "parse/parse.h"

/* The files around one that is called. */
struct rb_caller {
    const char *place;
    const struct rb_caller *outer; /* NULL: the one that is run */
    int depth;
};

struct rb_compiler {
    struct rb_document *document;
    struct rb_diags *diags;
    struct rb_arena *arena; /* the plan's */
    struct rb_plan *plan;
    struct rb_book *book; /* of the file that is read */
    int book_number;
    const char *owner; /* for rb_expr.where: a step's id, "vars", "env" */
    const struct rb_yaml_node *templates; /* the section, or NULL */
    bool dry;                             /* what is read is checked and not kept */
    const struct rb_reading *reading;
    const char *place; /* of the file that is read */
    const struct rb_caller *caller;
    const char
        *rescue; /* what it stands in that there is no way back from: "undo", or NULL */

    bool rescued; /* the file that is read is called from there */

    struct rb_book **books;
    int book_count, book_capacity;

    struct rb_called *called;
    int called_count, called_capacity;

    struct rb_plan_secret *secrets;
    int secret_count, secret_capacity;

    struct rb_expr *exprs;
    struct rb_lua_refs *refs; /* of each expression */
    int expr_count, expr_capacity, refs_capacity;

    struct rb_step *steps;
    const struct rb_yaml_node **step_nodes;
    int step_count, step_capacity, nodes_capacity;
    struct rb_step_id *ids; /* uthash by id */

    struct rb_step_name *made_by; /* steps that connections name, to be found at the end */
    int made_by_count, made_by_capacity;

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

struct rb_step_name {
    const struct rb_yaml_node *node;
    int book; /* that it stands in */
};

/* Index of the step that has this id in the file of a book, among those read so far, or -1. */
int rb_compiler_find(const struct rb_compiler *c, int book, const char *id);

/* "owner.name", in the plan's arena. */
const char *rb_compiler_where(struct rb_compiler *c, const char *name);

/* Begins to read a file that is called by this step (-1: the one that is run). */
void rb_compiler_begin_book(struct rb_compiler *c, int call, const char *prefix);

/* Moves an array that grew on the heap to where it stays; frees the old one. */
void *rb_compiler_keep(struct rb_arena *arena, void *items, int count, size_t size);
