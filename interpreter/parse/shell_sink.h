#pragma once
/* Where the text of a value would be read as a program after all. */

#include "parse/node.h"
#include "parse/shell_flow.h"
#include "parse/shell_lex.h"

/* A scalar of the file among what was lexed, and the offset that its text begins at. */
struct rb_shell_piece {
    size_t begin;
    const struct rb_yaml_node *scalar;
};

/* A script, or the argument lists of programs that no shell starts. */
struct rb_shell_text {
    const struct rb_shell_lex *lex;
    const struct rb_shell_piece *pieces; /* at least one, in order */
    int piece_count;
    struct rb_shell_outside outside;
    bool list;
};

/* Diagnoses values that a second shell, bash's arithmetic or another program would read as
 * source (RB0501..RB0505): directly, through a variable of the script or of `env`, through a pipe,
 * or through the constant text of a `sh -c`. A value that is a number for certain
 * (`tonumber(...)`, `math.tointeger(...)`) may stand anywhere. False when something was found. */
bool rb_shell_sinks(struct rb_arena *arena, const struct rb_shell_text *text,
                    struct rb_diags *diags);
