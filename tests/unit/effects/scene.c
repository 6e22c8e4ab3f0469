#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "effects/tree.h"
#include "journal/blob.h"
#include "scene.h"

static void on_settled(void *context, const char *dir, const struct rb_value *outcome)
{
    struct scene *scene = context;
    rb_value_unref(scene->outcome);
    scene->outcome = rb_value_ref(outcome);
    snprintf(scene->settled, sizeof scene->settled, "%s", dir);
    scene->settled_count++;
    uv_stop(&scene->loop);
}

static void nothing(void *context)
{
    (void)context;
}

static void on_lost(void *context, const char *dir)
{
    struct scene *scene = context;
    snprintf(scene->lost, sizeof scene->lost, "%s", dir);
    scene->lost_count++;
    uv_stop(&scene->loop);
}

static void on_alarm(uv_timer_t *timer)
{
    struct scene *scene = timer->data;
    scene->timed_out = true;
    uv_stop(&scene->loop);
}

static void make_loop(struct scene *scene)
{
    assert_int_equal(uv_loop_init(&scene->loop), 0);
    uv_timer_init(&scene->loop, &scene->alarm);
    scene->alarm.data = scene;
}

void scene_attach(struct scene *scene)
{
    const struct rb_supervisor_events events = {scene, on_settled, nothing, nothing,
                                                on_lost};
    struct rb_error err;
    if (!rb_supervisor_open(&scene->loop, &scene->run, &events, &scene->supervisor, &err))
        fail_msg("%s", err.message);
}

void scene_detach(struct scene *scene)
{
    rb_supervisor_close(scene->supervisor);
    scene->supervisor = NULL;
    uv_run(&scene->loop, UV_RUN_NOWAIT);
}

void scene_fork(struct scene *scene)
{
    scene->supervisor = NULL;
    make_loop(scene);
    scene_attach(scene);
}

void scene_open(struct scene *scene)
{
    *scene = (struct scene){.path = "/tmp/rb-scene-XXXXXX"};
    assert_non_null(mkdtemp(scene->path));
    int dir = open(scene->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir >= 0);
    assert_int_equal(mkdirat(dir, "steps", 0700), 0);
    assert_int_equal(mkdirat(dir, "blobs", 0700), 0);
    assert_int_equal(mkdirat(dir, "blobs/sha256", 0700), 0);
    scene->run = (struct rb_run){.path = scene->path, .dir = dir, .lock = -1};
    make_loop(scene);
    scene_attach(scene);
}

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

void scene_close(struct scene *scene)
{
    scene_detach(scene);
    uv_close((uv_handle_t *)&scene->alarm, NULL);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    rb_value_unref(scene->outcome);
    close(scene->run.dir);
    /* A supervisor that still ends what it has may write while we remove. */
    for (int i = 0; i < 50 && nftw(scene->path, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0;
         i++)
        usleep(20000);
}

static const struct rb_value *request_of(const char *dir, const struct rb_value *programs)
{
    return rb_value_map(
        "dir", rb_value_text(dir), "class", rb_value_text("write"), "programs", programs,
        "env", rb_value_map("PATH", rb_value_text("/usr/bin:/bin"), NULL), "timeout_us",
        rb_value_int(20 * RB_SEC), "grace_us", rb_value_int(300 * RB_MS), "cap_bytes",
        rb_value_int(1 << 20), NULL);
}

const struct rb_value *scene_programs(const char *dir, const struct rb_value *owned)
{
    return request_of(dir, owned);
}

const struct rb_value *scene_exec(const char *dir, const char *program, ...)
{
    struct rb_list_builder argv = {0};
    va_list rest;
    va_start(rest, program);
    for (const char *text = program; text; text = va_arg(rest, const char *))
        rb_list_add(&argv, rb_value_text(text));
    va_end(rest);
    return request_of(dir, rb_value_list(rb_list_end(&argv), NULL));
}

const struct rb_value *scene_sh(const char *dir, const char *script)
{
    return scene_exec(dir, "sh", "-c", script, NULL);
}

const struct rb_value *scene_with(const struct rb_value *owned, const char *key,
                                  const struct rb_value *owned_member)
{
    RB_AUTO_VALUE const struct rb_value *base = owned;
    RB_AUTO_VALUE const struct rb_value *over = rb_value_map(key, owned_member, NULL);
    return rb_value_merge(base, over);
}

void scene_send(struct scene *scene, const struct rb_value *owned)
{
    struct rb_error err;
    bool good = rb_supervisor_run(scene->supervisor, owned, &scene->secrets, &err);
    rb_value_unref(owned);
    if (!good)
        fail_msg("%s", err.message);
}

void scene_wait(struct scene *scene, unsigned ms)
{
    int before = scene->settled_count + scene->lost_count;
    scene->timed_out = false;
    uv_timer_start(&scene->alarm, on_alarm, ms, 0);
    while (scene->settled_count + scene->lost_count == before && !scene->timed_out)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
    uv_timer_stop(&scene->alarm);
    if (scene->timed_out)
        fail_msg("nothing settled within %u ms", ms);
}

void scene_rest(struct scene *scene, unsigned ms)
{
    scene->timed_out = false;
    uv_timer_start(&scene->alarm, on_alarm, ms, 0);
    while (!scene->timed_out)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
    uv_timer_stop(&scene->alarm);
}

const struct rb_value *scene_run(struct scene *scene, const struct rb_value *owned)
{
    scene_send(scene, owned);
    scene_wait(scene, 30000);
    return scene->outcome;
}

char *scene_output(struct scene *scene, const char *member)
{
    struct rb_buf bytes = {0};
    struct rb_error err;
    const char *hex = rb_blob_hex(rb_value_get(scene->outcome, member));
    if (hex && !rb_blob_read(scene->run.dir, hex, 0, 1u << 30, &bytes, &err))
        fail_msg("%s", err.message);
    return rb_buf_take(&bytes);
}

char *scene_file(struct scene *scene, const char *name)
{
    struct rb_buf bytes = {0};
    if (!rb_file_read(scene->run.dir, name, 1 << 20, &bytes, NULL))
        rb_buf_clear(&bytes);
    return rb_buf_take(&bytes);
}

pid_t scene_pid(const char *text)
{
    long pid = strtol(text, NULL, 10);
    if (pid <= 1)
        fail_msg("no pid in \"%s\"", text);
    return (pid_t)pid;
}

bool scene_alive(long pid)
{
    struct rb_proc proc;
    return pid > 0 && rb_proc_read((pid_t)pid, &proc) && proc.alive;
}
