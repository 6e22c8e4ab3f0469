#include "effects/sql_task.h"

#include "effects/clock.h"
#include "effects/notes.h"
#include "effects/sql_failure.h"
#include "effects/sql_folder.h"
#include "effects/sql_outcome.h"
#include "effects/sql_params.h"
#include "effects/sql_phase.h"
#include "effects/sql_request.h"
#include "effects/sql_settle.h"

enum { NOTICES_MAX = 200 };

/* The server's own time-out comes first, whose answer says that all is rolled back. */
static const rb_time MARGIN = RB_SEC, GRACE = RB_SQL_GRACE_S * RB_SEC;

static void on_timer(uv_timer_t *timer);

void rb_sql_task_wake(struct rb_sql_task *task, rb_time span)
{
    uv_update_time(task->place->loop);
    uv_timer_start(&task->timer, on_timer, (uint64_t)((span + RB_MS - 1) / RB_MS), 0);
}

/* Whether the server sees the transaction as we do. */
static bool is_in_step(const struct rb_sql_task *task, const PGresult *result)
{
    bool inside = rb_sql_session_transaction(task->session) == PQTRANS_INTRANS;
    if (task->phase == RB_SQL_COMMIT)
        return strcmp(rb_sql_session_api(task->session)->cmdStatus((PGresult *)result),
                      "COMMIT") == 0;
    return inside == task->is_transaction;
}

static void on_done(void *context, const PGresult *result)
{
    struct rb_sql_task *task = context;
    if (task->phase == RB_SQL_ASKING)
        rb_sql_settle_done(task, result);
    else if (task->phase == RB_SQL_ROLLBACK)
        rb_sql_finish(task);
    else if (rb_sql_is_bad(rb_sql_session_api(task->session), result))
        rb_sql_fail_by_server(task, result);
    else if (!is_in_step(task, result))
        rb_sql_fail(task, rb_sql_error_text("protocol", task->is_read_only ? "no" : "maybe",
                                            "the transaction was ended by something else"));
    else if (task->killed && task->phase != RB_SQL_COMMIT)
        rb_sql_fail_killed(task);
    else
        rb_sql_phase_answered(task, result);
}

static void fail_unsent(struct rb_sql_task *task, const struct rb_error *err)
{
    const char *code = rb_note_had_no_room(err) ? "no_room" : "refused";
    rb_sql_fail(task, rb_sql_error_text(code, "no", err->message));
}

static void on_opened(void *context)
{
    struct rb_sql_task *task = context;
    struct rb_error err;
    if (task->phase == RB_SQL_ASKING)
        rb_sql_settle_opened(task);
    else if (rb_sql_folder_start(task, &err))
        rb_sql_phase_enter(task, RB_SQL_PROLOGUE);
    else
        fail_unsent(task, &err);
}

static void on_row(void *context, const PGresult *row)
{
    struct rb_sql_task *task = context;
    if (task->phase == RB_SQL_ASKING)
        rb_sql_settle_row(task, row);
    else
        rb_sql_result_row(&task->result, row);
}

static void on_notice(void *context, const PGresult *notice)
{
    struct rb_sql_task *task = context;
    if (task->notices.count < NOTICES_MAX)
        rb_list_add(&task->notices,
                    rb_sql_notice(rb_sql_session_api(task->session), notice));
    else
        task->notices_lost++;
}

static void on_lost(void *context, const PGresult *result, const char *why)
{
    struct rb_sql_task *task = context;
    if (task->phase == RB_SQL_ASKING || task->phase == RB_SQL_PAUSING)
        rb_sql_settle_lost(task, why);
    else
        rb_sql_lose(task, result, why);
}

void rb_sql_task_connect(struct rb_sql_task *task)
{
    const struct rb_sql_session_events events = {task,    on_opened, on_row,
                                                 on_done, on_notice, on_lost};
    struct rb_error err;
    const struct rb_value *connection = rb_value_get(task->request, "connection");
    task->session = task->place->take(task->place->context, connection, &err);
    if (task->session)
        rb_sql_session_open(task->session, &events);
    else
        rb_sql_fail(task, rb_sql_error_text("refused", "no", err.message));
}

static bool prepare(struct rb_sql_task *task, struct rb_error *err)
{
    const struct rb_value *connection = rb_value_get(task->request, "connection");
    if (task->asks)
        return rb_sql_params_check(rb_value_get(connection, "params"), err);
    return rb_sql_request_check(task->request, err) &&
           (!task->is_write || rb_sql_folder_open(task, err));
}

static void start(struct rb_sql_task *task)
{
    struct rb_error err;
    rb_time timeout = rb_value_get_int(task->request, "timeout_us", 0);
    task->began = rb_clock_mono();
    task->deadline = timeout > 0 ? task->began + timeout + MARGIN : INT64_MAX;
    if (!prepare(task, &err)) {
        fail_unsent(task, &err);
        return;
    }
    if (task->asks) {
        rb_sql_settle_begin(task);
        return;
    }
    task->phase = RB_SQL_OPENING;
    if (task->deadline != INT64_MAX)
        rb_sql_task_wake(task, timeout + MARGIN);
    rb_sql_task_connect(task);
}

/* Its time is up, or its end is wanted, while a command runs. */
static void interrupt(struct rb_sql_task *task)
{
    bool commits = task->phase == RB_SQL_COMMIT || task->phase == RB_SQL_ROLLBACK;
    if (!task->killed && !commits)
        task->killed = "timeout";
    if (task->phase == RB_SQL_OPENING || commits || task->cancelled) {
        rb_sql_lose(task, NULL, "the server did not answer in time");
        return;
    }
    task->cancelled = true;
    rb_sql_session_cancel(task->session);
    rb_sql_task_wake(task, GRACE);
}

static void end_waiting(struct rb_sql_task *task)
{
    if (task->killed)
        rb_sql_fail_killed(task);
    else
        rb_sql_fail(task, rb_sql_error_text("idle", "no", "nobody decided in time"));
}

static void on_timer(uv_timer_t *timer)
{
    struct rb_sql_task *task = timer->data;
    if (task->phase == RB_SQL_STARTING && task->killed)
        rb_sql_fail_killed(task);
    else if (task->phase == RB_SQL_STARTING)
        start(task);
    else if (task->phase == RB_SQL_WAITING)
        end_waiting(task);
    else if (task->phase == RB_SQL_ASKING || task->phase == RB_SQL_PAUSING)
        rb_sql_settle_woken(task);
    else
        interrupt(task);
}

struct rb_sql_task *rb_sql_task_new(const struct rb_sql_place *place,
                                    const struct rb_value *request, bool asks)
{
    struct rb_sql_task *task = rb_alloc(sizeof *task);
    task->place = place;
    task->request = rb_value_ref(request);
    task->dir = rb_value_get_text(request, "dir", "");
    task->asks = asks;
    task->is_write = rb_sql_request_is_write(request);
    task->is_read_only = rb_sql_request_is_read_only(request);
    task->is_transaction = rb_sql_request_is_transaction(request);
    task->folder = -1;
    uv_timer_init(place->loop, &task->timer);
    task->timer.data = task;
    rb_sql_task_wake(task, 0);
    return task;
}

static void free_task(uv_handle_t *timer)
{
    struct rb_sql_task *task = timer->data;
    rb_value_unref(rb_list_end(&task->results));
    rb_value_unref(rb_list_end(&task->notices));
    rb_value_unref(task->before);
    rb_value_unref(task->after);
    rb_value_unref(task->note);
    rb_value_unref(task->error);
    rb_value_unref(task->server);
    rb_value_unref(task->xact_status);
    rb_value_unref(task->request);
    free(task);
}

void rb_sql_task_free(struct rb_sql_task *task)
{
    rb_sql_result_discard(&task->result);
    rb_sql_session_free(task->session);
    task->session = NULL;
    rb_close_descriptor(&task->folder);
    uv_close((uv_handle_t *)&task->timer, free_task);
}

void rb_sql_task_go_on(struct rb_sql_task *task)
{
    if (task->phase != RB_SQL_WAITING || task->killed)
        return;
    rb_time left = task->deadline - task->waited_from;
    if (task->deadline != INT64_MAX)
        rb_sql_task_wake(task, left > GRACE ? left : GRACE);
    else
        uv_timer_stop(&task->timer);
    rb_sql_phase_enter(task, RB_SQL_COMMIT);
}

void rb_sql_task_undo(struct rb_sql_task *task)
{
    if (task->phase != RB_SQL_WAITING || task->killed)
        return;
    task->rolled_back = true;
    rb_sql_roll_back(task);
}

void rb_sql_task_end(struct rb_sql_task *task)
{
    if (task->killed || task->phase == RB_SQL_COMMIT || task->phase == RB_SQL_ROLLBACK)
        return;
    task->killed = "request";
    rb_sql_task_wake(task, 0);
}
