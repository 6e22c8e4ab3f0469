#pragma once
/* The cycle of a run: input, decisions until quiet, journal, those who watch, effects.
 *
 * Running, resuming and the tests drive this same engine; what differs is the executor. */

#include "core/core.h"
#include "journal/writer.h"

/* Performs effects. What comes of one is put in by rb_engine_put, at once or later. */
struct rb_executor {
    void *self;
    /* All that precedes a write or a question is on disk when this is called. */
    void (*begin)(void *self, const struct rb_effect *effect,
                  const struct rb_value *request);
    /* It is no longer wanted: it is to come to its end. */
    void (*withdraw)(void *self, const struct rb_effect *effect);
    /* RB_EV_TIMER_DUE is to be put in at this monotonic time, at which a look may begin as well;
     * 0: no more. */
    void (*wake)(void *self, rb_time mono);
    /* Something is neither written nor shown while evaluations go on: rb_engine_sync is to be called
     * within some milliseconds, once for all such calls until then. */
    void (*soon)(void *self);
};

/* Sees every record once it is as durable as it has to be before someone hears of it. The
 * engine's state may be ahead of it by the decisions that share its write: who watches and
 * needs a state folds one of its own. */
typedef void rb_engine_watch(void *context, const struct rb_record *record);

struct rb_engine_options {
    struct rb_state *state;   /* borrowed */
    struct rb_writer *writer; /* borrowed */
    struct rb_executor executor;
    rb_engine_watch *watch; /* may be NULL */
    /* The first record of the run is written, and nothing has begun yet. False: nothing may, and
     * *err says why. May be NULL. */
    bool (*place)(void *context, const struct rb_record *first, struct rb_error *err);
    void *context;
};

struct rb_engine;

struct rb_engine *rb_engine_new(const struct rb_engine_options *options);
void rb_engine_free(struct rb_engine *engine); /* accepts NULL */

/* Puts in what arrived; `owned` is its payload. Something the state has no use for is dropped.
 * May be called from within the executor: then it is taken in turn. False when the journal
 * can't be written: nothing further is begun, and every later call fails the same. */
bool rb_engine_put(struct rb_engine *engine, enum rb_event_type type,
                   const struct rb_value *owned, struct rb_error *err);

/* Between these two, what is put in waits: what arrived together is on disk with one sync. Not from
 * within the executor, or another pair. The end is false as rb_engine_put is. */
void rb_engine_hold(struct rb_engine *engine);
bool rb_engine_release(struct rb_engine *engine, struct rb_error *err);

/* Records what was found before the run goes on: nothing is decided yet, nothing begun. */
void rb_engine_note(struct rb_engine *engine, enum rb_event_type type,
                    const struct rb_value *owned);

/* Writes and syncs what is owed, and shows it; also from within the executor. False as above. */
bool rb_engine_sync(struct rb_engine *engine, struct rb_error *err);
/* Puts in that the wall clock was set, if it was since the last call: to be called now and then. */
bool rb_engine_watch_clock(struct rb_engine *engine, struct rb_error *err);

/* There is no room on the disk for what comes next: the core hears of it, once, and the run
 * stops after its step. */
bool rb_engine_disk_full(struct rb_engine *engine, struct rb_error *err);

/* The run has come to a stop and nothing is under way. */
bool rb_engine_ended(const struct rb_engine *engine);
