#include "effects/sql_settle.h"

#include "effects/clock.h"
#include "effects/sql_failure.h"
#include "effects/sql_outcome.h"

static const rb_time PATIENCE = 10 * RB_SEC, PAUSE = 200 * RB_MS;

static const struct rb_value *note_of(const struct rb_sql_task *task)
{
    return task->asks ? rb_value_get(task->request, "note") : task->note;
}

static void open_session(struct rb_sql_task *task)
{
    rb_time left = task->ask_until - rb_clock_mono();
    task->phase = RB_SQL_ASKING;
    rb_sql_task_wake(task, left > 0 ? left : 0);
    rb_sql_task_connect(task);
}

void rb_sql_settle_begin(struct rb_sql_task *task)
{
    task->ask_until = rb_clock_mono() + PATIENCE;
    open_session(task);
}

/* There is no knowing, and `why` goes along. */
static void give_up(struct rb_sql_task *task, const char *why)
{
    RB_AUTO_VALUE const struct rb_value *error = task->error;
    RB_AUTO_VALUE const struct rb_value *doubt =
        rb_value_map("doubt", rb_value_text(why), NULL);
    task->error =
        error ? rb_value_merge(error, doubt) : rb_sql_error_text("unknown", "maybe", why);
    rb_sql_finish(task);
}

static void pause_asking(struct rb_sql_task *task, const char *why)
{
    if (rb_clock_mono() + PAUSE >= task->ask_until) {
        give_up(task, why);
        return;
    }
    task->phase = RB_SQL_PAUSING;
    rb_sql_task_wake(task, PAUSE);
}

/* An id says nothing elsewhere, nor on a copy that went on without some transactions. */
static const char *not_evidence(const struct rb_value *note, const struct rb_value *server)
{
    const char *system = rb_value_get_text(note, "system", "");
    if (!*system || !rb_value_get(note, "xid") || !rb_value_get(server, "system"))
        return "it is not known which system the transaction was of";
    if (strcmp(system, rb_value_get_text(server, "system", "")) != 0)
        return "the server is another system than that of the transaction";
    if (rb_value_get_bool(server, "in_recovery", true))
        return "the server is a standby";
    if (rb_value_get_int(note, "timeline", -1) != rb_value_get_int(server, "timeline", -2))
        return "the server is on another timeline than the transaction was";
    return NULL;
}

static void ask(struct rb_sql_task *task)
{
    RB_AUTO_VALUE const struct rb_value *params =
        rb_value_list(rb_value_ref(rb_value_get(note_of(task), "xid")), NULL);
    task->phase = RB_SQL_ASKING;
    rb_sql_session_query(task->session,
                         "SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8)", params);
}

void rb_sql_settle_opened(struct rb_sql_task *task)
{
    const char *why = not_evidence(note_of(task), rb_sql_session_server(task->session));
    if (why)
        give_up(task, why);
    else
        ask(task);
}

static void set_status(struct rb_sql_task *task, const struct rb_value *owned)
{
    rb_value_unref(task->xact_status);
    task->xact_status = owned;
}

void rb_sql_settle_row(struct rb_sql_task *task, const PGresult *row)
{
    const struct rb_pq *pq = rb_sql_session_api(task->session);
    set_status(task,
               pq->getisnull(row, 0, 0) ? NULL : rb_value_text(pq->getvalue(row, 0, 0)));
}

/* An id that was given out but not yet written is given out again after a crash: then it may be
 * another's transaction that is committed. That it is aborted holds for both. */
static bool may_be_another(const struct rb_sql_task *task)
{
    const struct rb_value *server = rb_sql_session_server(task->session);
    return strcmp(rb_value_as_text(task->xact_status, ""), "committed") == 0 &&
           !rb_value_equal(rb_value_get(note_of(task), "stats_reset"),
                           rb_value_get(server, "stats_reset"));
}

/* An id of the future, on the same system: what was not written of it went with a crash. */
static bool is_of_the_future(const struct rb_pq *pq, const PGresult *result)
{
    const char *state = pq->resultErrorField(result, PG_DIAG_SQLSTATE);
    return state && strcmp(state, "22023") == 0;
}

/* The server may not have noticed yet that we are gone, or waits for its standbys. */
void rb_sql_settle_done(struct rb_sql_task *task, const PGresult *result)
{
    const struct rb_pq *pq = rb_sql_session_api(task->session);
    if (is_of_the_future(pq, result))
        set_status(task, rb_value_text("aborted"));
    else if (rb_sql_is_bad(pq, result))
        set_status(task, NULL);
    const char *status = rb_value_as_text(task->xact_status, "");
    if (strcmp(status, "in progress") == 0) {
        pause_asking(task, "the transaction is in progress");
    } else if (!*status) {
        give_up(task, "the server does not know the transaction any more");
    } else if (may_be_another(task)) {
        set_status(task, NULL);
        give_up(task, "the server crashed since, and may have used the id again");
    } else {
        rb_sql_finish(task);
    }
}

void rb_sql_settle_lost(struct rb_sql_task *task, const char *why)
{
    rb_sql_session_free(task->session);
    task->session = NULL;
    pause_asking(task, why);
}

void rb_sql_settle_woken(struct rb_sql_task *task)
{
    if (task->killed || rb_clock_mono() >= task->ask_until)
        give_up(task, "the server did not answer in time");
    else if (task->session)
        ask(task);
    else
        open_session(task);
}
