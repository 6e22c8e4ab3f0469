#include "effects/http_exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "effects/clock.h"
#include "effects/http_check.h"
#include "effects/http_outcome.h"
#include "effects/http_peer.h"
#include "effects/http_setup.h"
#include "journal/folder.h"

/* Read at once for a signature; others are seen to in between. */
enum { SLICE = 4 << 20 };

struct rb_exchange *rb_exchange_new(const struct rb_http_place *place,
                                    const struct rb_value *request)
{
    struct rb_exchange *exchange = rb_alloc(sizeof *exchange);
    exchange->place = place;
    exchange->request = rb_value_ref(request);
    exchange->dir = rb_value_get_text(request, "dir", "");
    exchange->is_write = strcmp(rb_value_get_text(request, "class", "write"), "read") != 0;
    exchange->is_handshake = rb_value_get(request, "handshake");
    exchange->folder = exchange->body = exchange->beside = -1;
    rb_output_init(&exchange->out, -1, "out", 0);
    return exchange;
}

void rb_exchange_free(struct rb_exchange *exchange)
{
    const struct rb_curl *curl = &exchange->place->curl;
    rb_output_done(&exchange->out);
    rb_close_descriptor(&exchange->folder);
    rb_close_descriptor(&exchange->body);
    rb_close_descriptor(&exchange->beside);
    rb_digest_free(exchange->signing);
    rb_origin_done(&exchange->target);
    curl->easy_cleanup(exchange->easy);
    curl->slist_free_all(exchange->headers);
    curl->slist_free_all(exchange->connect_to);
    free(exchange->url);
    free(exchange->part);
    rb_value_unref(exchange->tls);
    rb_value_unref(exchange->peer);
    rb_value_unref(exchange->saved);
    rb_value_unref(exchange->request);
    free(exchange);
}

bool rb_exchange_fail(struct rb_exchange *exchange, const char *code, const char *format,
                      ...)
{
    va_list args;
    RB_AUTO_BUF struct rb_buf message = {0};
    if (exchange->code)
        return false;
    va_start(args, format);
    rb_buf_vprintf(&message, format, args);
    va_end(args);
    exchange->code = code;
    return rb_fail(&exchange->why, RB_ERR_IO, "%s", rb_buf_text(&message));
}

bool rb_exchange_folder(struct rb_exchange *exchange, struct rb_error *err)
{
    return exchange->folder >= 0 ||
           rb_note_folder(exchange->place->steps, exchange->dir, &exchange->folder, err);
}

static bool open_body(struct rb_exchange *exchange, const char *path)
{
    struct stat info;
    /* Without O_NONBLOCK the open of a FIFO would wait for its writer. */
    exchange->body = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (exchange->body < 0)
        return rb_exchange_fail(exchange, "unsent", "the file %s can't be opened: %s", path,
                                strerror(errno));
    if (fstat(exchange->body, &info) < 0 || !S_ISREG(info.st_mode))
        return rb_exchange_fail(exchange, "unsent", "%s is not a regular file", path);
    exchange->body_size = info.st_size;
    return true;
}

/* Methods that mean to send something say so with a length even when it is nothing. */
static bool means_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

static bool choose_body(struct rb_exchange *exchange)
{
    const struct rb_value *body = rb_value_get(exchange->request, "body");
    const char *file = rb_value_get_text(body, "file", NULL);
    exchange->has_body = body || means_body(exchange->method);
    exchange->body_size = (int64_t)rb_value_length(rb_value_get(body, "text"));
    if (file && !open_body(exchange, file))
        return false;
    if (!rb_value_get(rb_value_get(exchange->request, "auth"), "sigv4"))
        return true;
    exchange->signing = rb_digest_new();
    return true;
}

static bool is_at_home(const struct rb_value *connection, const char *url,
                       struct rb_error *err)
{
    return !connection || rb_origin_is_home(url, rb_value_get_text(connection, "url", ""),
                                            rb_value_get_text(connection, "name", ""), err);
}

static bool begin(struct rb_exchange *exchange)
{
    struct rb_error err;
    const char *url = rb_value_get_text(exchange->request, "url", "");
    exchange->began = rb_clock_mono();
    if (!rb_http_check(exchange->request, &err) ||
        !rb_origin_read(url, &exchange->target, &err) ||
        !is_at_home(rb_value_get(exchange->request, "connection"), url, &err))
        return rb_exchange_fail(exchange, "unsent", "%s", err.message);
    exchange->method = rb_value_get_text(exchange->request, "method", "");
    exchange->url = rb_strdup(url);
    return choose_body(exchange);
}

/* Digests a part of the body that is to be signed. False when that can't be. */
static bool digest_slice(struct rb_exchange *exchange)
{
    const struct rb_value *text =
        rb_value_get(rb_value_get(exchange->request, "body"), "text");
    RB_AUTO_FREE char *slice = exchange->body >= 0 ? rb_alloc(SLICE) : NULL;
    ssize_t got = slice ? pread(exchange->body, slice, SLICE, exchange->body_at) : 0;
    if (got < 0)
        return rb_exchange_fail(exchange, "unsent",
                                "the file of the body can't be read: %s", strerror(errno));
    if (got > 0) {
        rb_digest_add(exchange->signing, slice, (size_t)got);
        exchange->body_at += got;
        return true;
    }
    rb_digest_add(exchange->signing, rb_value_as_text(text, ""), rb_value_length(text));
    rb_digest_end(exchange->signing, exchange->payload);
    exchange->signing = NULL;
    return true;
}

enum rb_exchange_turn rb_exchange_prepare(struct rb_exchange *exchange)
{
    if (exchange->began == 0 && !begin(exchange))
        return RB_EXCHANGE_FAILED;
    if (exchange->signing && !digest_slice(exchange))
        return RB_EXCHANGE_FAILED;
    if (exchange->signing)
        return RB_EXCHANGE_BUSY;
    return rb_http_set_up(exchange) ? RB_EXCHANGE_READY : RB_EXCHANGE_FAILED;
}

/* RFC 9110, 15.4: 303 asks for another resource, and what 301 and 302 have done to a POST for
 * ever is what servers expect of it. */
static void choose_method(struct rb_exchange *exchange, long status)
{
    bool becomes_get = status == 303 ? strcmp(exchange->method, "HEAD") != 0
                                     : (status == 301 || status == 302) &&
                                           strcmp(exchange->method, "POST") == 0;
    if (!becomes_get)
        return;
    exchange->method = "GET";
    exchange->has_body = false;
}

static bool follow(struct rb_exchange *exchange, const char *url, long status)
{
    struct rb_error err;
    struct rb_origin target;
    if (!rb_origin_read(url, &target, &err))
        return rb_exchange_fail(exchange, "redirect", "the redirect leads nowhere: %s",
                                err.message);
    exchange->is_foreign |= !rb_origin_same(&exchange->target, &target);
    rb_origin_done(&exchange->target);
    exchange->target = target;
    choose_method(exchange, status);
    if (exchange->is_foreign && exchange->has_body)
        return rb_exchange_fail(exchange, "redirect",
                                "a redirect would take the body to another origin, %s:%d",
                                target.host, target.port);
    free(exchange->url);
    exchange->url = rb_strdup(url);
    exchange->hops++;
    return rb_http_set_up(exchange);
}

bool rb_exchange_goes_on(struct rb_exchange *exchange, CURLcode result)
{
    const struct rb_curl *curl = &exchange->place->curl;
    char *url = NULL;
    long status = 0;
    if (exchange->is_handshake)
        return rb_http_peer_goes_on(exchange, result);
    if (result != CURLE_OK || exchange->code) {
        rb_http_explain(exchange, result);
        return false;
    }
    /* One that is cut within its headers is whole to libcurl (7.88.1). */
    if (!exchange->examined)
        return rb_exchange_fail(exchange, "short", "%s:%d: the answer ended in its headers",
                                exchange->target.host, exchange->target.port);
    if (!exchange->is_followed)
        return false;
    curl->easy_getinfo(exchange->easy, CURLINFO_REDIRECT_URL, &url);
    curl->easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    RB_AUTO_FREE char *own = rb_strdup(url ? url : "");
    return follow(exchange, own, status);
}

/* What was asked to be in a file is there only when it came whole. */
static void save(struct rb_exchange *exchange)
{
    char hex[RB_DIGEST_HEX + 1];
    struct rb_error err;
    const char *to = rb_value_get_text(exchange->request, "to", "");
    int64_t bytes = exchange->out.total;
    if (!exchange->code) {
        if (rb_output_save(&exchange->out, strrchr(to, '/') + 1, hex, &err)) {
            exchange->saved = rb_value_map("bytes", rb_value_int(bytes), "digest",
                                           rb_value_textf("sha256:%s", hex), NULL);
            return;
        }
        rb_exchange_fail(exchange, "file", "%s", err.message);
    }
    rb_output_discard(&exchange->out);
}

static void remove_folder(const struct rb_exchange *exchange)
{
    if (!exchange->is_write)
        unlinkat(exchange->place->steps, exchange->dir, AT_REMOVEDIR);
}

/* Without the note a later interpreter finds the step in doubt, and that is what it then is. */
static void conclude(struct rb_exchange *exchange, const struct rb_value *outcome)
{
    struct rb_error err;
    bool notes =
        exchange->is_write && !exchange->unnoted && rb_folder_is_name(exchange->dir);
    if (notes && (!rb_exchange_folder(exchange, &err) ||
                  !rb_note_exit(exchange->folder, outcome, &err)))
        errno = 0;
    if (exchange->folder >= 0)
        remove_folder(exchange);
}

const struct rb_value *rb_exchange_settle(struct rb_exchange *exchange)
{
    const struct rb_value *out = NULL;
    if (exchange->part)
        save(exchange);
    else
        out = rb_output_settle(&exchange->out, exchange->place->run_dir, exchange->dir);
    RB_AUTO_VALUE const struct rb_value *all = rb_http_outcome(exchange, out);
    const struct rb_value *outcome = rb_redact_value(exchange->place->redactor, all);
    conclude(exchange, outcome);
    return outcome;
}

void rb_exchange_discard(struct rb_exchange *exchange)
{
    rb_output_discard(&exchange->out);
    if (exchange->folder >= 0)
        remove_folder(exchange);
}
