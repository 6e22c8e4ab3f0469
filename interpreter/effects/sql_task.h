#pragma once
/* One request on its way: connection, prologue, statements, id of the transaction, COMMIT. */

#include "base/duration.h"
#include "effects/sql_result.h"
#include "effects/sql_session.h"

enum rb_sql_phase {
    RB_SQL_STARTING,
    RB_SQL_OPENING,
    RB_SQL_PROLOGUE,
    RB_SQL_BEFORE, /* the query of a review, and AFTER once more */
    RB_SQL_STATEMENTS,
    RB_SQL_AFTER,
    RB_SQL_MARK,    /* asks for the id of the transaction */
    RB_SQL_WAITING, /* for rb_sql_go_on */
    RB_SQL_COMMIT,
    RB_SQL_ROLLBACK,
    RB_SQL_ASKING, /* what became of a transaction (sql_settle.c) */
    RB_SQL_PAUSING,
};

struct rb_sql_task;

/* Where a request is at home; the last three are called last, and may free it. */
struct rb_sql_place {
    uv_loop_t *loop;
    int run_dir;
    void *context;
    /* A session for this connection; NULL when there can be none. */
    struct rb_sql_session *(*take)(void *context, const struct rb_value *connection,
                                   struct rb_error *err);
    void (*give)(void *context, struct rb_sql_session *session);
    void (*noted)(void *context, struct rb_sql_task *task);
    void (*settled)(void *context, struct rb_sql_task *task,
                    const struct rb_value *outcome);
    const struct rb_redactor *redactor; /* borrowed; NULL: there are no secrets */
};

struct rb_sql_task {
    const struct rb_sql_place *place;
    const struct rb_value *request;
    const char *dir; /* of the request */
    bool asks;       /* what became of the transaction of its `note`, and nothing else */
    bool is_write, is_read_only, is_transaction;
    uv_timer_t timer;
    int folder; /* steps/<dir>; -1: none */
    struct rb_sql_session *session;
    enum rb_sql_phase phase;
    rb_time began, statement_began, waited_from; /* monotonic, as all times here */
    rb_time deadline;                            /* INT64_MAX: none */

    size_t statement; /* index of the one that comes or runs */
    struct rb_sql_result result;
    struct rb_list_builder results, notices;
    size_t notices_lost;
    const struct rb_value *before, *after;
    const struct rb_value *note;  /* NULL: none was made */
    const struct rb_value *error; /* NULL: all is well */
    const struct rb_value *server;
    const char *killed; /* "timeout", "request", NULL */
    bool cancelled;     /* the server was asked to */
    bool rolled_back;   /* as rb_sql_undo wanted it */
    bool
        unnoted; /* its start is not: notes that are there are another's, and none is made */

    rb_time ask_until;
    const struct rb_value *xact_status; /* NULL: not known */
};

/* Starts when the loop turns; `place` is borrowed. */
struct rb_sql_task *rb_sql_task_new(const struct rb_sql_place *place,
                                    const struct rb_value *request, bool asks);
/* Wherever it is; its memory lives until the loop turns. */
void rb_sql_task_free(struct rb_sql_task *task);

void rb_sql_task_go_on(struct rb_sql_task *task);
void rb_sql_task_undo(struct rb_sql_task *task);
void rb_sql_task_end(struct rb_sql_task *task);

enum { RB_SQL_GRACE_S = 5 }; /* for the answer to ROLLBACK, and to what was cancelled */

/* For what a task is made of: opens its session; wakes it after `span`. */
void rb_sql_task_connect(struct rb_sql_task *task);
void rb_sql_task_wake(struct rb_sql_task *task, rb_time span);
