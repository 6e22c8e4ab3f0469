#pragma once
/* The supervisor of a run: a process of its own that starts every child, owns their pipes, ends
 * their trees, and outlives the interpreter. See effects/process.md for requests and outcomes.
 *
 * Notes on disk, under steps/<dir>/: `started` (written before the first program is spawned,
 * then replaced with pids, start times and boot id), live `out` and `err`, `exit` (the outcome). */

#include <uv.h>

#include "base/duration.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/value.h"
#include "journal/store.h"

struct rb_supervisor; /* the interpreter's end */

struct rb_supervisor_events {
    void *context;
    /* The outcome of a request; borrowed. */
    void (*settled)(void *context, const char *dir, const struct rb_value *outcome);
    /* Stand around the outcomes that arrived together. */
    void (*several)(void *context);
    void (*no_more)(void *context);
    /* The supervisor is gone with this request under way, or was ended because it let all limits of
     * one pass (effects/awaited.h): look at rb_supervisor_find. */
    void (*lost)(void *context, const char *dir);
};

/* Attaches to the run's supervisor when one is alive, else starts one (fork, own session, no
 * descriptor of ours but its socket). When this returns, all that an earlier interpreter had
 * sent is either noted as started or will never be. */
bool rb_supervisor_open(uv_loop_t *loop, const struct rb_run *run,
                        const struct rb_supervisor_events *events,
                        struct rb_supervisor **ret_supervisor,
                        struct rb_error *err) RB_MUST_CHECK;
/* Lets go of it: it ends by itself once nothing runs any more. */
void rb_supervisor_close(struct rb_supervisor *supervisor);

/* `secrets` (may be NULL): those that it has not been given yet are handed over beside the
 * request. One that was stays in the list, at its place. */
bool rb_supervisor_run(struct rb_supervisor *supervisor, const struct rb_value *request,
                       const struct rb_secrets *secrets,
                       struct rb_error *err) RB_MUST_CHECK;
/* TERM to the tree, grace, KILL until nothing is left; the outcome comes with killed:"request". */
void rb_supervisor_end(struct rb_supervisor *supervisor, const char *dir);

/* What became of a request whose intent is on record. */
enum rb_found { RB_FOUND_UNSTARTED, RB_FOUND_RUNNING, RB_FOUND_ENDED, RB_FOUND_DOUBT };

/* RUNNING: it is adopted, `settled` will come within its limits from now on. ENDED: *ret_outcome is a new reference. DOUBT:
 * started, no outcome, and no supervisor alive that owns it. `same_boot`: its notes are of this one
 * (rb_note_same_boot, asked before anything else was run). */
enum rb_found rb_supervisor_find(struct rb_supervisor *supervisor,
                                 const struct rb_value *request, bool same_boot,
                                 const struct rb_value **ret_outcome);

/* There is no trace of such a request. Says nothing of one whose intent is on record: after a
 * boot its notes may be lost. */
bool rb_supervisor_is_new(const struct rb_supervisor *supervisor, const char *dir);

/* The last `cap` bytes of a live or ended stream ("out" or "err") of a request, for showing;
 * *ret_total is its size so far. False when there is none. */
bool rb_supervisor_tail(int run_dir, const char *dir, const char *stream, size_t cap,
                        struct rb_buf *out, int64_t *ret_total);
