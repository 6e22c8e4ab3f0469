#include "effects/curl_loop.h"

#include <utlist.h>

#include "base/mem.h"

enum { BEAT_MS = 1000 };

/* A socket that libcurl waits for; freed when the loop let go of it. */
struct watch {
    uv_poll_t poll;
    curl_socket_t socket;
    int events; /* of libuv, that it waits for */
    struct rb_curl_loop *loop;
    struct watch *prev, *next;
};

struct rb_curl_loop {
    uv_loop_t *uv;
    uv_timer_t timer; /* of the time that it waits for */
    uv_timer_t beat;  /* active while there are transfers */
    int open;         /* so many of these */
    const struct rb_curl *curl;
    CURLM *multi;
    long kept;
    struct watch *watches;
    struct rb_curl_loop_events events;
};

static void on_beat(uv_timer_t *beat);

static void acted(struct rb_curl_loop *loop, CURLMcode code, int running)
{
    if (running > 0 && !uv_is_active((const uv_handle_t *)&loop->beat))
        uv_timer_start(&loop->beat, on_beat, BEAT_MS, 0);
    loop->events.acted(loop->events.context, code);
}

static void act(struct rb_curl_loop *loop, curl_socket_t socket, int events)
{
    int running = 0;
    CURLMcode code = loop->curl->multi_socket_action(loop->multi, socket, events, &running);
    acted(loop, code, running);
}

/* What libcurl (7.88.1) asks nobody to call it for. A time that is due less than a millisecond after
 * another one of its transfer is forgotten with it (multi.c, add_next_timeout), and were it the last
 * one, nothing would end the transfer. An address whose time is up is let go of, and the next one is
 * taken up with the next call (curl#11920). */
static void on_beat(uv_timer_t *beat)
{
    int running = 0;
    struct rb_curl_loop *loop = beat->data;
    CURLMcode code = loop->curl->multi_socket_all(loop->multi, &running);
    acted(loop, code, running);
}

static void on_time(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *multi, long ms, void *context)
{
    struct rb_curl_loop *loop = context;
    (void)multi;
    /* The loop's clock lags and has whole milliseconds. A time that is early is lost: libcurl finds
     * nothing due, and does not tell it again while it stays the next (7.88.1, multi.c,
     * Curl_update_timer). */
    uv_update_time(loop->uv);
    if (ms < 0)
        uv_timer_stop(&loop->timer);
    else
        uv_timer_start(&loop->timer, on_time, ms > 0 ? (uint64_t)ms + 1 : 0, 0);
    return 0;
}

/* libuv lets go of a socket that has an error, and says nothing else of it. An answer may have come
 * before the error: libcurl, told nothing, looks for itself. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    int flags = 0;
    if (status < 0)
        uv_poll_start(poll, watch->events, on_ready);
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    act(watch->loop, watch->socket, flags);
}

static void free_watch(uv_handle_t *handle)
{
    free(handle->data);
}

static void drop_watch(struct rb_curl_loop *loop, struct watch *watch)
{
    DL_DELETE(loop->watches, watch);
    uv_close((uv_handle_t *)&watch->poll, free_watch);
}

static struct watch *add_watch(struct rb_curl_loop *loop, curl_socket_t socket)
{
    struct watch *watch = rb_alloc(sizeof *watch);
    if (uv_poll_init_socket(loop->uv, &watch->poll, socket) < 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    watch->socket = socket;
    watch->loop = loop;
    DL_APPEND(loop->watches, watch);
    loop->curl->multi_assign(loop->multi, socket, watch);
    return watch;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context,
                     void *assigned)
{
    struct rb_curl_loop *loop = context;
    struct watch *watch = assigned;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        loop->curl->multi_assign(loop->multi, socket, NULL);
        if (watch)
            drop_watch(loop, watch);
        return 0;
    }
    if (!watch && !(watch = add_watch(loop, socket)))
        return -1;
    watch->events =
        (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&watch->poll, watch->events, on_ready) < 0 ? -1 : 0;
}

static void open_multi(struct rb_curl_loop *loop)
{
    const struct rb_curl *curl = loop->curl;
    loop->multi = curl->multi_init();
    if (!loop->multi)
        rb_out_of_memory();
    curl->multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl->multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    curl->multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl->multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
    curl->multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, loop->kept);
}

/* Of a socket that it failed to have watched libcurl doesn't tell any more (7.88.1): what is
 * watched ends here, and before the sockets do. */
static void close_multi(struct rb_curl_loop *loop)
{
    loop->curl->multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, NULL);
    while (loop->watches)
        drop_watch(loop, loop->watches);
    loop->curl->multi_cleanup(loop->multi);
    uv_timer_stop(&loop->timer);
    uv_timer_stop(&loop->beat);
}

struct rb_curl_loop *rb_curl_loop_open(uv_loop_t *uv, const struct rb_curl *curl, long kept,
                                       const struct rb_curl_loop_events *events)
{
    struct rb_curl_loop *loop = rb_alloc(sizeof *loop);
    loop->uv = uv;
    loop->curl = curl;
    loop->kept = kept;
    loop->events = *events;
    uv_timer_init(uv, &loop->timer);
    uv_timer_init(uv, &loop->beat);
    uv_unref((uv_handle_t *)&loop->beat);
    loop->timer.data = loop->beat.data = loop;
    loop->open = 2;
    open_multi(loop);
    return loop;
}

static void closed(uv_handle_t *timer)
{
    struct rb_curl_loop *loop = timer->data;
    if (--loop->open == 0)
        free(loop);
}

void rb_curl_loop_close(struct rb_curl_loop *loop)
{
    close_multi(loop);
    uv_close((uv_handle_t *)&loop->timer, closed);
    uv_close((uv_handle_t *)&loop->beat, closed);
}

void rb_curl_loop_renew(struct rb_curl_loop *loop)
{
    close_multi(loop);
    open_multi(loop);
}

CURLMcode rb_curl_loop_add(struct rb_curl_loop *loop, CURL *easy)
{
    return loop->curl->multi_add_handle(loop->multi, easy);
}

void rb_curl_loop_remove(struct rb_curl_loop *loop, CURL *easy)
{
    loop->curl->multi_remove_handle(loop->multi, easy);
}

CURL *rb_curl_loop_ended(struct rb_curl_loop *loop, CURLcode *ret_result)
{
    int left;
    const CURLMsg *message = loop->curl->multi_info_read(loop->multi, &left);
    if (!message)
        return NULL;
    /* The message is gone with the handle. */
    CURL *easy = message->easy_handle;
    *ret_result = message->data.result;
    rb_curl_loop_remove(loop, easy);
    return easy;
}
