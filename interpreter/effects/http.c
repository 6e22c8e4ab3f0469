#include "effects/http.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utlist.h>

#include "effects/http_exchange.h"

enum { SHARE = 8, MOST_AT_ONCE = 1024, FEWEST_AT_ONCE = 4 };

struct rb_http {
    struct rb_http_place place;
    struct rb_http_events events;
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer; /* libcurl's */
    uv_timer_t soon;  /* runs out at once: what is not to be done within a call of ours */
    bool same_boot;   /* the notes are of this boot */
    size_t running_count, at_once;
    /* Waiting for their turn, at libcurl's, and over but not settled. */
    struct rb_exchange *waiting, *running, *over;
    struct watch *watches;
    int calling; /* depth of calls that may lead to the events */
    bool closed; /* by one of them: freed when they returned */
    int timers;  /* that the loop has not let go of */
};

/* A socket that libcurl waits for; freed when the loop let go of it. */
struct watch {
    uv_poll_t poll;
    curl_socket_t socket;
    struct rb_http *http;
    struct watch *prev, *next;
};

static void move(struct rb_exchange *exchange, struct rb_exchange **from,
                 struct rb_exchange **to)
{
    DL_DELETE(*from, exchange);
    DL_APPEND(*to, exchange);
}

static void finish(struct rb_http *http, struct rb_exchange *exchange)
{
    http->place.curl.multi_remove_handle(http->multi, exchange->easy);
    http->running_count--;
    move(exchange, &http->running, &http->over);
}

static void break_all(struct rb_http *http, CURLMcode code);
static void run_soon(struct rb_http *http);

static void send_hop(struct rb_http *http, struct rb_exchange *exchange)
{
    CURLMcode code = http->place.curl.multi_add_handle(http->multi, exchange->easy);
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
    const struct rb_curl *curl = &http->place.curl;
    const CURLMsg *message;
    int left;
    while ((message = curl->multi_info_read(http->multi, &left))) {
        struct rb_exchange *exchange;
        CURL *easy = message->easy_handle;
        CURLcode result = message->data.result;
        curl->easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&exchange);
        curl->multi_remove_handle(http->multi, easy);
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

static void act(struct rb_http *http, curl_socket_t socket, int events)
{
    int running;
    CURLMcode code =
        http->place.curl.multi_socket_action(http->multi, socket, events, &running);
    if (code != CURLM_OK)
        break_all(http, code);
    go_on(http);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *multi, long ms, void *context)
{
    struct rb_http *http = context;
    (void)multi;
    if (ms < 0)
        uv_timer_stop(&http->timer);
    else
        uv_timer_start(&http->timer, on_timer, (uint64_t)ms, 0);
    return 0;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    const struct watch *watch = poll->data;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    act(watch->http, watch->socket, flags);
}

static void free_watch(uv_handle_t *handle)
{
    free(handle->data);
}

static void drop_watch(struct rb_http *http, struct watch *watch)
{
    DL_DELETE(http->watches, watch);
    uv_close((uv_handle_t *)&watch->poll, free_watch);
}

static struct watch *add_watch(struct rb_http *http, curl_socket_t socket)
{
    struct watch *watch = rb_alloc(sizeof *watch);
    if (uv_poll_init_socket(http->loop, &watch->poll, socket) < 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    watch->socket = socket;
    watch->http = http;
    DL_APPEND(http->watches, watch);
    http->place.curl.multi_assign(http->multi, socket, watch);
    return watch;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context,
                     void *assigned)
{
    struct rb_http *http = context;
    struct watch *watch = assigned;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        http->place.curl.multi_assign(http->multi, socket, NULL);
        if (watch)
            drop_watch(http, watch);
        return 0;
    }
    if (!watch && !(watch = add_watch(http, socket)))
        return -1;
    int events =
        (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&watch->poll, events, on_ready) < 0 ? -1 : 0;
}

static void open_multi(struct rb_http *http)
{
    const struct rb_curl *curl = &http->place.curl;
    http->multi = curl->multi_init();
    if (!http->multi)
        rb_out_of_memory();
    curl->multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl->multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl->multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl->multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    curl->multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)http->at_once);
}

static void close_multi(struct rb_http *http)
{
    const struct rb_curl *curl = &http->place.curl;
    curl->multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, NULL);
    while (http->watches)
        drop_watch(http, http->watches);
    uv_timer_stop(&http->timer);
    curl->multi_cleanup(http->multi);
}

/* libcurl gave up all it had, which takes a loop that can't wait for a socket. What it has of its
 * connections after that is not to be relied on. */
static void break_all(struct rb_http *http, CURLMcode code)
{
    while (http->running) {
        struct rb_exchange *exchange = http->running;
        rb_exchange_fail(exchange, exchange->sent ? "reset" : "unsent",
                         "the loop can't wait for it: %s",
                         http->place.curl.multi_strerror(code));
        finish(http, exchange);
    }
    close_multi(http);
    open_multi(http);
}

static void discard_all(struct rb_http *http, struct rb_exchange **list)
{
    while (*list) {
        struct rb_exchange *exchange = *list;
        DL_DELETE(*list, exchange);
        http->place.curl.multi_remove_handle(http->multi, exchange->easy);
        rb_exchange_discard(exchange);
        rb_exchange_free(exchange);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct rb_http *http = handle->data;
    if (--http->timers == 0)
        free(http);
}

static void tear_down(struct rb_http *http)
{
    discard_all(http, &http->waiting);
    discard_all(http, &http->running);
    discard_all(http, &http->over);
    close_multi(http);
    rb_curl_close(&http->place.curl);
    close(http->place.steps);
    close(http->place.run_dir);
    http->timers = 2;
    uv_close((uv_handle_t *)&http->timer, on_timer_closed);
    uv_close((uv_handle_t *)&http->soon, on_timer_closed);
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
    return rb_note_boot_id(place->boot_id, err) &&
           rb_note_same_boot(run_dir, &http->same_boot, err) &&
           rb_curl_open(&place->curl, err);
}

bool rb_http_open(uv_loop_t *loop, int run_dir, const struct rb_http_events *events,
                  struct rb_http **ret_http, struct rb_error *err)
{
    struct rb_http *http = rb_alloc(sizeof *http);
    http->loop = loop;
    http->events = *events;
    http->place.run_dir = http->place.steps = -1;
    http->at_once = choose_at_once();
    if (!open_place(http, run_dir, err)) {
        rb_close_descriptor(&http->place.run_dir);
        rb_close_descriptor(&http->place.steps);
        free(http);
        return false;
    }
    uv_timer_init(loop, &http->timer);
    uv_timer_init(loop, &http->soon);
    http->timer.data = http->soon.data = http;
    open_multi(http);
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

/* From the first request of this boot on, the notes tell what became of each. */
static bool trust_notes(struct rb_http *http, struct rb_error *err)
{
    if (!http->same_boot && !rb_note_boot(http->place.run_dir, err))
        return false;
    http->same_boot = true;
    return true;
}

bool rb_http_run(struct rb_http *http, const struct rb_value *request, struct rb_error *err)
{
    const char *dir = rb_value_get_text(request, "dir", "");
    if (find(http->waiting, dir) || find(http->running, dir) || find(http->over, dir))
        return rb_fail(err, RB_ERR_REFUSED, "%s is under way already", dir);
    if (!trust_notes(http, err))
        return false;
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
