#include "cli/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

enum { SIGNALS = 3, LEVELS = 2, HANDLES = SIGNALS + 1 };

struct rb_stop {
    const struct rb_run *run;
    const char *operator_name;
    rb_stop_asked *asked;
    void *context;
    uv_signal_t signals[SIGNALS];
    uv_fs_event_t inbox;
    int open_handles;
    int level;  /* of signals */
    int cancel; /* requests taken from the inbox */
};

static const int numbers[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
static const char *const names[SIGNALS] = {"INT", "TERM", "HUP"};

/* A hang-up never goes further than ending after the current step. */
static void arrived(uv_signal_t *handle, int number)
{
    struct rb_stop *stop = handle->data;
    size_t at = 0;
    while (at + 1 < SIGNALS && numbers[at] != number)
        at++;
    if (number != SIGHUP || stop->level == 0)
        stop->level++;
    stop->asked(stop->context, rb_value_map("name", rb_value_text(names[at]), "level",
                                            rb_value_int(stop->level), "by",
                                            rb_value_text(stop->operator_name), NULL));
}

static void request_name(int level, char name[32])
{
    snprintf(name, 32, "cancel.%d", level);
}

/* NULL: none has been left. */
static const struct rb_value *request_at(const struct rb_run *run, int level)
{
    char name[32];
    RB_AUTO_BUF struct rb_buf text = {0};
    const struct rb_value *request = NULL;
    struct rb_error err = {0};
    request_name(level, name);
    bool good = rb_run_get(run, "inbox", name, &text, &err) &&
                rb_json_decode(rb_buf_text(&text), text.length, &request, &err);
    return good ? request : NULL;
}

static bool is_for_rollback(const struct rb_value *request)
{
    return rb_value_get_bool(request, "rollback", false);
}

void rb_stop_forget(const struct rb_run *run)
{
    for (int level = 1; level <= LEVELS; level++) {
        char name[32], path[48];
        RB_AUTO_VALUE const struct rb_value *request = request_at(run, level);
        request_name(level, name);
        snprintf(path, sizeof path, "inbox/%s", name);
        if (request && !is_for_rollback(request))
            unlinkat(run->dir, path, 0);
    }
}

void rb_stop_look(struct rb_stop *stop)
{
    for (; stop->cancel < LEVELS; stop->cancel++) {
        RB_AUTO_VALUE const struct rb_value *request =
            request_at(stop->run, stop->cancel + 1);
        if (!request)
            return;
        bool back = is_for_rollback(request);
        RB_AUTO_VALUE const struct rb_value *which =
            rb_value_map("name", rb_value_text(back ? "rollback" : "cancel"), "level",
                         rb_value_int(stop->cancel + 1), NULL);
        stop->asked(stop->context, rb_value_merge(request, which));
    }
}

static void changed(uv_fs_event_t *handle, const char *name, int events, int status)
{
    (void)name;
    (void)events;
    (void)status;
    rb_stop_look(handle->data);
}

struct rb_stop *rb_stop_new(uv_loop_t *loop, const struct rb_run *run,
                            const char *operator_name, rb_stop_asked *asked, void *context)
{
    struct rb_stop *stop = rb_alloc(sizeof *stop);
    RB_AUTO_BUF struct rb_buf inbox = {0};
    *stop = (struct rb_stop){.run = run,
                             .operator_name = operator_name,
                             .asked = asked,
                             .context = context,
                             .open_handles = HANDLES};
    for (int i = 0; i < SIGNALS; i++) {
        uv_signal_init(loop, &stop->signals[i]);
        stop->signals[i].data = stop;
        uv_signal_start(&stop->signals[i], arrived, numbers[i]);
        uv_unref((uv_handle_t *)&stop->signals[i]);
    }
    rb_buf_printf(&inbox, "%s/inbox", run->path);
    uv_fs_event_init(loop, &stop->inbox);
    stop->inbox.data = stop;
    uv_fs_event_start(&stop->inbox, changed, rb_buf_text(&inbox), 0);
    uv_unref((uv_handle_t *)&stop->inbox);
    return stop;
}

static void closed(uv_handle_t *handle)
{
    struct rb_stop *stop = handle->data;
    if (--stop->open_handles == 0)
        free(stop);
}

void rb_stop_free(struct rb_stop *stop)
{
    if (!stop)
        return;
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&stop->signals[i], closed);
    uv_close((uv_handle_t *)&stop->inbox, closed);
}

bool rb_stop_leave(struct rb_run *run, const char *by, const char *reason, bool rollback,
                   int *ret_level, struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *request = rb_value_map(
        "by", rb_value_text(by), "reason", reason ? rb_value_text(reason) : NULL,
        "rollback", rollback ? rb_value_bool(true) : NULL, NULL);
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_json_encode(request, &text);
    for (int level = 1; level <= LEVELS; level++) {
        char name[32];
        request_name(level, name);
        *err = (struct rb_error){0};
        if (rb_run_put(run, "inbox", name, text.data, text.length, err)) {
            *ret_level = level;
            return true;
        }
        if (err->sys != EEXIST)
            return false;
    }
    return rb_fail(err, RB_ERR_USAGE, "%s was asked to end its step already", run->id);
}
