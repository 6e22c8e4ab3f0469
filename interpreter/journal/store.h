#pragma once
/* Where runs are kept: <store>/runs/<run_id>/ and the chain of runs, <store>/runs.jsonl. */

#include "base/buf.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/value.h"

struct rb_store;

/* NULL: $RUNBOOK_STORE, else $XDG_STATE_HOME/runbook, else ~/.local/state/runbook. Creates it
 * (0700). Refuses a store that group or world can write to, and names the path. */
bool rb_store_open(const char *path, struct rb_store **ret_store,
                   struct rb_error *err) RB_MUST_CHECK;
void rb_store_close(struct rb_store *store);
/* False where another user than the caller or root owns it: what he wrote there can be read, and is
 * nothing to act upon. RB_ERR_INVALID. */
bool rb_store_is_ours(const struct rb_store *store, struct rb_error *err) RB_MUST_CHECK;
const char *rb_store_path(const struct rb_store *store);

/* A run's folder, opened. */
struct rb_run {
    char *id;
    char *path; /* of the folder, for messages */
    int dir;    /* descriptor of the folder */
    int lock;   /* descriptor of the locked `lock`, -1: not locked */
};
void rb_run_close(struct rb_run *run); /* accepts NULL and zeroed */

/* Ids sort by time and are short enough to type: r-20261124-104002-k3f7. `entropy` is a random
 * byte, `utc` the time of the input. */
void rb_run_make_id(rb_time utc, unsigned char entropy, char ret_id[32]);

/* Creates the folder with its sub-folders (sources, blobs/sha256, steps, inbox), 0700, and locks
 * it; rb_run_fill makes it durable. RB_ERR_INVALID when the id is not one. */
bool rb_run_create(struct rb_store *store, const char *id, struct rb_run **ret_run,
                   struct rb_error *err) RB_MUST_CHECK;
/* Opens an existing one, not locked. `id` may be a unique prefix, or "last". Refuses links,
 * and ids with anything but [a-z0-9-]. RB_ERR_NOT_FOUND with the nearest ids. */
bool rb_run_open(struct rb_store *store, const char *id, struct rb_run **ret_run,
                 struct rb_error *err) RB_MUST_CHECK;
/* The same for a run and the store that it is in. */
bool rb_run_is_ours(const struct rb_store *store, const struct rb_run *run,
                    struct rb_error *err) RB_MUST_CHECK;
/* OFD write lock; RB_ERR_LOCKED when another process holds it (exit 8), RB_ERR_RECORD when it or a
 * folder of the run is a link. */
bool rb_run_lock(struct rb_run *run, struct rb_error *err) RB_MUST_CHECK;
/* Is some process at work on it? */
bool rb_run_is_live(const struct rb_run *run);
/* Ids of all runs, newest first: a list of strings. One whose folder is a symbolic link is among them,
 * and rb_run_open refuses it. */
bool rb_store_list(struct rb_store *store, const struct rb_value **ret_ids,
                   struct rb_error *err) RB_MUST_CHECK;

/* Appends the run to the chain of runs under its lock and syncs: run_no, run, first (hash of
 * the journal's first line), prev. Lines are chained as in line.h, tag "runbook.runs.v1". */
bool rb_store_chain(struct rb_store *store, const char *run_id, const char *first_hash,
                    struct rb_error *err) RB_MUST_CHECK;
/* Verifies the chain and that every run in it is there with that first hash, and every run on
 * disk is in it; `run_id` NULL: all. RB_ERR_RECORD names the run. */
bool rb_store_verify_chain(struct rb_store *store, const char *run_id,
                           struct rb_error *err) RB_MUST_CHECK;

#define RB_RUN_FILE_MAX (64u << 20) /* bytes */

/* Files of a run: sources/<name>, plan.json (folder NULL). Exclusive creation, 0400, synced. */
bool rb_run_put(struct rb_run *run, const char *folder, const char *name, const void *bytes,
                size_t length, struct rb_error *err) RB_MUST_CHECK;
struct rb_run_file {
    const char *folder, *name; /* as above */
    const void *bytes;
    size_t length;
};
/* The same for all that a new run begins with. Syncs the run's folders and its place among the
 * runs too, so that one commit of the file system can serve everything. */
bool rb_run_fill(struct rb_run *run, const struct rb_run_file *files, size_t count,
                 struct rb_error *err) RB_MUST_CHECK;
bool rb_run_get(const struct rb_run *run, const char *folder, const char *name,
                struct rb_buf *out, struct rb_error *err) RB_MUST_CHECK;
