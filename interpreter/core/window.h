#pragma once
/* Windows outside of which no step begins: what is known of them, and what follows for a step.
 * Where they are open in which zone is found out at the edge; here are instants in UTC. */

#include "core/state.h"

/* Of a plan that has any, else NULL. */
struct rb_window *rb_windows_new(const struct rb_plan *plan);
const struct rb_value *rb_windows_dump(const struct rb_state *state);

/* Does this node stand in a window, its own or one around it? */
bool rb_window_applies(const struct rb_state *state, const struct rb_node *node);

enum rb_window_says {
    RB_WINDOW_ADMITS,  /* all are open */
    RB_WINDOW_LOOK,    /* is not known now: to be looked up */
    RB_WINDOW_CLOSED,  /* one is, until `at` */
    RB_WINDOW_UNKNOWN, /* nobody can say: `why` */
    RB_WINDOW_CLOCK    /* the clock was set: what it says now is not to be relied on */
};

struct rb_window_view {
    enum rb_window_says says;
    int owner;       /* the step whose window it is, -1: the run's */
    rb_time at;      /* when it opens, or the first of the open ones closes; 0: not known */
    const char *why; /* borrowed */
};
/* For the current node. */
struct rb_window_view rb_window_view(const struct rb_state *state);

/* What that depends on: -1 is the run's. NULL: none. */
const struct rb_value *rb_window_spec(const struct rb_plan *plan, int owner);
/* The name of what is asked about it: "window", or "window.ID". A new reference. */
const struct rb_value *rb_window_name(const struct rb_plan *plan, int owner);
/* Is it known where it stands at the time of the state? */
bool rb_window_is_known(const struct rb_state *state, int owner);
/* Whose windows a step stands in, from the inside out: its own, those around it, that of the run
 * (-1). RB_NO_WINDOW: there is no further one. */
enum { RB_NO_WINDOW = -2 };
int rb_window_owner(const struct rb_plan *plan, int step);
int rb_window_next(const struct rb_plan *plan, int owner);

/* For apply. With a fact the time is another: nodes that are to be admitted are looked at again. */
void rb_windows_stir(struct rb_state *state);
/* The time of day is another: who waits for a window looks again. */
void rb_windows_forget(struct rb_state *state);
/* Of an evaluation of the current node: what it found. */
void rb_window_take(struct rb_state *state, const struct rb_value *items);
/* Of window.overridden: nodes that wait for that window are looked at again. */
void rb_window_override(struct rb_state *state, const struct rb_event *event);
