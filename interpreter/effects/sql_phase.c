#include "effects/sql_phase.h"

#include "effects/clock.h"
#include "effects/sql_failure.h"
#include "effects/sql_folder.h"
#include "effects/sql_request.h"
#include "plan/sql_name.h"

static const int64_t HELD_BYTES = 64 << 10; /* of the rows of a statement, in memory */

/* What only reads keeps no notes: it has a folder when its rows need a file. */
static int folder_of(void *context)
{
    struct rb_sql_task *task = context;
    struct rb_error err;
    return task->folder >= 0 || rb_sql_folder_open(task, &err) ? task->folder : -1;
}

static void begin_result(struct rb_sql_task *task)
{
    task->statement_began = rb_clock_mono();
    rb_sql_result_begin(&task->result, rb_sql_session_api(task->session), task->folder,
                        task->request);
    rb_output_hold(&task->result.rows, HELD_BYTES, folder_of, task);
    rb_output_redact(&task->result.rows, task->place->redactor);
    task->result.redactor = task->place->redactor;
}

static void send_prologue(struct rb_sql_task *task)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_sql_request_prologue(task->request, &text);
    rb_sql_session_command(task->session, rb_buf_text(&text));
}

static void send_statement(struct rb_sql_task *task)
{
    const struct rb_value *statement =
        rb_value_at(rb_value_get(task->request, "statements"), task->statement);
    RB_AUTO_BUF struct rb_buf text = {0};
    begin_result(task);
    rb_sql_text_join(rb_value_get(statement, "text"), &text);
    rb_sql_session_query(task->session, rb_buf_text(&text),
                         rb_value_get(statement, "params"));
}

static void send_review(struct rb_sql_task *task)
{
    const struct rb_value *review = rb_value_get(task->request, "review");
    begin_result(task);
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_sql_text_join(rb_value_get(review, "query"), &text);
    rb_sql_session_query(task->session, rb_buf_text(&text), rb_value_get(review, "params"));
}

void rb_sql_phase_enter(struct rb_sql_task *task, enum rb_sql_phase phase)
{
    task->phase = phase;
    switch (phase) {
    case RB_SQL_PROLOGUE:
        send_prologue(task);
        break;
    case RB_SQL_BEFORE:
    case RB_SQL_AFTER:
        send_review(task);
        break;
    case RB_SQL_STATEMENTS:
        send_statement(task);
        break;
    case RB_SQL_MARK:
        rb_sql_session_command(task->session, "SELECT pg_catalog.pg_current_xact_id()");
        break;
    case RB_SQL_COMMIT:
        rb_sql_session_command(task->session, "COMMIT");
        break;
    default:
        break;
    }
}

static enum rb_sql_phase after_statements(const struct rb_sql_task *task)
{
    bool reviewed = rb_value_get(task->request, "review") && !task->after;
    return reviewed ? RB_SQL_AFTER : task->is_read_only ? RB_SQL_COMMIT : RB_SQL_MARK;
}

static const struct rb_value *rows_of(const struct rb_sql_task *task)
{
    struct rb_list_builder rows = {0};
    for (size_t i = 0; i < task->results.count; i++) {
        const struct rb_value *count = rb_value_get(task->results.items[i], "rows");
        rb_list_add(&rows, count ? rb_value_ref(count) : rb_value_null());
    }
    return rb_list_end(&rows);
}

static const struct rb_value *notices_of(const struct rb_sql_task *task)
{
    struct rb_list_builder notices = {0};
    for (size_t i = 0; i < task->notices.count; i++)
        rb_list_add(&notices, rb_value_ref(task->notices.items[i]));
    return notices.count > 0 ? rb_list_end(&notices) : NULL;
}

/* What the note tells stands before the durable note of it, and COMMIT after that. */
static void wait_for_note(struct rb_sql_task *task, const PGresult *mark)
{
    const struct rb_pq *pq = rb_sql_session_api(task->session);
    const struct rb_value *server = rb_sql_session_server(task->session);
    bool reviewed = rb_value_get(task->request, "review");
    RB_AUTO_VALUE const struct rb_value *note =
        rb_value_map("xid", rb_value_text(pq->getvalue(mark, 0, 0)), "system",
                     rb_value_ref(rb_value_get(server, "system")), "timeline",
                     rb_value_ref(rb_value_get(server, "timeline")), "stats_reset",
                     rb_value_ref(rb_value_get(server, "stats_reset")), "before",
                     rb_value_ref(task->before), "after", rb_value_ref(task->after), "rows",
                     reviewed ? rows_of(task) : NULL, "notices",
                     reviewed ? notices_of(task) : NULL, NULL);
    task->note = rb_redact_value(task->place->redactor, note);
    task->phase = RB_SQL_WAITING;
    task->waited_from = rb_clock_mono();
    if (reviewed)
        rb_sql_task_wake(task, rb_value_get_int(task->request, "idle_us", 0));
    else
        uv_timer_stop(&task->timer);
    task->place->noted(task->place->context, task);
}

static const struct rb_value *take_result(struct rb_sql_task *task, const PGresult *result)
{
    return rb_sql_result_end(&task->result, result, task->place->run_dir, task->dir);
}

void rb_sql_phase_answered(struct rb_sql_task *task, const PGresult *result)
{
    switch (task->phase) {
    case RB_SQL_PROLOGUE:
        rb_sql_phase_enter(task, rb_value_get(task->request, "review") ? RB_SQL_BEFORE
                                                                       : RB_SQL_STATEMENTS);
        break;
    case RB_SQL_BEFORE:
        task->before = take_result(task, result);
        rb_sql_phase_enter(task, RB_SQL_STATEMENTS);
        break;
    case RB_SQL_STATEMENTS:
        rb_list_add(&task->results, take_result(task, result));
        if (++task->statement < rb_value_count(rb_value_get(task->request, "statements")))
            rb_sql_phase_enter(task, RB_SQL_STATEMENTS);
        else if (task->is_transaction)
            rb_sql_phase_enter(task, after_statements(task));
        else
            rb_sql_finish(task);
        break;
    case RB_SQL_AFTER:
        task->after = take_result(task, result);
        rb_sql_phase_enter(task, RB_SQL_MARK);
        break;
    case RB_SQL_MARK:
        wait_for_note(task, result);
        break;
    default:
        rb_sql_finish(task);
    }
}
