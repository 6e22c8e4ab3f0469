#pragma once
/* Evaluations of Lua: a few at once, each in a worker of its own, the others in turn. Their looks at
 * the world go to the drivers. */

#include "effects/drivers.h"
#include "effects/worker.h"

struct rb_evaluations;

struct rb_evaluations_options {
    uv_loop_t *loop;
    rb_worker_main *worker_main;
    int run_dir;
    int writer; /* epoch: names the folders of looks */
    struct rb_drivers *drivers;
    const struct rb_state *state;
    void *context;
    bool (*put)(void *context, const struct rb_value *step, int64_t attempt,
                enum rb_event_type type, const struct rb_value *owned);
    void (*broke)(void *context, const struct rb_error *err);
};

struct rb_evaluations *rb_evaluations_new(const struct rb_evaluations_options *options);
/* Kills the workers. The loop has to turn once more. Accepts NULL. */
void rb_evaluations_free(struct rb_evaluations *all);

void rb_evaluations_begin(struct rb_evaluations *all, const struct rb_effect *effect,
                          const struct rb_value *job);
void rb_evaluations_withdraw(struct rb_evaluations *all, const struct rb_effect *effect);

/* False when no look has this folder and waits for its outcome. */
bool rb_evaluations_settle(struct rb_evaluations *all, const char *dir,
                           const struct rb_value *outcome);
/* The supervisor was lost, and what it looked at with it. */
void rb_evaluations_lose(struct rb_evaluations *all);
