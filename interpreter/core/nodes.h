#pragma once
/* Nodes that begin, end and stand still: for apply, which alone changes a state. */

#include "core/state.h"

/* What the call of this node began with is forgotten. */
void rb_nodes_close_book(struct rb_node *node);

/* Something happened to this node (-1: to none): there may be something to decide about it. */
void rb_nodes_touch(struct rb_state *state, int node);
void rb_nodes_touch_all(struct rb_state *state);
/* All was decided: a fact follows. */
void rb_nodes_settle(struct rb_state *state);

/* Of step.began: its node becomes the current one; with `for` it is begun again, under the node of
 * that key. Nothing where it has no place. */
void rb_nodes_begin(struct rb_state *state, const struct rb_event *event);
/* Another attempt of it. */
void rb_nodes_try(struct rb_state *state, struct rb_node *node);
/* Has it to be admitted before it begins: for its windows, or what it needs? */
bool rb_nodes_has_entry(const struct rb_state *state, const struct rb_node *node);
/* It is to be admitted, where it has to be; else it is. */
void rb_nodes_enter(struct rb_state *state, struct rb_node *node);
void rb_nodes_admit(struct rb_state *state, struct rb_node *node);
/* The current node has ended; what held it becomes the current one. */
void rb_nodes_end(struct rb_state *state, struct rb_node *node, enum rb_status status,
                  const struct rb_value *outputs);
/* All that is under way ends where it is; children before what holds them. */
void rb_nodes_end_all(struct rb_state *state);
/* It is about to end as failed, and what holds it counts that (core/container.h). */
void rb_nodes_count_failure(struct rb_state *state, struct rb_node *node, bool unknown);
/* What failed in it is to be begun anew, then what has not begun. */
void rb_nodes_redo(struct rb_state *state, struct rb_node *holder);
/* Of step.halted: it stands still, and holds up what it is in. */
void rb_nodes_halt(struct rb_state *state, struct rb_node *node,
                   const struct rb_event *event);
/* The payload of a step.halted: where it says so, nothing else is begun, or what runs is ended. */
void rb_nodes_stop(struct rb_state *state, const struct rb_value *halted);
/* It is decided about: what it held up may go on. */
void rb_nodes_go_on(struct rb_state *state, struct rb_node *node);
