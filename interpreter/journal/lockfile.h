#pragma once
/* The file of one lock: who holds it, in JSON on its last whole line, and a lock on the file while a
 * process of the holder lives. Lines are only added, so that one which is cut off changes nothing.
 * What is in it may be hostile, and is never obeyed: what it says of a run is looked up in that
 * run's record.
 *
 * {key, held, run, store, by, host, pid, since, purpose}, and once it is no longer held: status of
 * the run, or broken {by, reason, at}. */

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"

/* "db%3Aprimary": letters, digits, '-', '_', '.' and '@' stand for themselves, no name begins with
 * a dot, and a long one ends with the digest of the key: any key has one name in the folder. */
void rb_lockfile_name(const char *key, struct rb_buf *out);

/* Opens the file of a key, made where it is not there, and takes its lock. RB_ERR_LOCKED: a process
 * holds it; *ret_holder (may be NULL) is then what the file says, or NULL. */
bool rb_lockfile_take(int folder, const char *key, int *ret_fd,
                      const struct rb_value **ret_holder,
                      struct rb_error *err) RB_MUST_CHECK;
/* What the file says, a new reference; NULL: nothing. RB_ERR_RECORD: it is not what we write. */
bool rb_lockfile_read(int fd, const char *key, const struct rb_value **ret_holder,
                      struct rb_error *err) RB_MUST_CHECK;
/* The same of a file that may be anything: false where it says nothing. */
bool rb_lockfile_peek(int fd, const struct rb_value **ret_holder);
/* What it said last of this run, a new reference; NULL: nothing, or nothing any more. */
const struct rb_value *rb_lockfile_said_of(int fd, const char *run);
/* From now on it says this, durably. `fresh`: what it said before counts no more, so that it may
 * go where there is much of it. */
bool rb_lockfile_write(int fd, const struct rb_value *holder, bool fresh,
                       struct rb_error *err) RB_MUST_CHECK;

/* Is it held: by a process that lives, or by a run that is still open as far as its record can be
 * read? */
enum rb_lock_state {
    RB_LOCK_FREE,    /* given up, or nobody has had it */
    RB_LOCK_STALE,   /* its run has ended, or never came to be, and did not give it up */
    RB_LOCK_KEPT,    /* by a run that nobody is at work on */
    RB_LOCK_UNKNOWN, /* its record can't be read */
};
/* To be asked by who has the file's lock; `holder` as read. *ret_words (static text): how the run
 * of a stale one ended, "has failed". */
enum rb_lock_state rb_lockfile_state(const struct rb_value *holder, const char **ret_words);
/* Does a supervisor live that works on its run, with an interpreter or without? False also where
 * that can't be looked up. */
bool rb_lockfile_is_at_work(const struct rb_value *holder);
/* "has failed" of a status, whatever it is: static text. */
const char *rb_lockfile_words(const char *status);
