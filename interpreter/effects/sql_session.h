#pragma once
/* One connection to a server: finding it, one command at a time, cancelling. It knows nothing of
 * requests and transactions. No event comes within a call, and a session that was freed within an
 * event calls none any more. */

#include <uv.h>

#include "base/error.h"
#include "base/value.h"
#include "effects/pq_api.h"

struct rb_sql_session;

struct rb_sql_session_events {
    void *context;
    void (*opened)(void *context);
    /* A row of a query. All results are borrowed. */
    void (*row)(void *context, const PGresult *row);
    /* A command ended: its first result that is an error, else its last one. */
    void (*done)(void *context, const PGresult *result);
    void (*notice)(void *context, const PGresult *notice);
    /* The connection could not be made, or is no more. `result` is what the server said last, or
     * NULL; `why` is one line, without the password. */
    void (*lost)(void *context, const PGresult *result, const char *why);
};

/* Of a request's `connection`; borrows the loop. */
struct rb_sql_session *rb_sql_session_new(uv_loop_t *loop, struct rb_pq *pq,
                                          const struct rb_value *connection);
void rb_sql_session_free(struct rb_sql_session *session); /* accepts NULL */

/* Connects, or makes one that was held as new (DISCARD ALL; where that fails, it connects
 * again): `opened` or `lost` follows. */
void rb_sql_session_open(struct rb_sql_session *session,
                         const struct rb_sql_session_events *events);
/* Nobody owns it until the next open. It does not keep the loop. */
void rb_sql_session_hold(struct rb_sql_session *session);

/* Commands of ours, `;` between them; `done` follows, with a single row at most. */
void rb_sql_session_command(struct rb_sql_session *session, const char *text);
/* One statement with its parameters bound (list of text or null): `row` for each, then `done`. */
void rb_sql_session_query(struct rb_sql_session *session, const char *text,
                          const struct rb_value *params);
/* Asks the server to end what runs, from a thread; `done` says whether it did. */
void rb_sql_session_cancel(struct rb_sql_session *session);

/* May it be held for another: connected, at rest, in no transaction, never cancelled? */
bool rb_sql_session_is_clean(const struct rb_sql_session *session);
PGTransactionStatusType rb_sql_session_transaction(const struct rb_sql_session *session);
/* {version, system, in_recovery, timeline, stats_reset}, as far as the server tells; borrowed. */
const struct rb_value *rb_sql_session_server(const struct rb_sql_session *session);
const struct rb_pq *rb_sql_session_api(const struct rb_sql_session *session);
const struct rb_value *rb_sql_session_connection(const struct rb_sql_session *session);
