#include "effects/http.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utlist.h>

#include "effects/curl_loop.h"
#include "effects/http_exchange.h"

enum { SHARE = 8, MOST_AT_ONCE = 1024, FEWEST_AT_ONCE = 4 };

struct rb_http {
    struct rb_http_place place;
    struct rb_http_events events;
    struct rb_curl_loop *loop;
    uv_timer_t soon; /* runs out at once: what is not to be done within a call of ours */
    size_t running_count, at_once;
    /* Waiting for their turn, at libcurl's, and over but not settled. */
    struct rb_exchange *waiting, *running, *over;
    int calling; /* depth of calls that may lead to the events */
    bool closed; /* by one of them: freed when they returned */
};

static void move(struct rb_exchange *exchange, struct rb_exchange **from,
                 struct rb_exchange **to)
{
    DL_DELETE(*from, exchange);
    DL_APPEND(*to, exchange);
}

static void finish(struct rb_http *http, struct rb_exchange *exchange)
{
    rb_curl_loop_remove(http->loop, exchange->easy);
    http->running_count--;
    move(exchange, &http->running, &http->over);
}

/* libcurl gave up all it had, which takes a loop that can't wait for a socket. */
static void break_all(struct rb_http *http, CURLMcode code)
{
    while (http->running) {
        struct rb_exchange *exchange = http->running;
        rb_exchange_fail(exchange, exchange->sent ? "reset" : "unsent",
                         "the loop can't wait for it: %s",
                         http->place.curl.multi_strerror(code));
        finish(http, exchange);
    }
    rb_curl_loop_renew(http->loop);
}

static void run_soon(struct rb_http *http);

static void send_hop(struct rb_http *http, struct rb_exchange *exchange)
{
    CURLMcode code = rb_curl_loop_add(http->loop, exchange->easy);
    if (code != CURLM_OK)
        break_all(http, code);
}

static void start_waiting(struct rb_http *http)
{
    while (http->waiting && http->running_count < http->at_once) {
        struct rb_exchange *exchange = http->waiting;
        switch (rb_exchange_prepare(exchange)) {
        case RB_EXCHANGE_BUSY:
            run_soon(http);
            return;
        case RB_EXCHANGE_FAILED:
            move(exchange, &http->waiting, &http->over);
            break;
        case RB_EXCHANGE_READY:
            move(exchange, &http->waiting, &http->running);
            http->running_count++;
            send_hop(http, exchange);
            break;
        }
    }
}

/* The outcomes of what is over. Each may lead to more requests, or close us. */
static void settle(struct rb_http *http)
{
    while (http->over && !http->closed) {
        struct rb_exchange *exchange = http->over;
        DL_DELETE(http->over, exchange);
        RB_AUTO_VALUE const struct rb_value *outcome = rb_exchange_settle(exchange);
        http->events.settled(http->events.context, exchange->dir, outcome);
        rb_exchange_free(exchange);
    }
}

static void take_results(struct rb_http *http)
{
    CURL *easy;
    CURLcode result;
    while ((easy = rb_curl_loop_ended(http->loop, &result))) {
        struct rb_exchange *exchange;
        http->place.curl.easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&exchange);
        if (rb_exchange_goes_on(exchange, result))
            send_hop(http, exchange);
        else
            finish(http, exchange);
    }
}

static void tear_down(struct rb_http *http);

/* Whatever the loop calls ends with this: what is over makes room for what waits. */
static void go_on(struct rb_http *http)
{
    http->calling++;
    take_results(http);
    start_waiting(http);
    settle(http);
    if (--http->calling == 0 && http->closed)
        tear_down(http);
}

static void on_soon(uv_timer_t *timer)
{
    go_on(timer->data);
}

static void run_soon(struct rb_http *http)
{
    uv_timer_start(&http->soon, on_soon, 0, 0);
}

static void on_acted(void *context, CURLMcode code)
{
    struct rb_http *http = context;
    if (code != CURLM_OK)
        break_all(http, code);
    go_on(http);
}

static void discard_all(struct rb_http *http, struct rb_exchange **list)
{
    while (*list) {
        struct rb_exchange *exchange = *list;
        DL_DELETE(*list, exchange);
        rb_curl_loop_remove(http->loop, exchange->easy);
        rb_exchange_discard(exchange);
        rb_exchange_free(exchange);
    }
}

static void free_http(uv_handle_t *soon)
{
    free(soon->data);
}

static void tear_down(struct rb_http *http)
{
    discard_all(http, &http->waiting);
    discard_all(http, &http->running);
    discard_all(http, &http->over);
    rb_curl_loop_close(http->loop);
    rb_curl_close(&http->place.curl);
    close(http->place.steps);
    close(http->place.run_dir);
    uv_close((uv_handle_t *)&http->soon, free_http);
}

void rb_http_close(struct rb_http *http)
{
    if (!http)
        return;
    http->closed = true;
    if (http->calling == 0)
        tear_down(http);
}

/* Each takes a socket and up to four files, and as many connections again may be kept. */
static size_t choose_at_once(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur / SHARE < FEWEST_AT_ONCE)
        return FEWEST_AT_ONCE;
    return limit.rlim_cur / SHARE < MOST_AT_ONCE ? limit.rlim_cur / SHARE : MOST_AT_ONCE;
}

static bool open_place(struct rb_http *http, int run_dir, struct rb_error *err)
{
    struct rb_http_place *place = &http->place;
    place->run_dir = fcntl(run_dir, F_DUPFD_CLOEXEC, 3);
    if (place->run_dir < 0)
        return rb_fail_errno(err, RB_ERR_IO, "the run's folder can't be held");
    place->steps = openat(run_dir, "steps", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place->steps < 0)
        return rb_fail_errno(err, RB_ERR_IO, "the folder of the steps can't be opened");
    return rb_note_boot_id(place->boot_id, err) && rb_curl_open(&place->curl, err);
}

bool rb_http_open(uv_loop_t *loop, int run_dir, const struct rb_http_events *events,
                  struct rb_http **ret_http, struct rb_error *err)
{
    struct rb_http *http = rb_alloc(sizeof *http);
    http->events = *events;
    http->place.run_dir = http->place.steps = -1;
    http->at_once = choose_at_once();
    if (!open_place(http, run_dir, err)) {
        rb_close_descriptor(&http->place.run_dir);
        rb_close_descriptor(&http->place.steps);
        free(http);
        return false;
    }
    uv_timer_init(loop, &http->soon);
    http->soon.data = http;
    const struct rb_curl_loop_events acts = {http, on_acted};
    http->loop = rb_curl_loop_open(loop, &http->place.curl, (long)http->at_once, &acts);
    *ret_http = http;
    return true;
}

static struct rb_exchange *find(struct rb_exchange *list, const char *dir)
{
    struct rb_exchange *exchange;
    DL_FOREACH(list, exchange)
    if (strcmp(exchange->dir, dir) == 0)
        return exchange;
    return NULL;
}

void rb_http_redact(struct rb_http *http, const struct rb_redactor *redactor)
{
    http->place.redactor = redactor;
}

bool rb_http_run(struct rb_http *http, const struct rb_value *request, struct rb_error *err)
{
    const char *dir = rb_value_get_text(request, "dir", "");
    if (find(http->waiting, dir) || find(http->running, dir) || find(http->over, dir))
        return rb_fail(err, RB_ERR_REFUSED, "%s is under way already", dir);
    struct rb_exchange *exchange = rb_exchange_new(&http->place, request);
    DL_APPEND(http->waiting, exchange);
    run_soon(http);
    return true;
}

void rb_http_end(struct rb_http *http, const char *dir)
{
    struct rb_exchange *running = find(http->running, dir);
    struct rb_exchange *exchange = running ? running : find(http->waiting, dir);
    if (!exchange)
        return;
    exchange->killed = true;
    rb_exchange_fail(exchange, "ended", "it was given up before its answer was there");
    if (running)
        finish(http, exchange);
    else
        move(exchange, &http->waiting, &http->over);
    run_soon(http);
}
