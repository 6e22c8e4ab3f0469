#include "effects/worker.h"

#include "base/duration.h"
#include "effects/evaluation.h"
#include "effects/frame.h"
#include "effects/worker_process.h"

enum { PIECE = 65536 };
static const rb_time DEFAULT_TIME = 10 * RB_SEC;
static const char died[] = "the Lua worker died";

/* One process and its socket. It outlives the worker until the loop has closed the socket. */
struct link {
    uv_pipe_t pipe;
    struct rb_worker_process process;
    struct rb_buf in;
    struct rb_worker *worker; /* NULL: given up, nobody listens any more */
    char piece[PIECE];
};

struct rb_worker {
    uv_loop_t *loop;
    rb_worker_main *main;
    int run_dir;
    struct rb_worker_events events;
    uv_timer_t timer;
    struct link *link;          /* NULL: no process */
    const struct rb_value *job; /* NULL: idle */
    bool asking;                /* the world is being asked, the clock stands */
    bool asked, again;          /* it has been; the process of this job is its second one */
    rb_time left, since;        /* of the wall clock limit; when it was set going */
};

struct message {
    uv_write_t write;
    struct rb_buf bytes;
};

static rb_time now(void)
{
    return (rb_time)(uv_hrtime() / 1000);
}

static void link_closed(uv_handle_t *handle)
{
    struct link *link = handle->data;
    rb_buf_done(&link->in);
    free(link);
}

/* A worker that is not what it should be is not spoken to any more. */
static void drop_link(struct rb_worker *worker)
{
    struct link *link = worker->link;
    if (!link)
        return;
    worker->link = NULL;
    link->worker = NULL;
    rb_worker_process_end(&link->process);
    uv_close((uv_handle_t *)&link->pipe, link_closed);
}

/* The job is over; an idle worker does not keep the loop going. */
static const struct rb_value *take_job(struct rb_worker *worker)
{
    const struct rb_value *job = worker->job;
    worker->job = NULL;
    worker->asking = worker->asked = worker->again = false;
    uv_timer_stop(&worker->timer);
    if (worker->link)
        uv_unref((uv_handle_t *)&worker->link->pipe);
    return job;
}

static void fail_job(struct rb_worker *worker, const char *message)
{
    drop_link(worker);
    if (!worker->job)
        return;
    RB_AUTO_VALUE const struct rb_value *job = take_job(worker);
    RB_AUTO_VALUE const struct rb_value *failed = rb_evaluation_failed(job, message);
    RB_AUTO_VALUE const struct rb_value *cut =
        rb_value_map("cut", rb_value_bool(true), NULL);
    RB_AUTO_VALUE const struct rb_value *outcome = rb_value_merge(failed, cut);
    worker->events.done(worker->events.context, outcome);
}

static void time_is_up(uv_timer_t *timer)
{
    struct rb_worker *worker = timer->data;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_puts(&text, "it took longer than ");
    rb_duration_format(
        rb_value_get_int(rb_value_get(worker->job, "limits"), "time_us", DEFAULT_TIME),
        &text);
    rb_buf_puts(&text, " and was ended");
    fail_job(worker, rb_buf_text(&text));
}

static void start_clock(struct rb_worker *worker)
{
    worker->since = now();
    uv_update_time(worker->loop);
    uv_timer_start(&worker->timer, time_is_up, (uint64_t)(worker->left / RB_MS + 1), 0);
}

static void stop_clock(struct rb_worker *worker)
{
    uv_timer_stop(&worker->timer);
    rb_time spent = now() - worker->since;
    worker->left = spent < worker->left ? worker->left - spent : 0;
}

/* What only computes comes to the same in another process, and whoever ended this one may have meant
 * anything: a job that has asked nothing so far has a second process. One that ends this as well is
 * to blame. */
static void lose_process(struct rb_worker *worker)
{
    if (!worker->job || worker->asked || worker->again) {
        fail_job(worker, died);
        return;
    }
    stop_clock(worker);
    rb_time left = worker->left;
    drop_link(worker);
    RB_AUTO_VALUE const struct rb_value *job = take_job(worker);
    bool begun = rb_worker_run(worker, job, NULL);
    if (!begun) {
        worker->job = rb_value_ref(job);
        fail_job(worker, died);
        return;
    }
    worker->again = true;
    worker->left = left;
    start_clock(worker);
}

static void let_go(struct message *message)
{
    rb_buf_done(&message->bytes);
    free(message);
}

static void written(uv_write_t *write, int status)
{
    const struct link *link = write->handle->data;
    let_go(write->data);
    if (status < 0 && link->worker)
        lose_process(link->worker);
}

/* What the socket has no room for, or could not take: the latter shows in `written`. */
static bool put_rest(uv_stream_t *stream, struct rb_buf *bytes, size_t from)
{
    struct message *message = rb_alloc(sizeof *message);
    *message = (struct message){.bytes = *bytes, .write.data = message};
    *bytes = (struct rb_buf){0};
    uv_buf_t rest =
        uv_buf_init(message->bytes.data + from, (unsigned)(message->bytes.length - from));
    if (uv_write(&message->write, stream, &rest, 1, written) == 0)
        return true;
    let_go(message);
    return false;
}

/* At once where it can be, without a turn of the loop for what was written. */
static bool put_message(struct rb_worker *worker, const struct rb_value *value)
{
    RB_AUTO_BUF struct rb_buf bytes = {0};
    uv_stream_t *stream = (uv_stream_t *)&worker->link->pipe;
    rb_frame_put(&bytes, value);
    uv_buf_t all = uv_buf_init(bytes.data, (unsigned)bytes.length);
    int put = uv_try_write(stream, &all, 1);
    size_t from = put > 0 ? (size_t)put : 0;
    return from == bytes.length || put_rest(stream, &bytes, from);
}

static bool is_request(const struct rb_value *request)
{
    return rb_value_is(rb_value_get(request, "call"), RB_STRING) &&
           rb_value_is(rb_value_get(request, "req"), RB_MAP) &&
           rb_value_count(request) == 2;
}

static bool are_requests(const struct rb_value *requests)
{
    size_t count = rb_value_count(requests), good = 0;
    while (good < count && is_request(rb_value_at(requests, good)))
        good++;
    return rb_value_is(requests, RB_LIST) && count > 0 && good == count;
}

/* Whatever is called here may give the worker up: nothing of it is touched afterwards. */
static void handle(struct rb_worker *worker, const struct rb_value *message)
{
    const struct rb_value *requests = rb_value_get(message, "ask");
    const char *gave_up = rb_value_get_text(message, "gave_up", NULL);
    if (worker->job && !worker->asking && are_requests(requests)) {
        stop_clock(worker);
        worker->asking = worker->asked = true;
        worker->events.asked(worker->events.context, requests);
    } else if (worker->job && !worker->asking && rb_evaluation_fits(worker->job, message)) {
        rb_value_unref(take_job(worker));
        worker->events.done(worker->events.context, message);
    } else if (gave_up) {
        fail_job(worker, gave_up);
    } else {
        fail_job(worker, "the Lua worker sent something that is no answer");
    }
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    (void)suggested;
    struct link *link = handle->data;
    *ret_buf = uv_buf_init(link->piece, sizeof link->piece);
}

static void arrived(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct link *link = stream->data;
    if (!link->worker || count == 0)
        return;
    if (count < 0) {
        lose_process(link->worker);
        return;
    }
    rb_buf_append(&link->in, buf->base, (size_t)count);
    while (link->worker) {
        RB_AUTO_VALUE const struct rb_value *message = NULL;
        if (!rb_frame_take(&link->in, &message, NULL)) {
            fail_job(link->worker, "the Lua worker sent rubbish");
            return;
        }
        if (!message)
            return;
        handle(link->worker, message);
    }
}

static bool open_link(struct rb_worker *worker, struct rb_error *err)
{
    struct link *link = rb_alloc(sizeof *link);
    if (!rb_worker_process_start(worker->main, worker->run_dir, &link->process, err)) {
        free(link);
        return false;
    }
    uv_pipe_init(worker->loop, &link->pipe, 0);
    link->pipe.data = link;
    link->worker = worker;
    worker->link = link;
    int status = uv_pipe_open(&link->pipe, link->process.fd);
    if (status == 0) {
        link->process.fd = -1;
        status = uv_read_start((uv_stream_t *)&link->pipe, allocate, arrived);
    }
    if (status == 0)
        return true;
    drop_link(worker);
    return rb_fail(err, RB_ERR_IO, "cannot talk to the Lua worker: %s",
                   uv_strerror(status));
}

struct rb_worker *rb_worker_new(uv_loop_t *loop, rb_worker_main *main, int run_dir,
                                const struct rb_worker_events *events)
{
    struct rb_worker *worker = rb_alloc(sizeof *worker);
    *worker = (struct rb_worker){
        .loop = loop, .main = main, .run_dir = run_dir, .events = *events};
    uv_timer_init(loop, &worker->timer);
    worker->timer.data = worker;
    return worker;
}

static void timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void rb_worker_free(struct rb_worker *worker)
{
    if (!worker)
        return;
    rb_worker_withdraw(worker);
    drop_link(worker);
    uv_close((uv_handle_t *)&worker->timer, timer_closed);
}

bool rb_worker_run(struct rb_worker *worker, const struct rb_value *job,
                   struct rb_error *err)
{
    if (!worker->link && !open_link(worker, err))
        return false;
    if (!put_message(worker, job)) {
        drop_link(worker);
        return rb_fail(err, RB_ERR_IO, "cannot send a job to the Lua worker");
    }
    uv_ref((uv_handle_t *)&worker->link->pipe);
    worker->job = rb_value_ref(job);
    worker->left = rb_value_get_int(rb_value_get(job, "limits"), "time_us", DEFAULT_TIME);
    start_clock(worker);
    return true;
}

void rb_worker_answer(struct rb_worker *worker, const struct rb_value *outcomes)
{
    if (!worker->asking)
        return;
    worker->asking = false;
    start_clock(worker);
    RB_AUTO_VALUE const struct rb_value *message =
        rb_value_map("answers", rb_value_ref(outcomes), NULL);
    /* A failure to write shows as the end of its stream, outside of this call. */
    (void)!put_message(worker, message);
}

void rb_worker_withdraw(struct rb_worker *worker)
{
    if (!worker->job)
        return;
    drop_link(worker);
    rb_value_unref(take_job(worker));
}
