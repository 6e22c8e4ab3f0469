#include "effects/sql.h"

#include <fcntl.h>
#include <unistd.h>

#include "effects/sql_task.h"

struct rb_sql {
    struct rb_sql_place place;
    struct rb_sql_events events;
    struct rb_pq *pq; /* NULL: not needed so far */
    struct rb_sql_task **tasks;
    size_t count, capacity;
    struct rb_sql_session **held; /* at rest, one per name of a connection */
    size_t held_count, held_capacity;
};

static const char *name_of(const struct rb_value *connection)
{
    return rb_value_get_text(connection, "name", "");
}

/* The one that is held under this name, no longer held; NULL: none is. */
static struct rb_sql_session *unhold(struct rb_sql *sql, const char *name)
{
    for (size_t i = 0; i < sql->held_count; i++) {
        struct rb_sql_session *session = sql->held[i];
        if (strcmp(name_of(rb_sql_session_connection(session)), name) != 0)
            continue;
        sql->held[i] = sql->held[--sql->held_count];
        return session;
    }
    return NULL;
}

/* What is held under the name serves only while the name means the same server. */
static struct rb_sql_session *take(void *context, const struct rb_value *connection,
                                   struct rb_error *err)
{
    struct rb_sql *sql = context;
    if (!sql->pq && !rb_pq_load(&sql->pq, err))
        return NULL;
    struct rb_sql_session *session = unhold(sql, name_of(connection));
    if (session && rb_value_equal(rb_sql_session_connection(session), connection))
        return session;
    rb_sql_session_free(session);
    return rb_sql_session_new(sql->place.loop, sql->pq, connection);
}

static void give(void *context, struct rb_sql_session *session)
{
    struct rb_sql *sql = context;
    rb_sql_session_free(unhold(sql, name_of(rb_sql_session_connection(session))));
    rb_sql_session_hold(session);
    RB_GROW(sql->held, sql->held_count, sql->held_capacity);
    sql->held[sql->held_count++] = session;
}

static void on_noted(void *context, struct rb_sql_task *task)
{
    const struct rb_sql *sql = context;
    sql->events.noted(sql->events.context, task->dir, task->note);
}

static void remove_task(struct rb_sql *sql, const struct rb_sql_task *task)
{
    size_t at = 0;
    while (sql->tasks[at] != task)
        at++;
    sql->tasks[at] = sql->tasks[--sql->count];
}

/* What is called back may ask for more, or close us. */
static void on_settled(void *context, struct rb_sql_task *task,
                       const struct rb_value *outcome)
{
    struct rb_sql *sql = context;
    remove_task(sql, task);
    rb_sql_task_free(task);
    if (task->asks)
        sql->events.found(sql->events.context, task->dir,
                          rb_value_get(task->request, "note"), outcome);
    else
        sql->events.settled(sql->events.context, task->dir, outcome);
}

bool rb_sql_open(uv_loop_t *loop, int run_dir, const struct rb_sql_events *events,
                 struct rb_sql **ret_sql, struct rb_error *err)
{
    int own = fcntl(run_dir, F_DUPFD_CLOEXEC, 3);
    if (own < 0)
        return rb_fail_errno(err, RB_ERR_IO, "the run's folder can't be held");
    struct rb_sql *sql = rb_alloc(sizeof *sql);
    sql->place =
        (struct rb_sql_place){loop, own, sql, take, give, on_noted, on_settled, NULL};
    sql->events = *events;
    *ret_sql = sql;
    return true;
}

void rb_sql_close(struct rb_sql *sql)
{
    if (!sql)
        return;
    while (sql->count > 0)
        rb_sql_task_free(sql->tasks[--sql->count]);
    while (sql->held_count > 0)
        rb_sql_session_free(sql->held[--sql->held_count]);
    free(sql->tasks);
    free(sql->held);
    rb_pq_unref(sql->pq);
    close(sql->place.run_dir);
    free(sql);
}

static struct rb_sql_task *find(const struct rb_sql *sql, const char *dir)
{
    for (size_t i = 0; i < sql->count; i++) {
        if (strcmp(sql->tasks[i]->dir, dir) == 0)
            return sql->tasks[i];
    }
    return NULL;
}

static bool add(struct rb_sql *sql, const struct rb_value *request, bool asks,
                struct rb_error *err)
{
    const char *dir = rb_value_get_text(request, "dir", "");
    if (!*dir || strchr(dir, '/') || strcmp(dir, ".") == 0 || strcmp(dir, "..") == 0)
        return rb_fail(err, RB_ERR_PROTOCOL, "the request names no folder");
    if (find(sql, dir))
        return rb_fail(err, RB_ERR_REFUSED, "%s is under way already", dir);
    RB_GROW(sql->tasks, sql->count, sql->capacity);
    sql->tasks[sql->count++] = rb_sql_task_new(&sql->place, request, asks);
    return true;
}

void rb_sql_redact(struct rb_sql *sql, const struct rb_redactor *redactor)
{
    sql->place.redactor = redactor;
}

bool rb_sql_run(struct rb_sql *sql, const struct rb_value *request, struct rb_error *err)
{
    return add(sql, request, false, err);
}

bool rb_sql_ask_xid(struct rb_sql *sql, const struct rb_value *connection,
                    const struct rb_value *note, const char *dir, struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *request =
        rb_value_map("dir", rb_value_text(dir), "connection", rb_value_ref(connection),
                     "note", rb_value_ref(note), NULL);
    return add(sql, request, true, err);
}

void rb_sql_go_on(struct rb_sql *sql, const char *dir)
{
    struct rb_sql_task *task = find(sql, dir);
    if (task)
        rb_sql_task_go_on(task);
}

void rb_sql_undo(struct rb_sql *sql, const char *dir)
{
    struct rb_sql_task *task = find(sql, dir);
    if (task)
        rb_sql_task_undo(task);
}

void rb_sql_end(struct rb_sql *sql, const char *dir)
{
    struct rb_sql_task *task = find(sql, dir);
    if (task)
        rb_sql_task_end(task);
}
