#pragma once
/* Taking back what a run has done: `undo` over what was started, the newest first. */

#include "core/core.h"

/* The node that is to be taken back next, or -1. */
int rb_rollback_next(const struct rb_state *state);
/* The keys of those that are left, what a person gave up taking back before the others, in that order:
 * a list. */
const struct rb_value *rb_rollback_left(const struct rb_state *state);
/* The same for people, who know a host by its name, and not by where it stands in a list:
 * "install[0] (web-1)". */
const struct rb_value *rb_rollback_left_names(const struct rb_state *state);

/* Is this the undo of a step of which nobody can say whether it happened, and is not decided whether it
 * is to be taken back? */
bool rb_rollback_doubts(const struct rb_state *state, int node);

/* May this run be rolled back now? Not while it is, nor in its last steps; and there has to be
 * something that an undo takes back. */
bool rb_rollback_is_possible(const struct rb_state *state);

/* It begins: as soon as what runs beside the current node stands still. The cause is `why`, `by`, `who` and
 * `reason` of rollback.began, and is taken over; stops: nothing else is begun beside it. */
bool rb_rollback_begin(const struct rb_state *state, struct rb_event *ret,
                       const struct rb_value *owned_cause, bool stops);
/* Whoever stops it in its midst leaves things as nobody wanted them: the run ends as incomplete, and names
 * what is left. False where no rollback is under way. `at` the current node, or none. */
bool rb_rollback_stop(const struct rb_state *state, struct rb_event *ret, const char *why);
/* The same as rb_rollback_begin, where all stands still; `at` the current node. */
bool rb_rollback_say(const struct rb_state *state, struct rb_event *ret,
                     const struct rb_value *owned_cause);
