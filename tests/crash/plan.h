#pragma once
/* Which trials there are, and their names. */

#include "trial.h"

struct plan {
    struct trial *trials; /* freed by the caller */
    size_t count, capacity;
};

/* Of each kind of fault at most `most`, spread over the processes, over the time in which a write
 * is under way and the rest, and evenly within each of these. */
enum {
    PLAN_WHOLE = -2,  /* all of them, however long it takes */
    PLAN_CALLS = -1,  /* all of them, but of allocations some, in one mode */
    PLAN_BOUNDED = 0, /* the same, but of a slow scene some of each kind */
};
struct plan plan_all(const struct scene *scene, const struct baseline *baseline, int most);

/* SCENE:FAULT:ROLE:NTH:ERROR:MEMORY+2*FOREVER:LOSS:AGAIN, so that one can be tried by itself. */
void plan_name(const struct trial *trial, char *ret_name, size_t size);
bool plan_parse(const char *name, struct trial *ret_trial);

const char *plan_fault_name(enum fault_kind kind);
/* The call at which it happens. */
const char *plan_call(const struct trial *trial, const struct baseline *baseline);
