#pragma once
/* The executor of a real run: processes through the supervisor, Lua through the worker,
 * questions through an asker, timers on the loop. */

#include <uv.h>

#include "effects/asker.h"
#include "effects/elsewhere.h"
#include "effects/engine.h"
#include "effects/supervisor.h"
#include "effects/vault.h"
#include "effects/worker.h"
#include "journal/locks.h"

struct rb_real;

struct rb_real_options {
    uv_loop_t *loop;
    const struct rb_run *run;
    const struct rb_state *state;
    struct rb_asker asker;         /* ask NULL: nobody can be asked */
    struct rb_elsewhere elsewhere; /* open NULL: nobody answers from elsewhere */
    struct rb_vault *vault;
    rb_worker_main *worker_main;
    int writer;   /* epoch: names the folders of looks at the world */
    bool resumed; /* the run goes on: secrets that it used may be printed again */
    const char *operator_name; /* who answers; borrowed */
    struct rb_locks *locks; /* those that the run takes; NULL: it can take none; borrowed */
    const struct rb_value *lock_holder; /* as rb_locks_take wants it; borrowed */
    /* Something failed that no event can hold: the journal, a helper. The run is to be left. */
    void (*broke)(void *context, const struct rb_error *err);
    void *context;
};

/* Supervisor and worker are started when the first effect needs them. */
struct rb_real *rb_real_new(const struct rb_real_options *options);
/* Lets the supervisor go on with what runs. The loop has to turn once more. Accepts NULL. */
void rb_real_free(struct rb_real *real);

struct rb_executor rb_real_executor(struct rb_real *real);
/* Where outcomes go; before the first effect. */
void rb_real_attach(struct rb_real *real, struct rb_engine *engine);
/* A fact about a step that came from elsewhere. */
void rb_real_put(struct rb_real *real, const struct rb_value *step, int64_t attempt,
                 enum rb_event_type type, const struct rb_value *owned);
