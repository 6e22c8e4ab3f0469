#pragma once
/* A condition taken apart, so that one that does not hold can show why: `a == 1 and b < c` is
 * two clauses, each with its operands. */

#include <stdbool.h>
#include <stddef.h>

struct rb_clause {
    const char *text; /* the clause; not NUL-terminated */
    size_t length;
    int line;             /* on which it begins, from 0 */
    size_t op, op_length; /* offset of its comparison operator; length 0: has none */
    bool left_literal, right_literal;
};

enum { RB_CLAUSE_MAX = 16 };

/* The clauses of an expression, joined by `and`: evaluated from the first to the last as long
 * as they are true they give what the expression gives. 0 when it can't be taken apart (it has
 * `or` at its top, a function, a comma, more clauses than that). */
int rb_clause_split(const char *text, size_t length, struct rb_clause ret[RB_CLAUSE_MAX]);
