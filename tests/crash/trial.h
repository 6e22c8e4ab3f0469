#pragma once
/* One trial: a runbook is run, something goes wrong, and what was promised must hold. */

#include <stdint.h>

#include "base/buf.h"
#include "scenes.h"
#include "seam.h"

/* Where trials of one worker take place. */
struct lab {
    char world[256]; /* made anew for each trial */
    const char *repository;
    int worker; /* from 0 */
};

/* Removes a folder with all that is in it. */
void trial_remove(const char *path);

struct trial {
    const struct scene *scene;
    struct fault fault; /* while it is executed */
    int loss;           /* what the disk loses afterwards: an enum disk_loss; -1: nothing */
    int again; /* > 0: the first resume is killed at this call of its interpreter */
};

/* What the run does when nothing goes wrong. */
struct baseline {
    int counts[ROLES], allocated[ROLES];
    unsigned char trace[ROLES][TRACE_MAX];
    struct rb_buf
        effects; /* a line for each program that was started, and each write that arrived */
};

bool trial_baseline(const struct lab *lab, const struct scene *scene,
                    struct baseline *ret_baseline, struct rb_buf *ret_why);

enum trial_end {
    TRIAL_HELD,
    TRIAL_UNMET, /* the fault was never met: there were fewer calls this time */
    TRIAL_BROKEN /* a promise was, and `ret_why` says which */
};
/* ret_state tells states of the disk apart; 0 when the disk lost nothing. */
enum trial_end trial_run(const struct lab *lab, const struct trial *trial,
                         const struct baseline *baseline, uint64_t *ret_state,
                         struct rb_buf *ret_why);
