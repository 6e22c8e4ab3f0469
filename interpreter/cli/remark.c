#include "cli/remark.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "core/core.h"
#include "effects/clock.h"
#include "journal/writer.h"

enum { TRIES = 100, PAUSE_NS = 50 * 1000 * 1000 }; /* 5 s */
enum { REQUESTS_MOST = 10000 };

struct rb_remarks {
    const struct rb_run *run;
    const struct rb_state *state;
    rb_remarks_put *put;
    void *context;
    uv_fs_event_t inbox;
    int64_t taken;
};

static void request_name(int64_t number, char name[32])
{
    snprintf(name, 32, "remark.%lld", (long long)number);
}

static bool read_request(const struct rb_run *run, int64_t number,
                         const struct rb_value **ret_request)
{
    char name[32];
    RB_AUTO_BUF struct rb_buf text = {0};
    struct rb_error err = {0};
    request_name(number, name);
    return rb_run_get(run, "inbox", name, &text, &err) &&
           rb_json_decode(rb_buf_text(&text), text.length, ret_request, &err);
}

/* A request is numbered by its place, whatever it says of itself. */
static const struct rb_value *numbered(const struct rb_value *d, int64_t number)
{
    RB_AUTO_VALUE const struct rb_value *own =
        rb_value_map("inbox", rb_value_int(number), NULL);
    return rb_value_merge(d, own);
}

void rb_remarks_look(struct rb_remarks *remarks)
{
    if (remarks->taken < remarks->state->remarks)
        remarks->taken = remarks->state->remarks;
    for (;;) {
        RB_AUTO_VALUE const struct rb_value *request = NULL;
        if (!read_request(remarks->run, remarks->taken + 1, &request))
            return;
        remarks->taken++;
        enum rb_event_type type = rb_event_find(rb_value_get_text(request, "type", ""));
        if (type != RB_EV_COUNT && rb_event_is_remark(type))
            remarks->put(remarks->context, type,
                         numbered(rb_value_get(request, "d"), remarks->taken));
    }
}

static void changed(uv_fs_event_t *handle, const char *name, int events, int status)
{
    (void)name;
    (void)events;
    (void)status;
    rb_remarks_look(handle->data);
}

struct rb_remarks *rb_remarks_new(uv_loop_t *loop, const struct rb_run *run,
                                  const struct rb_state *state, rb_remarks_put *put,
                                  void *context)
{
    struct rb_remarks *remarks = rb_alloc(sizeof *remarks);
    RB_AUTO_BUF struct rb_buf inbox = {0};
    *remarks =
        (struct rb_remarks){.run = run, .state = state, .put = put, .context = context};
    rb_buf_printf(&inbox, "%s/inbox", run->path);
    uv_fs_event_init(loop, &remarks->inbox);
    remarks->inbox.data = remarks;
    uv_fs_event_start(&remarks->inbox, changed, rb_buf_text(&inbox), 0);
    uv_unref((uv_handle_t *)&remarks->inbox);
    return remarks;
}

static void closed(uv_handle_t *handle)
{
    free(handle->data);
}

void rb_remarks_free(struct rb_remarks *remarks)
{
    if (remarks)
        uv_close((uv_handle_t *)&remarks->inbox, closed);
}

/* Adding one */

static bool leave(struct rb_run *run, enum rb_event_type type, const struct rb_value *d,
                  int64_t *ret_number, struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *request = rb_value_map(
        "type", rb_value_text(rb_event_name(type)), "d", rb_value_ref(d), NULL);
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_json_encode(request, &text);
    for (int64_t number = 1; number <= REQUESTS_MOST; number++) {
        char name[32];
        *err = (struct rb_error){0};
        request_name(number, name);
        if (rb_run_put(run, "inbox", name, text.data, text.length, err)) {
            *ret_number = number;
            return true;
        }
        if (err->sys != EEXIST)
            return false;
    }
    return false;
}

static bool append(struct rb_history *history, struct rb_writer *writer,
                   enum rb_event_type type, const struct rb_value *d, struct rb_error *err)
{
    struct rb_input input = {type, d, rb_clock_utc(), rb_clock_mono()};
    struct rb_event event;
    if (!rb_decide(history->state, &input, &event))
        return rb_fail(err, RB_ERR_USAGE, "%s has no use for it any more",
                       history->run->id);
    rb_writer_append(writer, &event, NULL);
    rb_apply(history->state, &event);
    rb_value_unref(event.d);
    return true;
}

/* A record that nobody writes to: what is due in it stays due, for whoever goes on with the run. */
static bool put_in(struct rb_history *history, enum rb_event_type type,
                   const struct rb_value *d, struct rb_error *err)
{
    struct rb_writer *writer = NULL;
    RB_AUTO_VALUE const struct rb_value *torn = NULL;
    if (!rb_writer_resume(history->run, history->reader, &writer, &torn, err))
        return false;
    bool good = (!torn || append(history, writer, RB_EV_TAIL_RECOVERED, torn, err)) &&
                append(history, writer, type, d, err) && rb_writer_flush(writer, true, err);
    rb_writer_close(writer);
    return good;
}

static bool try_in(const struct rb_args *args, enum rb_event_type type,
                   const struct rb_value *d, struct rb_history *ret_history,
                   struct rb_error *err)
{
    if (!rb_history_open(args, args->words[0], RB_HISTORY_WRITE, NULL, NULL, ret_history,
                         err))
        return false;
    if (put_in(ret_history, type, d, err))
        return true;
    rb_history_done(ret_history);
    return false;
}

/* Whoever is at work takes it, or ends before he does: then it is for us to put in. */
static bool await(const struct rb_args *args, enum rb_event_type type,
                  const struct rb_value *d, int64_t number, struct rb_history *ret_history,
                  struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *own = numbered(d, number);
    for (int i = 0; i < TRIES; i++) {
        if (!rb_history_open(args, args->words[0], RB_HISTORY_ADD, NULL, NULL, ret_history,
                             err))
            return false;
        if (ret_history->state->remarks >= number)
            return true;
        bool live = rb_run_is_live(ret_history->run);
        rb_history_done(ret_history);
        if (!live &&
            (try_in(args, type, own, ret_history, err) || err->code != RB_ERR_LOCKED))
            return err->code == RB_OK;
        *err = (struct rb_error){0};
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    return rb_fail(err, RB_ERR_LOCKED,
                   "it is left in the run's inbox; the process at work on the run has not "
                   "taken it yet");
}

/* Would the run take it as it is now? */
static bool is_taken(const struct rb_history *history, enum rb_event_type type,
                     const struct rb_value *d, struct rb_error *err)
{
    struct rb_input input = {type, d, rb_clock_utc(), rb_clock_mono()};
    struct rb_event event;
    if (!rb_decide(history->state, &input, &event))
        return rb_fail(err, RB_ERR_USAGE, "%s has no use for it", history->run->id);
    rb_value_unref(event.d);
    return true;
}

bool rb_remark_add(const struct rb_args *args, enum rb_event_type type,
                   rb_remark_make *make, void *context, struct rb_history *ret_history,
                   struct rb_error *err)
{
    struct rb_history history;
    int64_t number = 0;
    if (!rb_history_open(args, args->words[0], RB_HISTORY_ADD, NULL, NULL, &history, err))
        return false;
    RB_AUTO_VALUE const struct rb_value *d = make(context, history.state, err);
    bool live = rb_run_is_live(history.run);
    bool good = d && is_taken(&history, type, d, err) &&
                (!live || leave(history.run, type, d, &number, err));
    rb_history_done(&history);
    if (!good)
        return false;
    return live ? await(args, type, d, number, ret_history, err)
                : try_in(args, type, d, ret_history, err);
}
