#pragma once
/* What the files of a run begin with: vars one after the other, each may refer to those before it, then
 * env and connections, and of the file that is run the locks. That of a call is its node's, and the
 * values that the call gives are its parameters. */

#include "core/state.h"

/* The book that stands at this node: of the file that is run (-1), or of the call that it is. */
const struct rb_book *rb_book_of(const struct rb_state *state, int node);
/* Its values; NULL: it is no call, or has not begun. */
struct rb_book_values *rb_book_at(const struct rb_state *state, int node);

/* Fills in whatever needs no evaluation, from the cursor on. */
void rb_book_advance(struct rb_state *state, int node);
/* Takes the items of the evaluation the cursor waited for. */
void rb_book_take(struct rb_state *state, int node, const struct rb_value *items);
bool rb_book_done(const struct rb_state *state, int node);
/* The expressions the cursor waits for. */
void rb_book_exprs(const struct rb_state *state, int node, int **items, int *count,
                   int *capacity);

/* What the book of this number is filled in with, seen from the current node, which stands in it. Never
 * NULL. */
const struct rb_book_values *rb_book_seen(const struct rb_state *state, int book);
/* The same of the book that the step of the current node stands in. */
const struct rb_book_values *rb_book_here(const struct rb_state *state);
/* And as it is declared. */
const struct rb_book *rb_book_declared(const struct rb_state *state);

void rb_book_values_done(struct rb_book_values *values);
const struct rb_value *rb_book_dump(const struct rb_book_values *values);
