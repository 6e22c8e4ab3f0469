#pragma once
/* The start of a run: vars one after the other, each may refer to those before it, then env. */

#include "core/state.h"

/* Fills in whatever needs no evaluation, from the cursor on. */
void rb_start_advance(struct rb_state *state);
/* Takes the items of the evaluation the cursor waited for. */
void rb_start_take(struct rb_state *state, const struct rb_value *items);
bool rb_start_done(const struct rb_state *state);
/* The expressions the cursor waits for. */
void rb_start_exprs(const struct rb_state *state, int **items, int *count, int *capacity);
