#pragma once
/* Where a run stands: the nodes under way. Each may have something to decide or to want; a rule
 * looks at one of them, which is then the state's `current`. Those that hold no other are its
 * fronts: one in a straight run, several where branches run side by side. */

#include "core/state.h"

/* The same state, looked at from this node. Borrows all of it; never apply to it. */
struct rb_state rb_state_at(const struct rb_state *state, int node);

/* The node under way with this key, or -1. */
int rb_front_find(const struct rb_state *state, const char *key);
/* The element of a loop, or (element < 0) the step itself, whose loops have these elements. */
int rb_front_instance(const struct rb_state *state, int step, const int *elements,
                      int depth, bool loop);
/* The newest instance of a step that the current node can see: one that is not inside of another
 * branch or element of what both are in. -1: none. */
int rb_front_seen(const struct rb_state *state, int step);

/* Is it a guard, which looks beside the steps and is none of them? */
bool rb_front_is_guard(const struct rb_state *state, int node);
/* Does this guard have all wait: until it holds again, or a person has decided? */
bool rb_front_pauses(const struct rb_node *guard);
/* Does any? */
bool rb_front_is_paused(const struct rb_state *state);
/* The top step under way, or -1. */
int rb_front_top(const struct rb_state *state);

/* The first front that is no guard, or -1. */
int rb_front_first(const struct rb_state *state);
int rb_front_count(const struct rb_state *state);
/* Is the current node the only front? */
bool rb_front_is_alone(const struct rb_state *state);

/* May this node begin another child now? A branch that only stands still takes no place; where one
 * child follows the other, it does. */
bool rb_front_has_room(const struct rb_state *state, int node);

/* Could this node stop where it is, and be gone on with later? */
bool rb_front_may_stop(const struct rb_state *state, int node);
/* It could, and has to: the run is to stop, or a branch beside it failed. */
bool rb_front_is_held(const struct rb_state *state, int node);
/* Is it to be ended where it is? */
bool rb_front_is_cancelled(const struct rb_state *state, int node);
/* Nothing more happens here until the run is resumed. */
bool rb_front_stands(const struct rb_state *state, int node);
