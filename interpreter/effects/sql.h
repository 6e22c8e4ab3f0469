#pragma once
/* Statements on PostgreSQL servers, over libpq on the loop. See effects/sql.md for requests,
 * notes and outcomes. Nothing here blocks; no event is called within the call that asked for it.
 *
 * Notes on disk as a supervisor's (effects/notes.h), for a write: steps/<dir>/started, written
 * before the first statement is sent, and steps/<dir>/exit, the outcome. */

#include <uv.h>

#include "base/error.h"
#include "base/redact.h"
#include "base/value.h"

struct rb_sql; /* the connections of one run on one loop; one idle one is held per name */

struct rb_sql_events {
    void *context;
    /* The outcome of a request; borrowed. */
    void (*settled)(void *context, const char *dir, const struct rb_value *outcome);
    /* A write is done but for its COMMIT, which waits for rb_sql_go_on: before that, `note`
     * (borrowed) has to be durable, so that whoever resumes can ask what became of it. */
    void (*noted)(void *context, const char *dir, const struct rb_value *note);
    /* What rb_sql_ask_xid asked: {xact_status} of the transaction of `note`; borrowed. */
    void (*found)(void *context, const char *dir, const struct rb_value *note,
                  const struct rb_value *outcome);
};

/* Connects to nothing and loads nothing so far. */
bool rb_sql_open(uv_loop_t *loop, int run_dir, const struct rb_sql_events *events,
                 struct rb_sql **ret_sql, struct rb_error *err) RB_MUST_CHECK;
/* Lets go of all connections; no event comes any more. What is under way is left as a crash would
 * leave it. The loop has to turn once more. Accepts NULL. */
void rb_sql_close(struct rb_sql *sql);

/* From here on these secrets are taken out of what comes; it has to outlive the driver. */
void rb_sql_redact(struct rb_sql *sql, const struct rb_redactor *redactor);

/* `settled` will follow, whatever becomes of it, unless this fails: RB_ERR_PROTOCOL without a
 * proper `dir`, RB_ERR_REFUSED when that one is under way. */
bool rb_sql_run(struct rb_sql *sql, const struct rb_value *request,
                struct rb_error *err) RB_MUST_CHECK;
/* COMMIT of what `noted` told of. Ignored when nothing of that name waits for it. */
void rb_sql_go_on(struct rb_sql *sql, const char *dir);
/* ROLLBACK of it instead: the outcome has rolled_back. */
void rb_sql_undo(struct rb_sql *sql, const char *dir);
/* Cancels what runs and rolls back; the outcome has killed:"request". A COMMIT that was sent is not
 * taken back: its outcome is what became of it. */
void rb_sql_end(struct rb_sql *sql, const char *dir);

/* What became of the transaction that `note` tells of: `found` follows. Keeps no notes on
 * disk. Fails as rb_sql_run does. */
bool rb_sql_ask_xid(struct rb_sql *sql, const struct rb_value *connection,
                    const struct rb_value *note, const char *dir,
                    struct rb_error *err) RB_MUST_CHECK;
