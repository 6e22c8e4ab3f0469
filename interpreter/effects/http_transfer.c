#include "effects/http_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "effects/http_outcome.h"

enum { HEADER_LINES = 200, HEADER_BYTES = 64 << 10, RATE = 16 };
static const int64_t MAX_BYTES = INT64_C(1) << 30, CAP_BYTES = INT64_C(256) << 20;
static const int64_t HELD_BYTES = 64 << 10; /* of a body, in memory */
static const rb_time SLOW_FOR = 30 * RB_SEC;

/* A redirect leads to what only this machine reaches where the request went to the same of itself,
 * and to the addresses of a link only within its origin. It is the socket's address that counts:
 * a name may have another one by now. */
static bool may_lead_to(const struct rb_exchange *exchange, enum rb_address_place place)
{
    if (exchange->hops == 0 || place == RB_ADDRESS_ELSEWHERE)
        return true;
    return place == exchange->first &&
           !(place == RB_ADDRESS_LINK_LOCAL && exchange->is_foreign);
}

curl_socket_t rb_http_on_socket(void *context, curlsocktype purpose,
                                struct curl_sockaddr *address)
{
    struct rb_exchange *exchange = context;
    (void)purpose;
    if (!may_lead_to(exchange, rb_address_place(&address->addr))) {
        rb_exchange_fail(exchange, "redirect",
                         "a redirect to %s:%d leads to what is local to this machine",
                         exchange->target.host, exchange->target.port);
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* The note comes before the first byte: whoever finds none knows that none was sent. */
static bool note_start(struct rb_exchange *exchange)
{
    RB_AUTO_CLOSE int note = -1;
    struct rb_error err;
    if (exchange->sent || !exchange->is_write)
        return true;
    if (!rb_exchange_folder(exchange, &err) ||
        !rb_note_started(exchange->folder, &note, &err)) {
        exchange->unnoted = true;
        return rb_exchange_fail(exchange, rb_note_had_no_room(&err) ? "no_room" : "unsent",
                                "%s", err.message);
    }
    rb_note_programs(note, exchange->place->boot_id, NULL);
    return true;
}

// NOLINTNEXTLINE(readability-non-const-parameter): as libcurl calls it
int rb_http_on_request(void *context, char *remote, char *local, int remote_port,
                       int local_port)
{
    struct rb_exchange *exchange = context;
    (void)local;
    (void)local_port;
    snprintf(exchange->remote, sizeof exchange->remote,
             strchr(remote, ':') ? "[%s]:%d" : "%s:%d", remote, remote_port);
    rb_value_unref(exchange->tls);
    exchange->tls = rb_http_tls(exchange);
    if (exchange->hops == 0)
        exchange->first = rb_address_text_place(remote);
    /* Another of the name's addresses may have been refused: then this one is as well. */
    if (exchange->code || !note_start(exchange))
        return CURL_PREREQFUNC_ABORT;
    exchange->sent = exchange->hop_sent = true;
    return CURL_PREREQFUNC_OK;
}

static size_t read_text(struct rb_exchange *exchange, char *bytes, size_t size)
{
    const struct rb_value *body = rb_value_get(exchange->request, "body");
    const char *text = rb_value_get_text(body, "text", "");
    memcpy(bytes, text + exchange->body_at, size);
    return size;
}

/* A file that lost bytes since its length was sent can't be sent any more. */
static size_t read_file(struct rb_exchange *exchange, char *bytes, size_t size)
{
    ssize_t got;
    do
        got = pread(exchange->body, bytes, size, exchange->body_at);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        return (size_t)got;
    rb_exchange_fail(exchange, "file", "the file of the body became shorter or unreadable");
    return CURL_READFUNC_ABORT;
}

size_t rb_http_on_read(char *bytes, size_t one, size_t size, void *context)
{
    struct rb_exchange *exchange = context;
    int64_t left = exchange->body_size - exchange->body_at;
    size_t want = left < (int64_t)(one * size) ? (size_t)left : one * size;
    if (want == 0)
        return 0;
    size_t got = exchange->body >= 0 ? read_file(exchange, bytes, want)
                                     : read_text(exchange, bytes, want);
    if (got != CURL_READFUNC_ABORT)
        exchange->body_at += (int64_t)got;
    return got;
}

int rb_http_on_seek(void *context, curl_off_t offset, int origin)
{
    struct rb_exchange *exchange = context;
    if (origin != SEEK_SET || offset < 0 || offset > exchange->body_size)
        return CURL_SEEKFUNC_FAIL;
    exchange->body_at = offset;
    return CURL_SEEKFUNC_OK;
}

static bool count_header(struct rb_exchange *exchange, size_t length)
{
    const struct rb_value *limits = rb_value_get(exchange->request, "max_headers");
    int64_t lines = rb_value_get_int(limits, "count", HEADER_LINES);
    int64_t bytes = rb_value_get_int(limits, "bytes", HEADER_BYTES);
    exchange->header_lines++;
    exchange->header_bytes += (int64_t)length;
    /* The status line and the line that ends them are no headers. */
    if (exchange->header_lines <= lines + 2 && exchange->header_bytes <= bytes)
        return true;
    return rb_exchange_fail(exchange, "too_large",
                            "%s:%d answered with more than %" PRId64 " headers or %" PRId64
                            " bytes of them",
                            exchange->target.host, exchange->target.port, lines, bytes);
}

/* Only from here on a rate means something: what makes a server think can take any time. */
static void watch_speed(struct rb_exchange *exchange)
{
    const struct rb_curl *curl = &exchange->place->curl;
    const struct rb_value *low = rb_value_get(exchange->request, "low_speed");
    rb_time over = rb_value_get_int(low, "over_us", SLOW_FOR);
    curl->easy_setopt(exchange->easy, CURLOPT_LOW_SPEED_LIMIT,
                      (long)rb_value_get_int(low, "rate", RATE));
    curl->easy_setopt(exchange->easy, CURLOPT_LOW_SPEED_TIME,
                      (long)((over + RB_SEC - 1) / RB_SEC));
}

static bool is_redirect(const struct rb_exchange *exchange, long status)
{
    struct curl_header *location;
    bool moved =
        status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    return moved &&
           exchange->place->curl.easy_header(exchange->easy, "location", 0, CURLH_HEADER,
                                             -1, &location) == CURLHE_OK;
}

/* RFC 9110, 8.6: of two lengths none can be believed; libcurl believes the last. */
static bool has_one_length(const struct rb_exchange *exchange)
{
    struct curl_header *header;
    const struct rb_curl *curl = &exchange->place->curl;
    RB_AUTO_FREE char *first = NULL;
    for (size_t i = 0; curl->easy_header(exchange->easy, "content-length", i, CURLH_HEADER,
                                         -1, &header) == CURLHE_OK;
         i++) {
        if (first && strcmp(first, header->value) != 0)
            return false;
        if (!first)
            first = rb_strdup(header->value);
    }
    return true;
}

/* `to` is for what was asked for: the text of a refusal stays with the run. */
static bool open_beside(struct rb_exchange *exchange)
{
    const char *to = rb_value_get_text(exchange->request, "to", "");
    const char *slash = strrchr(to, '/');
    RB_AUTO_FREE char *folder = rb_strndup(to, slash == to ? 1 : (size_t)(slash - to));
    struct rb_buf part = {0};
    exchange->beside = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (exchange->beside < 0)
        return rb_exchange_fail(exchange, "file", "the folder %s can't be opened: %s",
                                folder, strerror(errno));
    rb_buf_printf(&part, "%s.%s.part", slash + 1, exchange->dir);
    exchange->part = rb_buf_take(&part);
    rb_output_init(&exchange->out, exchange->beside, exchange->part, INT64_MAX);
    return true;
}

/* The headers of the answer are all there. */
static bool examine(struct rb_exchange *exchange, long status)
{
    int64_t follow = rb_value_get_int(exchange->request, "follow", 0);
    if (!has_one_length(exchange))
        return rb_exchange_fail(exchange, "protocol", "%s:%d: the answer has two lengths",
                                exchange->target.host, exchange->target.port);
    watch_speed(exchange);
    if (status >= 200 && status < 300 && rb_value_get(exchange->request, "to"))
        return open_beside(exchange);
    if (follow <= 0 || !is_redirect(exchange, status))
        return true;
    exchange->is_followed = exchange->hops < follow;
    return exchange->is_followed ||
           rb_exchange_fail(exchange, "redirect",
                            "there are more than %" PRId64 " redirects", follow);
}

// NOLINTNEXTLINE(readability-non-const-parameter): as libcurl calls it
size_t rb_http_on_header(char *bytes, size_t one, size_t size, void *context)
{
    struct rb_exchange *exchange = context;
    size_t length = one * size;
    long status = 0;
    if (!count_header(exchange, length))
        return 0;
    if (*bytes != '\r' && *bytes != '\n')
        return length;
    exchange->place->curl.easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    bool is_last = status >= 200 && !exchange->examined;
    exchange->examined |= is_last;
    return !is_last || examine(exchange, status) ? length : 0;
}

static int folder_of(void *context)
{
    struct rb_exchange *exchange = context;
    struct rb_error err;
    return rb_exchange_folder(exchange, &err) ? exchange->folder : -1;
}

static void open_kept(struct rb_exchange *exchange)
{
    rb_output_init(&exchange->out, -1, "out",
                   rb_value_get_int(exchange->request, "cap_bytes", CAP_BYTES));
    rb_output_hold(&exchange->out, HELD_BYTES, folder_of, exchange);
    rb_output_redact(&exchange->out, exchange->place->redactor);
}

/* What it is packed in is not undone, and to read it as it is would be to read something else. */
static bool is_plain(struct rb_exchange *exchange)
{
    struct curl_header *header;
    const struct rb_curl *curl = &exchange->place->curl;
    for (size_t i = 0; curl->easy_header(exchange->easy, "content-encoding", i,
                                         CURLH_HEADER, -1, &header) == CURLHE_OK;
         i++) {
        if (!rb_text_same_name(header->value, "identity"))
            return rb_exchange_fail(
                exchange, "protocol",
                "%s:%d answered in %.20s, although only plain bytes were asked for",
                exchange->target.host, exchange->target.port, header->value);
    }
    return true;
}

static bool take(struct rb_exchange *exchange, const char *bytes, size_t length)
{
    int64_t max = rb_value_get_int(exchange->request, "max_bytes", MAX_BYTES);
    bool first = exchange->received == 0;
    exchange->received += (int64_t)length;
    if (exchange->received > max)
        return rb_exchange_fail(exchange, "too_large",
                                "%s:%d answered with more than %" PRId64 " bytes",
                                exchange->target.host, exchange->target.port, max);
    if (exchange->is_followed)
        return true;
    if (first && !exchange->part && !is_plain(exchange))
        return false;
    if (first && !exchange->part)
        open_kept(exchange);
    rb_output_put(&exchange->out, bytes, length);
    return !exchange->part || !exchange->out.full ||
           rb_exchange_fail(exchange, "file", "%s can't be written",
                            rb_value_get_text(exchange->request, "to", ""));
}

// NOLINTNEXTLINE(readability-non-const-parameter): as libcurl calls it
size_t rb_http_on_body(char *bytes, size_t one, size_t size, void *context)
{
    return take(context, bytes, one * size) ? one * size : 0;
}
