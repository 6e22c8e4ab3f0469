#pragma once
/* The Lua worker of an interpreter: a process that evaluates jobs (effects/job.md) and can be
 * killed. The program that runs in it comes from lua/, which stands to the right of us. */

#include <uv.h>

#include "base/error.h"
#include "base/value.h"

/* Reads jobs from fd until it ends; `run_dir` (-1: none) is where blobs are. Never returns to
 * the interpreter's code: its result is the exit status of the process. */
typedef int rb_worker_main(int fd, int run_dir);

struct rb_worker;

struct rb_worker_events {
    void *context;
    /* Calls to the world during the job, a list of {"call", "req"}, to be made at the same time
     * and answered together by rb_worker_answer. */
    void (*asked)(void *context, const struct rb_value *requests);
    /* {"items": [...]}: the job ended. A worker that had to be killed, died or talked rubbish
     * gives an error for each item and "cut": true, and the next job gets a new worker. */
    void (*done)(void *context, const struct rb_value *outcome);
};

/* Forks the worker at the first job. */
struct rb_worker *rb_worker_new(uv_loop_t *loop, rb_worker_main *main, int run_dir,
                                const struct rb_worker_events *events);
void rb_worker_free(struct rb_worker *worker); /* kills it; accepts NULL */

/* One job at a time. The wall clock limit (job.limits.time_us) runs while Lua runs, not while
 * the world is being asked. */
bool rb_worker_run(struct rb_worker *worker, const struct rb_value *job,
                   struct rb_error *err) RB_MUST_CHECK;
/* The outcomes of what was asked, in its order. */
void rb_worker_answer(struct rb_worker *worker, const struct rb_value *outcomes);
/* Gives up the job: kills the worker; no `done` comes. */
void rb_worker_withdraw(struct rb_worker *worker);

/* The same without a loop, on recorded evidence: for replay. One process serves many jobs. */
struct rb_worker_replay;

struct rb_worker_replay *rb_worker_replay_new(rb_worker_main *main, int run_dir);
void rb_worker_replay_free(struct rb_worker_replay *replay); /* kills it; accepts NULL */

/* *ret_outcome: {"items": [...]}, a new reference. A call that differs from the recorded one or
 * is missing in the record is an error of its item; calls of the record that were not made are
 * an error of every item. False when no worker can be started, and with RB_ERR_NOT_FOUND when what
 * the record refers to is not there: then nothing is known. */
bool rb_worker_replay_eval(struct rb_worker_replay *replay, const struct rb_value *job,
                           const struct rb_value *evidence,
                           const struct rb_value **ret_outcome,
                           struct rb_error *err) RB_MUST_CHECK;
/* Whether the worker answered the last of them itself: one that died or took too long says nothing
 * about what it was asked. */
bool rb_worker_replay_answered(const struct rb_worker_replay *replay);
