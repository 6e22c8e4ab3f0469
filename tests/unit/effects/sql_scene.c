#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/json.h"
#include "journal/blob.h"
#include "sql_scene.h"

/* What is asked of it may take so long, with valgrind and on a busy machine, too. */
enum { PATIENCE_S = 600, ALARM_MS = PATIENCE_S * 1000 };

/* Its output is the line of a password file; it ends when its input does. */
static void become_server(int in, int out)
{
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    execl("/usr/bin/python3", "/usr/bin/python3", PG_PY, "sh", "-c",
          "cat \"$PGPASSFILE\"; exec cat >/dev/null", NULL);
    _exit(127);
}

void sql_server_start(struct sql_server *server)
{
    int in[2], out[2];
    char line[256] = "";
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    server->pid = fork();
    if (server->pid == 0)
        become_server(in[0], out[1]);
    close(in[0]);
    close(out[1]);
    server->pipe = in[1];
    FILE *said = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof line, said));
    fclose(said);
    // NOLINTNEXTLINE(cert-err34-c): our own script says it
    if (sscanf(line, "127.0.0.1:%d:*:postgres:%63s", &server->port, server->password) != 2)
        fail_msg("no server: %s", line);
}

void sql_server_stop(struct sql_server *server)
{
    int status;
    close(server->pipe);
    assert_int_equal(waitpid(server->pid, &status, 0), server->pid);
}

static void open_driver(struct sql_scene *scene);

/* As a run does that ends when it is told of something. */
static bool close_driver(struct sql_scene *scene)
{
    if (!scene->closes)
        return false;
    scene->closes = false;
    rb_sql_close(scene->sql);
    open_driver(scene);
    return true;
}

static void on_settled(void *context, const char *dir, const struct rb_value *outcome)
{
    struct sql_scene *scene = context;
    rb_map_add(&scene->outcomes, dir, rb_value_ref(outcome));
    scene->outcome = outcome;
    scene->settled_count++;
    close_driver(scene);
}

static void on_found(void *context, const char *dir, const struct rb_value *note,
                     const struct rb_value *outcome)
{
    (void)note;
    on_settled(context, dir, outcome);
}

static void on_noted(void *context, const char *dir, const struct rb_value *note)
{
    struct sql_scene *scene = context;
    rb_value_unref(scene->note);
    scene->note = rb_value_ref(note);
    scene->noted_count++;
    if (!close_driver(scene) && !scene->holds)
        rb_sql_go_on(scene->sql, dir);
}

static void on_alarm(uv_timer_t *timer)
{
    struct sql_scene *scene = timer->data;
    scene->timed_out = true;
}

static void open_driver(struct sql_scene *scene)
{
    const struct rb_sql_events events = {scene, on_settled, on_noted, on_found};
    struct rb_error err;
    if (!rb_sql_open(&scene->loop, scene->dir, &events, &scene->sql, &err))
        fail_msg("%s", err.message);
}

void sql_scene_open(struct sql_scene *scene, const struct sql_server *server)
{
    *scene = (struct sql_scene){
        .path = "/tmp/rb-sql-XXXXXX", .server = server, .port = server->port};
    assert_non_null(mkdtemp(scene->path));
    scene->dir = open(scene->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(scene->dir >= 0);
    assert_int_equal(mkdirat(scene->dir, "steps", 0700), 0);
    assert_int_equal(mkdirat(scene->dir, "blobs", 0700), 0);
    assert_int_equal(mkdirat(scene->dir, "blobs/sha256", 0700), 0);
    assert_int_equal(uv_loop_init(&scene->loop), 0);
    uv_timer_init(&scene->loop, &scene->alarm);
    scene->alarm.data = scene;
    open_driver(scene);
}

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

void sql_scene_close(struct sql_scene *scene)
{
    rb_sql_close(scene->sql);
    uv_close((uv_handle_t *)&scene->alarm, NULL);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    rb_value_unref(rb_map_end(&scene->outcomes));
    rb_value_unref(scene->note);
    close(scene->dir);
    nftw(scene->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const struct rb_value *sql_connection(const struct sql_scene *scene, const char *name)
{
    return rb_value_map(
        "name", rb_value_text(name), "params",
        rb_value_map("host", rb_value_text("127.0.0.1"), "port", rb_value_int(scene->port),
                     "user", rb_value_text("postgres"), "password",
                     rb_value_text(scene->server->password), "dbname",
                     rb_value_text("postgres"), "sslmode", rb_value_text("disable"), NULL),
        NULL);
}

static const struct rb_value *request_of(const struct sql_scene *scene, const char *dir,
                                         const struct rb_value *statements)
{
    return rb_value_map("dir", rb_value_text(dir), "class", rb_value_text("write"),
                        "connection", sql_connection(scene, "main"), "statements",
                        statements, "timeout_us", rb_value_int(PATIENCE_S * RB_SEC), NULL);
}

const struct rb_value *sql_request(const struct sql_scene *scene, const char *dir, ...)
{
    struct rb_list_builder statements = {0};
    va_list texts;
    va_start(texts, dir);
    const char *text;
    while ((text = va_arg(texts, const char *)))
        rb_list_add(&statements, rb_value_map("text", rb_value_text(text), NULL));
    va_end(texts);
    return request_of(scene, dir, rb_list_end(&statements));
}

const struct rb_value *sql_bound(const struct sql_scene *scene, const char *dir,
                                 const char *text, const struct rb_value *owned_params)
{
    return request_of(
        scene, dir,
        rb_value_list(
            rb_value_map("text", rb_value_text(text), "params", owned_params, NULL), NULL));
}

const struct rb_value *sql_with(const struct rb_value *owned, const char *key,
                                const struct rb_value *owned_member)
{
    RB_AUTO_VALUE const struct rb_value *base = owned;
    RB_AUTO_VALUE const struct rb_value *over = rb_value_map(key, owned_member, NULL);
    return rb_value_merge(base, over);
}

const struct rb_value *sql_over(const struct rb_value *owned, const char *key,
                                const struct rb_value *owned_param)
{
    const struct rb_value *connection = rb_value_get(owned, "connection");
    const struct rb_value *params =
        sql_with(rb_value_ref(rb_value_get(connection, "params")), key, owned_param);
    return sql_with(owned, "connection",
                    sql_with(rb_value_ref(connection), "params", params));
}

void sql_send(struct sql_scene *scene, const struct rb_value *owned)
{
    struct rb_error err;
    bool good = rb_sql_run(scene->sql, owned, &err);
    rb_value_unref(owned);
    if (!good)
        fail_msg("%s", err.message);
}

static void wait_for(struct sql_scene *scene, const int *counter, int count)
{
    scene->timed_out = false;
    uv_timer_start(&scene->alarm, on_alarm, ALARM_MS, 0);
    while (*counter < count && !scene->timed_out)
        uv_run(&scene->loop, UV_RUN_ONCE);
    uv_timer_stop(&scene->alarm);
    if (scene->timed_out)
        fail_msg("nothing came in %d ms", ALARM_MS);
}

void sql_wait_settled(struct sql_scene *scene, int count)
{
    wait_for(scene, &scene->settled_count, count);
}

void sql_wait_noted(struct sql_scene *scene, int count)
{
    wait_for(scene, &scene->noted_count, count);
}

const struct rb_value *sql_run(struct sql_scene *scene, const struct rb_value *owned)
{
    sql_send(scene, owned);
    sql_wait_settled(scene, scene->settled_count + 1);
    return scene->outcome;
}

static const struct rb_value *find(const struct sql_scene *scene, const char *dir)
{
    for (size_t i = scene->outcomes.count; i-- > 0;) {
        if (strcmp(rb_value_as_text(scene->outcomes.members[i].key, ""), dir) == 0)
            return scene->outcomes.members[i].value;
    }
    return NULL;
}

const struct rb_value *sql_outcome_of(const struct sql_scene *scene, const char *dir)
{
    const struct rb_value *outcome = find(scene, dir);
    if (!outcome)
        fail_msg("%s has not settled", dir);
    return outcome;
}

const struct rb_value *sql_wait_for(struct sql_scene *scene, const char *dir)
{
    while (!find(scene, dir))
        sql_wait_settled(scene, scene->settled_count + 1);
    return find(scene, dir);
}

/* Straight to the server, beside what the test looks at. */
static const struct rb_value *run_beside(struct sql_scene *scene, const char *text)
{
    char dir[32];
    int port = scene->port;
    bool held = scene->holds;
    scene->port = scene->server->port;
    scene->holds = false;
    snprintf(dir, sizeof dir, "beside.%d", ++scene->made);
    RB_AUTO_VALUE const struct rb_value *beside = sql_connection(scene, "beside");
    const struct rb_value *request = sql_with(
        sql_with(sql_request(scene, dir, text, NULL), "connection", rb_value_ref(beside)),
        "transaction", rb_value_bool(false));
    sql_send(scene, request);
    const struct rb_value *outcome = sql_wait_for(scene, dir);
    scene->port = port;
    scene->holds = held;
    return outcome;
}

char *sql_value(struct sql_scene *scene, const char *text)
{
    const struct rb_value *outcome = run_beside(scene, text);
    sql_assert_good(outcome);
    RB_AUTO_FREE char *rows = sql_blob(scene, outcome, 0, "out");
    RB_AUTO_VALUE const struct rb_value *row = NULL;
    size_t length = strcspn(rows, "\n");
    if (length > 0 && !rb_json_decode(rows, length, &row, NULL))
        fail_msg("no row: %s", rows);
    return rb_strdup(rb_value_as_text(rb_value_at(row, 0), ""));
}

void sql_exec(struct sql_scene *scene, const char *text)
{
    sql_assert_good(run_beside(scene, text));
}

void sql_await(struct sql_scene *scene, const char *text, const char *expected)
{
    uv_update_time(&scene->loop);
    for (uint64_t began = uv_now(&scene->loop);;) {
        RB_AUTO_FREE char *now = sql_value(scene, text);
        if (strcmp(now, expected) == 0)
            return;
        if (uv_now(&scene->loop) - began > ALARM_MS)
            fail_msg("%s: still %s", text, now);
    }
}

char *sql_blob(struct sql_scene *scene, const struct rb_value *outcome, size_t index,
               const char *member)
{
    struct rb_buf bytes = {0};
    struct rb_error err;
    const struct rb_value *result = rb_value_at(rb_value_get(outcome, "results"), index);
    const char *hex = rb_blob_hex(rb_value_get(result, member));
    if (hex && !rb_blob_read(scene->dir, hex, 0, 1u << 30, &bytes, &err))
        fail_msg("%s", err.message);
    return rb_buf_take(&bytes);
}

const char *sql_error(const struct rb_value *outcome, const char *member)
{
    return rb_value_get_text(rb_value_get(outcome, "error"), member, "");
}

void sql_assert_good(const struct rb_value *outcome)
{
    if (rb_value_get(outcome, "error"))
        fail_msg("%s: %s", sql_error(outcome, "code"), sql_error(outcome, "message"));
}

bool sql_has_file(const struct sql_scene *scene, const char *name)
{
    return faccessat(scene->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}
