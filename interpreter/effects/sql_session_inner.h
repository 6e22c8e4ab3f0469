#pragma once
/* For sql_session.c and sql_connect.c alone. */

#include "base/buf.h"
#include "effects/sql_session.h"

enum rb_sql_session_state {
    RB_SQL_NEW,
    RB_SQL_CONNECTING, /* libpq has the say (sql_connect.c) */
    RB_SQL_GREETING,   /* a command of the session's own runs */
    RB_SQL_READY,
    RB_SQL_BUSY,
    RB_SQL_BROKEN, /* `lost` was said or is about to be */
};

/* libuv lets go of a poll later than of its descriptor, which changes while libpq connects. */
struct rb_sql_watch {
    uv_poll_t poll;
    struct rb_sql_session *session;
};

struct rb_sql_lookup {
    uv_getaddrinfo_t job;
    struct rb_sql_session *session; /* NULL: nobody waits for it */
};

struct rb_sql_session {
    uv_loop_t *loop;
    struct rb_pq *pq;
    const struct rb_value *connection, *server;
    struct rb_sql_session_events events;
    enum rb_sql_session_state state;
    PGconn *conn;
    struct rb_sql_watch *watch;
    uv_timer_t timer;
    PGresult *result; /* of the command that runs, so far */
    bool cancelled, refreshing;

    struct rb_sql_lookup *lookup;
    struct addrinfo *found, *next; /* addresses of the host, and the one to try next */
    struct rb_buf why;             /* what each address said */
};

/* From scratch. */
void rb_sql_connect(struct rb_sql_session *session);
/* libpq's socket has something for it while CONNECTING. */
void rb_sql_connect_go_on(struct rb_sql_session *session);
/* A command of the session's own ended while GREETING. */
void rb_sql_connect_greeted(struct rb_sql_session *session, const PGresult *result);
/* Drops what connecting holds. */
void rb_sql_connect_done(struct rb_sql_session *session);

/* Sends a command of the session's own. */
void rb_sql_session_greet(struct rb_sql_session *session, const char *text);
/* Watches the socket for UV_READABLE or UV_WRITABLE; false when that can't be. */
bool rb_sql_session_watch(struct rb_sql_session *session, int events);
/* Sends what libpq still has to send, and watches for what comes next. */
bool rb_sql_session_watch_flushed(struct rb_sql_session *session);
void rb_sql_session_unwatch(struct rb_sql_session *session);
void rb_sql_session_disconnect(struct rb_sql_session *session);
/* Adds to why the connection is no more. */
void rb_sql_session_say(struct rb_sql_session *session, const char *message);
/* Closes the connection, and says `lost` when the loop turns; `why` NULL: what libpq says. */
void rb_sql_session_break(struct rb_sql_session *session, const char *why);
