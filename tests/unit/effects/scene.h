#pragma once
/* A run's folder of its own, a loop, and a supervisor to try. */

#include <uv.h>

#include "effects/supervisor.h"

struct scene {
    char path[64];
    struct rb_run run;
    uv_loop_t loop;
    uv_timer_t alarm;
    struct rb_supervisor *supervisor;
    struct rb_secrets secrets;      /* handed over with each request */
    const struct rb_value *outcome; /* of the last request that settled */
    char settled[64], lost[64];     /* folders */
    int settled_count, lost_count;
    bool timed_out;
};

void scene_open(struct scene *scene);
void scene_close(struct scene *scene);

/* The interpreter's end only, as a resumed interpreter opens it. */
void scene_attach(struct scene *scene);
void scene_detach(struct scene *scene);
/* The same on another loop: for a process forked from the test. */
void scene_fork(struct scene *scene);

/* Requests: one program, a script for sh, a list of programs. Owned. */
const struct rb_value *scene_exec(const char *dir, const char *program, ...)
    __attribute__((sentinel));
const struct rb_value *scene_sh(const char *dir, const char *script);
const struct rb_value *scene_programs(const char *dir, const struct rb_value *owned);
/* With one more member; owned. */
const struct rb_value *scene_with(const struct rb_value *owned, const char *key,
                                  const struct rb_value *owned_member);

void scene_send(struct scene *scene, const struct rb_value *owned);
/* Runs the loop until something settled or was lost; fails the test after `ms`. */
void scene_wait(struct scene *scene, unsigned ms);
/* Runs the loop for this time. */
void scene_rest(struct scene *scene, unsigned ms);
/* Both, and the outcome (borrowed until the next). */
const struct rb_value *scene_run(struct scene *scene, const struct rb_value *owned);

/* The bytes of "out" or "err" of the outcome; "" when there are none. Freed by the caller. */
char *scene_output(struct scene *scene, const char *member);
/* The same of a file in the run's folder. */
char *scene_file(struct scene *scene, const char *name);

/* The pid that text begins with; fails the test when there is none, since 0 would mean ourselves. */
pid_t scene_pid(const char *text);
/* Does this process exist, and isn't a zombie? */
bool scene_alive(long pid);
