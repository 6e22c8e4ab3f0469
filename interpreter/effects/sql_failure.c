#include "effects/sql_failure.h"

#include "effects/clock.h"
#include "effects/sql_folder.h"
#include "effects/sql_outcome.h"
#include "effects/sql_settle.h"

static void release_session(struct rb_sql_task *task)
{
    struct rb_sql_session *session = task->session;
    task->session = NULL;
    if (!session)
        return;
    if (!task->server)
        task->server = rb_value_ref(rb_sql_session_server(session));
    if (rb_sql_session_is_clean(session))
        task->place->give(task->place->context, session);
    else
        rb_sql_session_free(session);
}

void rb_sql_finish(struct rb_sql_task *task)
{
    rb_sql_result_discard(&task->result);
    release_session(task);
    RB_AUTO_VALUE const struct rb_value *all = rb_sql_outcome(task);
    const struct rb_value *outcome = rb_redact_value(task->place->redactor, all);
    rb_sql_folder_conclude(task, outcome);
    task->place->settled(task->place->context, task, outcome);
    rb_value_unref(outcome);
}

/* Before COMMIT nothing of a transaction can have been done; a statement that is one of its own
 * may leave something even where it failed, as CREATE INDEX CONCURRENTLY does. */
static const char *sent_by(const struct rb_sql_task *task, const char *otherwise)
{
    bool nothing =
        task->is_transaction || task->is_read_only || task->phase < RB_SQL_STATEMENTS;
    return nothing ? "no" : otherwise;
}

static int64_t statement_of(const struct rb_sql_task *task)
{
    return task->phase == RB_SQL_STATEMENTS ? (int64_t)task->statement : -1;
}

void rb_sql_roll_back(struct rb_sql_task *task)
{
    task->phase = RB_SQL_ROLLBACK;
    rb_sql_session_command(task->session, "ROLLBACK");
    rb_sql_task_wake(task, RB_SQL_GRACE_S * RB_SEC);
}

void rb_sql_fail(struct rb_sql_task *task, const struct rb_value *error)
{
    PGTransactionStatusType status =
        task->session ? rb_sql_session_transaction(task->session) : PQTRANS_UNKNOWN;
    task->error = error;
    if (status == PQTRANS_INTRANS || status == PQTRANS_INERROR)
        rb_sql_roll_back(task);
    else
        rb_sql_finish(task);
}

void rb_sql_fail_killed(struct rb_sql_task *task)
{
    bool wanted = strcmp(task->killed, "request") == 0;
    const struct rb_value *error =
        wanted ? rb_sql_error_text("cancelled", sent_by(task, "part"), "it was cancelled")
               : rb_sql_error_text("timeout", sent_by(task, "part"), "its time was up");
    rb_sql_fail(task, error);
}

/* The server ends a statement because its time was up, or because someone wanted it. */
static const char *code_of(struct rb_sql_task *task, const PGresult *result)
{
    const struct rb_pq *pq = rb_sql_session_api(task->session);
    const char *state = pq->resultErrorField(result, PG_DIAG_SQLSTATE);
    rb_time timeout = rb_value_get_int(task->request, "timeout_us", 0);
    if (!state || strcmp(state, "57014") != 0)
        return "server";
    if (!task->killed && timeout > 0 && rb_clock_mono() - task->statement_began >= timeout)
        task->killed = "timeout";
    return task->killed && strcmp(task->killed, "timeout") == 0 ? "timeout" : "cancelled";
}

void rb_sql_fail_by_server(struct rb_sql_task *task, const PGresult *result)
{
    const struct rb_pq *pq = rb_sql_session_api(task->session);
    bool copies = pq->resultStatus(result) != PGRES_FATAL_ERROR;
    const char *sent = task->phase == RB_SQL_COMMIT ? "no" : sent_by(task, "part");
    rb_sql_fail(task,
                rb_sql_error(pq, copies ? "refused" : code_of(task, result), sent, result,
                             "COPY from or to the client is not for a statement",
                             statement_of(task)));
}

void rb_sql_lose(struct rb_sql_task *task, const PGresult *result, const char *why)
{
    bool commits = task->phase == RB_SQL_COMMIT && !task->is_read_only;
    const char *code = task->killed                    ? "timeout"
                       : task->phase == RB_SQL_OPENING ? "connect"
                                                       : "lost";
    if (task->killed && strcmp(task->killed, "request") == 0)
        code = "cancelled";
    if (!task->error && !task->rolled_back)
        task->error = rb_sql_error(rb_sql_session_api(task->session), code,
                                   commits ? "maybe" : sent_by(task, "maybe"), result, why,
                                   statement_of(task));
    if (!task->server)
        task->server = rb_value_ref(rb_sql_session_server(task->session));
    rb_sql_session_free(task->session);
    task->session = NULL;
    if (commits)
        rb_sql_settle_begin(task);
    else
        rb_sql_finish(task);
}
