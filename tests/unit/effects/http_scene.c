#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "http_scene.h"
#include "journal/blob.h"

enum { PATIENCE_MS = 120000 };

static void on_settled(void *context, const char *dir, const struct rb_value *outcome)
{
    struct http_scene *scene = context;
    rb_value_unref(scene->outcome);
    scene->outcome = rb_value_ref(outcome);
    snprintf(scene->settled, sizeof scene->settled, "%s", dir);
    if (++scene->settled_count == scene->awaited)
        uv_stop(&scene->loop);
    if (scene->watch)
        scene->watch(scene, outcome);
}

static void on_alarm(uv_timer_t *timer)
{
    struct http_scene *scene = timer->data;
    scene->timed_out = true;
    uv_stop(&scene->loop);
}

void http_scene_attach(struct http_scene *scene)
{
    const struct rb_http_events events = {scene, on_settled};
    struct rb_error err;
    if (!rb_http_open(&scene->loop, scene->run_dir, &events, &scene->http, &err))
        fail_msg("%s", err.message);
}

void http_scene_detach(struct http_scene *scene)
{
    rb_http_close(scene->http);
    scene->http = NULL;
    uv_run(&scene->loop, UV_RUN_NOWAIT);
}

static void start_server(struct http_scene *scene, const char *const *arguments)
{
    char *argv[8] = {"/usr/bin/python3", HTTP_SERVER};
    int ends[2];
    for (int i = 0; arguments && arguments[i]; i++)
        argv[2 + i] = (char *)arguments[i];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    scene->server = fork();
    if (scene->server == 0) {
        /* A test that was ended leaves nothing behind. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDOUT_FILENO);
        execv(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    char line[64] = "";
    FILE *said = fdopen(ends[0], "r");
    assert_non_null(fgets(line, sizeof line, said));
    fclose(said);
    int ports = // NOLINTNEXTLINE(cert-err34-c): our own server says them
        sscanf(line, "%d %d %d", &scene->port, &scene->other_port, &scene->tls_port);
    assert_int_equal(ports, arguments ? 3 : 2);
}

void http_scene_open(struct http_scene *scene, const char *const *arguments)
{
    *scene = (struct http_scene){.path = "/tmp/rb-http-XXXXXX"};
    assert_non_null(mkdtemp(scene->path));
    scene->run_dir = open(scene->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(scene->run_dir >= 0);
    assert_int_equal(mkdirat(scene->run_dir, "steps", 0700), 0);
    assert_int_equal(mkdirat(scene->run_dir, "blobs", 0700), 0);
    assert_int_equal(mkdirat(scene->run_dir, "blobs/sha256", 0700), 0);
    assert_int_equal(uv_loop_init(&scene->loop), 0);
    uv_timer_init(&scene->loop, &scene->alarm);
    scene->alarm.data = scene;
    start_server(scene, arguments);
    signal(SIGPIPE, SIG_IGN);
    http_scene_attach(scene);
}

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

void http_scene_close(struct http_scene *scene)
{
    http_scene_detach(scene);
    uv_close((uv_handle_t *)&scene->alarm, NULL);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    rb_value_unref(scene->outcome);
    close(scene->run_dir);
    kill(scene->server, SIGKILL);
    waitpid(scene->server, NULL, 0);
    assert_int_equal(nftw(scene->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const struct rb_value *http_request(const char *method, const char *url)
{
    return rb_value_map("dir", rb_value_text("a.1"), "class", rb_value_text("read"),
                        "method", rb_value_text(method), "url", rb_value_text(url),
                        "timeout_us", rb_value_int(60 * RB_SEC), "connect_timeout_us",
                        rb_value_int(60 * RB_SEC), NULL);
}

const struct rb_value *http_to(struct http_scene *scene, const char *method,
                               const char *target, ...)
{
    va_list args;
    RB_AUTO_BUF struct rb_buf url = {0};
    rb_buf_printf(&url, "http://127.0.0.1:%d", scene->port);
    va_start(args, target);
    rb_buf_vprintf(&url, target, args);
    va_end(args);
    return http_request(method, url.data);
}

const struct rb_value *http_with(const struct rb_value *owned, const char *key,
                                 const struct rb_value *owned_member)
{
    RB_AUTO_VALUE const struct rb_value *base = owned;
    RB_AUTO_VALUE const struct rb_value *over = rb_value_map(key, owned_member, NULL);
    return rb_value_merge(base, over);
}

void http_send(struct http_scene *scene, const struct rb_value *owned)
{
    struct rb_error err;
    RB_AUTO_VALUE const struct rb_value *request = owned;
    if (!rb_http_run(scene->http, request, &err))
        fail_msg("%s", err.message);
}

void http_wait(struct http_scene *scene, int count)
{
    scene->awaited = scene->settled_count + count;
    scene->timed_out = false;
    uv_timer_start(&scene->alarm, on_alarm, PATIENCE_MS, 0);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    uv_timer_stop(&scene->alarm);
    assert_false(scene->timed_out);
    assert_int_equal(scene->settled_count, scene->awaited);
}

const struct rb_value *http_run(struct http_scene *scene, const struct rb_value *owned)
{
    http_send(scene, owned);
    http_wait(scene, 1);
    return scene->outcome;
}

char *http_body(struct http_scene *scene)
{
    struct rb_buf text = {0};
    const char *hex = rb_blob_hex(rb_value_get(scene->outcome, "out"));
    if (hex)
        assert_true(rb_blob_read(scene->run_dir, hex, 0, 1 << 20, &text, NULL));
    return rb_buf_take(&text);
}

const struct rb_value *http_json(struct http_scene *scene)
{
    const struct rb_value *value;
    struct rb_error err;
    RB_AUTO_FREE char *body = http_body(scene);
    if (!rb_json_parse(body, strlen(body), &value, &err))
        fail_msg("%s: %s", err.message, body);
    return value;
}

long http_seen(struct http_scene *scene, const char *path)
{
    http_run(scene, http_to(scene, "GET", "/count?path=%s", path));
    RB_AUTO_FREE char *body = http_body(scene);
    return strtol(body, NULL, 10);
}

bool http_has(struct http_scene *scene, const char *dir, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "steps/%s/%s", dir, name);
    return faccessat(scene->run_dir, path, F_OK, 0) == 0;
}

static void fail_with_outcome(const struct http_scene *scene)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_json_encode(scene->outcome, &text);
    fail_msg("%s", rb_buf_text(&text));
}

void assert_status(struct http_scene *scene, int status)
{
    if (rb_value_get_int(scene->outcome, "status", 0) != status ||
        rb_value_get(scene->outcome, "error"))
        fail_with_outcome(scene);
}

void assert_error(struct http_scene *scene, const char *code, const char *sent)
{
    const struct rb_value *error = rb_value_get(scene->outcome, "error");
    if (strcmp(rb_value_get_text(error, "code", ""), code) != 0 ||
        strcmp(rb_value_get_text(scene->outcome, "sent", ""), sent) != 0)
        fail_with_outcome(scene);
}
