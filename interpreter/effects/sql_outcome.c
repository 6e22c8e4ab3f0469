#include "effects/sql_outcome.h"

#include "effects/clock.h"

bool rb_sql_is_bad(const struct rb_pq *pq, const PGresult *result)
{
    ExecStatusType status = pq->resultStatus(result);
    return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

static const struct rb_value *field(const struct rb_pq *pq, const PGresult *result,
                                    int code)
{
    const char *text = result ? pq->resultErrorField(result, code) : NULL;
    return text ? rb_value_text(text) : NULL;
}

static const struct rb_value *position(const struct rb_pq *pq, const PGresult *result)
{
    const char *text =
        result ? pq->resultErrorField(result, PG_DIAG_STATEMENT_POSITION) : NULL;
    return text ? rb_value_int(strtoll(text, NULL, 10)) : NULL;
}

const struct rb_value *rb_sql_error(const struct rb_pq *pq, const char *code,
                                    const char *sent, const PGresult *result,
                                    const char *why, int64_t statement)
{
    const struct rb_value *message = field(pq, result, PG_DIAG_MESSAGE_PRIMARY);
    return rb_value_map("code", rb_value_text(code), "sent", rb_value_text(sent), "message",
                        message ? message : rb_value_text(why), "sqlstate",
                        field(pq, result, PG_DIAG_SQLSTATE), "detail",
                        field(pq, result, PG_DIAG_MESSAGE_DETAIL), "hint",
                        field(pq, result, PG_DIAG_MESSAGE_HINT), "position",
                        position(pq, result), "statement",
                        statement >= 0 ? rb_value_int(statement) : NULL, NULL);
}

const struct rb_value *rb_sql_error_text(const char *code, const char *sent,
                                         const char *why)
{
    return rb_value_map("code", rb_value_text(code), "sent", rb_value_text(sent), "message",
                        rb_value_text(why), NULL);
}

const struct rb_value *rb_sql_notice(const struct rb_pq *pq, const PGresult *notice)
{
    return rb_value_map("severity", field(pq, notice, PG_DIAG_SEVERITY_NONLOCALIZED),
                        "message", field(pq, notice, PG_DIAG_MESSAGE_PRIMARY), NULL);
}

static const struct rb_value *list_or_none(struct rb_list_builder *builder)
{
    return builder->count > 0 ? rb_list_end(builder) : NULL;
}

static const struct rb_value *text_or_none(const char *text)
{
    return text ? rb_value_text(text) : NULL;
}

/* What became of the transaction is better known than how its connection ended. */
static void settle_error(struct rb_sql_task *task)
{
    const char *status = rb_value_as_text(task->xact_status, "");
    if (strcmp(status, "committed") == 0) {
        rb_value_unref(task->error);
        task->error = NULL;
    } else if (strcmp(status, "aborted") == 0) {
        RB_AUTO_VALUE const struct rb_value *before = task->error;
        RB_AUTO_VALUE const struct rb_value *sent =
            rb_value_map("sent", rb_value_text("no"), NULL);
        task->error = rb_value_merge(before, sent);
    }
}

static const struct rb_value *of_asking(struct rb_sql_task *task, rb_time took)
{
    return rb_value_map(
        "xact_status",
        task->error ? rb_value_text("unknown") : rb_value_ref(task->xact_status), "error",
        rb_value_ref(task->error), "server", rb_value_ref(task->server), "killed",
        text_or_none(task->killed), "duration_us", rb_value_int(took), NULL);
}

const struct rb_value *rb_sql_outcome(struct rb_sql_task *task)
{
    rb_time took = rb_clock_mono() - task->began;
    if (task->asks)
        return of_asking(task, took);
    if (task->xact_status)
        settle_error(task);
    return rb_value_map(
        "results", rb_list_end(&task->results), "notices", list_or_none(&task->notices),
        "notices_lost",
        task->notices_lost > 0 ? rb_value_int((int64_t)task->notices_lost) : NULL, "xid",
        rb_value_ref(rb_value_get(task->note, "xid")), "settled",
        task->xact_status && !task->error ? rb_value_text("xid") : NULL, "rolled_back",
        task->rolled_back ? rb_value_bool(true) : NULL, "error", rb_value_ref(task->error),
        "killed", text_or_none(task->killed), "server", rb_value_ref(task->server),
        "duration_us", rb_value_int(took), NULL);
}
