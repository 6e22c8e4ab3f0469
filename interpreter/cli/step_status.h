#pragma once
/* How the steps of a run stand, for whoever asks: over all instances of a step one word. */

#include "core/state.h"

/* The instance that stands for a step: of a loop under way the loop itself, of what is taken back in part
 * the newest that is not. -1: none. */
int rb_step_node(const struct rb_state *state, int step);
/* pending, active, passed, failed, skipped, undone, cancelled; static text. */
const char *rb_step_status(const struct rb_state *state, int step);
/* The same for people: also `open`, and `not run` for what can't have its turn any more. */
const char *rb_step_word(const struct rb_state *state, int step);
/* How the elements of a loop stand in which some failed, or NULL; borrowed. */
const struct rb_value *rb_step_elements(const struct rb_state *state, int step);
/* How many instances of a step were taken back, and of how many that were to be. */
int rb_step_undone(const struct rb_state *state, int step, int *ret_all);
/* Is one of these ({step: a key}) of this step, or of one of its instances? */
bool rb_step_is_among(const struct rb_value *list, const char *step);
