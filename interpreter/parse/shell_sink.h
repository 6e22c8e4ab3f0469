#pragma once
/* Where the text of a value would be read as a program after all. */

#include "parse/node.h"
#include "parse/shell_lex.h"

/* Diagnoses values that a second shell, bash's arithmetic or another program would read as
 * source (RB0501..RB0505): directly, through a variable of the script, or through a pipe.
 * A value that is a number for certain (`tonumber(...)`, `math.tointeger(...)`) may stand
 * anywhere. False when something was found. */
bool rb_shell_sinks(struct rb_arena *arena, const struct rb_yaml_node *scalar,
                    const struct rb_shell_lex *lex, struct rb_diags *diags);
