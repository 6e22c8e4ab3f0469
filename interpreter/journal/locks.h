#pragma once
/* The locks that a run holds on what it changes: one run at a time holds each.
 *
 * Held twice: by a lock on the file while a process is at work on the run, and by what is written
 * in the file, which names the run, while the run is open. A run that waits for a person, or was
 * killed, keeps what it holds. */

#include "journal/store.h"

struct rb_locks;

/* Where they are kept: $RUNBOOK_LOCKS, else /var/lib/runbook/locks where that is there, else
 * <store>/locks, which is made when a lock is taken. One that everybody can write to is refused. */
bool rb_locks_open(struct rb_store *store, struct rb_locks **ret_locks,
                   struct rb_error *err) RB_MUST_CHECK;
/* Lets the processes' locks go; the files say what they said. Accepts NULL. */
void rb_locks_free(struct rb_locks *locks);
const char *rb_locks_path(const struct rb_locks *locks);

/* Takes all of `keys` (a list of texts) for the run that `holder` {run, store: its absolute path, by,
 * host, pid, since, purpose} names, or none. Those that it holds already it goes on to hold. RB_ERR_LOCKED: another
 * has one, err says who, what for and since when, and *ret_refused (may be NULL) is the payload of
 * lock.refused. */
bool rb_locks_take(struct rb_locks *locks, const struct rb_value *keys,
                   const struct rb_value *holder, const struct rb_value **ret_refused,
                   struct rb_error *err) RB_MUST_CHECK;
/* The payload of lock.taken: {keys, folder, over: what was found of earlier holders}. */
const struct rb_value *rb_locks_taken(const struct rb_locks *locks);
/* The run has ended with this status: gives them up. What can't be noted is found to be stale. */
void rb_locks_release(struct rb_locks *locks, const char *status);

/* Breaks a lock that no process holds, noting who and why. RB_ERR_LOCKED: one does, or
 * a step of its run still works;
 * RB_ERR_NOT_FOUND: nobody holds it. *ret_holder: who did. */
bool rb_locks_break(struct rb_locks *locks, const char *key, const struct rb_value *broken,
                    const struct rb_value **ret_holder, struct rb_error *err) RB_MUST_CHECK;
/* What there is: a list of what the files say, each with `live`: a process holds it. */
bool rb_locks_list(struct rb_locks *locks, const struct rb_value **ret_list,
                   struct rb_error *err) RB_MUST_CHECK;
