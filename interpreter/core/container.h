#pragma once
/* What holds other steps, and fails as a whole.
 *
 * In an element of a loop that says `max_failures` a step that fails does not end the run: it ends
 * as failed, and what holds it counts that. A group in which one failed has failed itself; a loop
 * has when so many of its elements have. What is under way in it comes to its end first. */

#include "core/core.h"

/* Is a failure of the current node counted by what holds it? */
bool rb_container_counts(const struct rb_state *state);
/* The current node is an element of a loop that counts: what its step says of `on_failure` is
 * about the loop. */
bool rb_container_is_counted_element(const struct rb_state *state);
/* The current node has failed, and its `on_failure: continue` passes over that. */
bool rb_container_passes_over(const struct rb_state *state);

/* How many children of this node may not fail: with so many it has failed. */
int rb_container_most(const struct rb_state *state, int node);
/* So many children of it have failed. */
bool rb_container_has_failed(const struct rb_state *state, int node);
/* It begins no further child for what failed in it, or beside it. */
bool rb_container_is_spent(const struct rb_state *state, int node);
/* A branch beside this node failed, which ends it. */
bool rb_container_is_ended(const struct rb_state *state, int node);

/* Which element of a loop it is, where that is a short text or a number; else false, and nothing is added. */
bool rb_container_element(const struct rb_state *state, int loop, int element,
                          struct rb_buf *out);
/* How the elements of a loop stand where one has failed: {done, failed, untouched}, each {count,
 * names: the first of them}; else NULL. A new reference. */
const struct rb_value *rb_container_elements(const struct rb_state *state, int loop);
/* "2 of 5 failed: web-2, web-4; done: web-1, web-3; untouched: web-5" */
void rb_container_text(const struct rb_value *elements, struct rb_buf *out);

/* How many steps stand as failed, counting none that is in another. */
int rb_container_failures(const struct rb_state *state);
bool rb_container_is_outermost_failure(const struct rb_state *state, int node);

/* attempt.failed of the current node, which has failed and has nothing under way. */
bool rb_container_fail(const struct rb_state *state, struct rb_event *ret);
