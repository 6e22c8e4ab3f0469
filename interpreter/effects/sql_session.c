#include "effects/sql_session_inner.h"

/* A request to cancel, on its way; it may outlive its session. */
struct cancel {
    uv_work_t work;
    struct rb_pq *pq;
    PGcancel *what;
};

static void free_watch(uv_handle_t *poll)
{
    free(poll->data);
}

void rb_sql_session_unwatch(struct rb_sql_session *session)
{
    if (session->watch)
        uv_close((uv_handle_t *)&session->watch->poll, free_watch);
    session->watch = NULL;
}

static void on_lost(uv_timer_t *timer)
{
    struct rb_sql_session *session = timer->data;
    session->events.lost(session->events.context, session->result,
                         rb_buf_text(&session->why));
}

/* In one line, without what libpq puts at the end. */
static void put_message(struct rb_buf *out, const char *message)
{
    size_t length = strlen(message);
    while (length > 0 && strchr(" \n\t", message[length - 1]))
        length--;
    for (size_t i = 0; i < length; i++) {
        bool blank = strchr("\n\t ", message[i]);
        if (!blank)
            rb_buf_putc(out, message[i]);
        else if (!strchr("\n\t ", message[i + 1]))
            rb_buf_putc(out, ' ');
    }
}

void rb_sql_session_say(struct rb_sql_session *session, const char *message)
{
    rb_buf_puts(&session->why, session->why.length > 0 ? "; " : "");
    put_message(&session->why, message);
}

static void on_refresh_failed(uv_timer_t *timer)
{
    rb_sql_connect(timer->data);
}

void rb_sql_session_break(struct rb_sql_session *session, const char *why)
{
    if (why || session->conn)
        rb_sql_session_say(session, why ? why : session->pq->errorMessage(session->conn));
    rb_sql_session_disconnect(session);
    session->state = RB_SQL_BROKEN;
    uv_timer_start(&session->timer, session->refreshing ? on_refresh_failed : on_lost, 0,
                   0);
}

void rb_sql_session_disconnect(struct rb_sql_session *session)
{
    rb_sql_session_unwatch(session);
    if (session->conn)
        session->pq->finish(session->conn);
    session->conn = NULL;
}

/* The first error says why; what follows it is its echo. */
static void keep(struct rb_sql_session *session, PGresult *result)
{
    const struct rb_pq *pq = session->pq;
    if (session->result && pq->resultStatus(session->result) == PGRES_FATAL_ERROR) {
        pq->clear(result);
        return;
    }
    pq->clear(session->result);
    session->result = result;
}

static bool is_copy(ExecStatusType status)
{
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* Takes the results that are there; `all`: none will come any more. True when the command ended.
 * A COPY, which would wait for us, ends it. */
static bool take_results(struct rb_sql_session *session, bool all)
{
    const struct rb_pq *pq = session->pq;
    while (all || !pq->isBusy(session->conn)) {
        PGresult *result = pq->getResult(session->conn);
        if (!result)
            return true;
        ExecStatusType status = pq->resultStatus(result);
        if (status != PGRES_SINGLE_TUPLE) {
            keep(session, result);
            if (is_copy(status))
                return true;
            continue;
        }
        session->events.row(session->events.context, result);
        pq->clear(result);
    }
    return false;
}

/* The callee may free the session; its memory stays until the loop turns. */
static void end_command(struct rb_sql_session *session)
{
    PGresult *result = session->result;
    session->result = NULL;
    if (session->state == RB_SQL_GREETING) {
        rb_sql_connect_greeted(session, result);
    } else {
        session->state =
            is_copy(session->pq->resultStatus(result)) ? RB_SQL_BROKEN : RB_SQL_READY;
        session->events.done(session->events.context, result);
    }
    session->pq->clear(result);
}

/* False when the connection is no more. */
static bool exchange(struct rb_sql_session *session, int status, int events)
{
    const struct rb_pq *pq = session->pq;
    if ((events & UV_WRITABLE) && pq->flush(session->conn) < 0)
        return false;
    return (status == 0 && !(events & UV_READABLE)) || pq->consumeInput(session->conn);
}

/* Only notices come by themselves. Of a connection that is no more, libpq still has what came
 * before. True when the command ended. */
static bool take(struct rb_sql_session *session)
{
    const struct rb_pq *pq = session->pq;
    if (session->state != RB_SQL_READY)
        return take_results(session, pq->status(session->conn) != CONNECTION_OK);
    pq->isBusy(session->conn); /* hands them over */
    return false;
}

static void work(struct rb_sql_session *session, int status, int events)
{
    bool sound = exchange(session, status, events);
    bool ended = take(session);
    if (!sound || session->pq->status(session->conn) != CONNECTION_OK)
        rb_sql_session_break(session, NULL);
    else if (ended)
        end_command(session);
    else if (!rb_sql_session_watch_flushed(session))
        rb_sql_session_break(session, NULL);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct rb_sql_watch *watch = poll->data;
    if (watch->session->state == RB_SQL_CONNECTING)
        rb_sql_connect_go_on(watch->session);
    else
        work(watch->session, status, events);
}

bool rb_sql_session_watch(struct rb_sql_session *session, int events)
{
    if (!session->watch) {
        struct rb_sql_watch *watch = rb_alloc(sizeof *watch);
        if (uv_poll_init(session->loop, &watch->poll, session->pq->socket(session->conn)) <
            0) {
            free(watch);
            return false;
        }
        watch->session = session;
        watch->poll.data = watch;
        session->watch = watch;
    }
    return uv_poll_start(&session->watch->poll, events, on_poll) == 0;
}

bool rb_sql_session_watch_flushed(struct rb_sql_session *session)
{
    int left = session->pq->flush(session->conn);
    return left >= 0 && rb_sql_session_watch(session, left > 0 ? UV_READABLE | UV_WRITABLE
                                                               : UV_READABLE);
}

/* A command was handed to libpq, if `good`. */
static void sent(struct rb_sql_session *session, enum rb_sql_session_state state, int good)
{
    session->state = state;
    if (!good || !rb_sql_session_watch_flushed(session))
        rb_sql_session_break(session, NULL);
}

void rb_sql_session_greet(struct rb_sql_session *session, const char *text)
{
    sent(session, RB_SQL_GREETING, session->pq->sendQuery(session->conn, text));
}

void rb_sql_session_command(struct rb_sql_session *session, const char *text)
{
    if (session->state == RB_SQL_READY)
        sent(session, RB_SQL_BUSY, session->pq->sendQuery(session->conn, text));
}

void rb_sql_session_query(struct rb_sql_session *session, const char *text,
                          const struct rb_value *params)
{
    const struct rb_pq *pq = session->pq;
    size_t count = rb_value_count(params);
    RB_AUTO_FREE const char **values = rb_alloc((count + 1) * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = rb_value_as_text(rb_value_at(params, i), NULL);
    if (session->state == RB_SQL_READY)
        sent(session, RB_SQL_BUSY,
             pq->sendQueryParams(session->conn, text, (int)count, NULL, values, NULL, NULL,
                                 0) &&
                 pq->setSingleRowMode(session->conn));
}

/* On a thread of the loop's pool: it connects, and waits until the server has passed it on. */
static void run_cancel(uv_work_t *work)
{
    struct cancel *cancel = work->data;
    char why[256];
    cancel->pq->cancel(cancel->what, why, sizeof why);
}

static void end_cancel(uv_work_t *work, int status)
{
    struct cancel *cancel = work->data;
    (void)status;
    cancel->pq->freeCancel(cancel->what);
    rb_pq_unref(cancel->pq);
    free(cancel);
}

void rb_sql_session_cancel(struct rb_sql_session *session)
{
    PGcancel *what = session->conn ? session->pq->getCancel(session->conn) : NULL;
    session->cancelled = true;
    if (!what)
        return;
    struct cancel *cancel = rb_alloc(sizeof *cancel);
    *cancel =
        (struct cancel){.work.data = cancel, .pq = rb_pq_ref(session->pq), .what = what};
    if (uv_queue_work(session->loop, &cancel->work, run_cancel, end_cancel) < 0)
        end_cancel(&cancel->work, 0);
}

struct rb_sql_session *rb_sql_session_new(uv_loop_t *loop, struct rb_pq *pq,
                                          const struct rb_value *connection)
{
    struct rb_sql_session *session = rb_alloc(sizeof *session);
    session->loop = loop;
    session->pq = rb_pq_ref(pq);
    session->connection = rb_value_ref(connection);
    uv_timer_init(loop, &session->timer);
    session->timer.data = session;
    return session;
}

static void free_session(uv_handle_t *timer)
{
    struct rb_sql_session *session = timer->data;
    rb_pq_unref(session->pq);
    rb_value_unref(session->connection);
    rb_value_unref(session->server);
    rb_buf_done(&session->why);
    free(session);
}

void rb_sql_session_free(struct rb_sql_session *session)
{
    if (!session)
        return;
    rb_sql_connect_done(session);
    rb_sql_session_disconnect(session);
    session->pq->clear(session->result);
    session->result = NULL;
    uv_close((uv_handle_t *)&session->timer, free_session);
}

void rb_sql_session_hold(struct rb_sql_session *session)
{
    session->events = (struct rb_sql_session_events){0};
    uv_poll_stop(&session->watch->poll);
}

bool rb_sql_session_is_clean(const struct rb_sql_session *session)
{
    return session->state == RB_SQL_READY && !session->cancelled &&
           rb_sql_session_transaction(session) == PQTRANS_IDLE;
}

PGTransactionStatusType rb_sql_session_transaction(const struct rb_sql_session *session)
{
    return session->conn ? session->pq->transactionStatus(session->conn) : PQTRANS_UNKNOWN;
}

const struct rb_value *rb_sql_session_server(const struct rb_sql_session *session)
{
    return session->server;
}

const struct rb_value *rb_sql_session_connection(const struct rb_sql_session *session)
{
    return session->connection;
}

const struct rb_pq *rb_sql_session_api(const struct rb_sql_session *session)
{
    return session->pq;
}
