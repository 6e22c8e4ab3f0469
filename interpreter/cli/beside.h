#pragma once
/* A shell beside the run, for a person at this terminal who is asked how to go on. It is no answer: what
 * else is under way goes on, and the question is asked again. */

#include <uv.h>

#include "cli/args.h"
#include "core/core.h"
#include "journal/store.h"
#include "render/view.h"

struct rb_beside_options {
    uv_loop_t *loop;
    const struct rb_run *run;
    const struct rb_state *state;
    const char *store;         /* as it was named; NULL: as the environment has it */
    const char *operator_name; /* who is asked */
    /* Records this; false: the run is to be left. */
    bool (*put)(void *context, enum rb_event_type type, const struct rb_value *owned);
    void (*closed)(void *context); /* after it was recorded */
    void *context;
};

struct rb_beside;

/* All of the options is borrowed. */
struct rb_beside *rb_beside_new(const struct rb_beside_options *options);
/* Opens one on the terminal of the view; false: the question is open no longer. Both are borrowed until it is
 * closed. */
bool rb_beside_open(struct rb_beside *beside, int tty, struct rb_view *view,
                    const struct rb_value *question, const char *purpose);
bool rb_beside_is_open(const struct rb_beside *beside);
/* To be called now and then. */
void rb_beside_tend(struct rb_beside *beside);
/* The run is asked to end: so is the shell. */
void rb_beside_hang_up(struct rb_beside *beside);
/* What is still open is left to itself, and the view has its terminal back: before that is closed. */
void rb_beside_leave(struct rb_beside *beside);
void rb_beside_free(struct rb_beside *beside);
