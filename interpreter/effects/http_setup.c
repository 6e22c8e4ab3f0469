#include "effects/http_setup.h"

#include <stdio.h>

#include "base/digest.h"
#include "base/text.h"
#include "effects/clock.h"
#include "effects/http_transfer.h"

/* Bytes of a body from which on it is asked whether it is wanted, as libcurl itself has it for a POST
 * (EXPECT_100_THRESHOLD of its lib/http.h). */
enum { ASK_FIRST = 1 << 20 };
static const rb_time CONNECT_TIMEOUT = 10 * RB_SEC;

/* What is set so far; the first refusal stays. */
struct setup {
    struct rb_exchange *exchange;
    const struct rb_curl *curl;
    CURL *easy;
    CURLcode refused;
};

static void note(struct setup *setup, CURLcode code)
{
    if (setup->refused == CURLE_OK)
        setup->refused = code;
}

static void set_long(struct setup *setup, CURLoption option, long value)
{
    note(setup, setup->curl->easy_setopt(setup->easy, option, value));
}

static void set_size(struct setup *setup, CURLoption option, curl_off_t value)
{
    note(setup, setup->curl->easy_setopt(setup->easy, option, value));
}

static void set_text(struct setup *setup, CURLoption option, const char *value)
{
    note(setup, setup->curl->easy_setopt(setup->easy, option, value));
}

/* A callback and what it is called with. */
#define SET_CALL(setup, what, data, call)                                             \
    do {                                                                              \
        note(setup, (setup)->curl->easy_setopt((setup)->easy, CURLOPT_##what, call)); \
        note(setup, (setup)->curl->easy_setopt((setup)->easy, CURLOPT_##data,         \
                                               (setup)->exchange));                   \
    } while (0)

static const struct rb_value *of(const struct setup *setup, const char *member)
{
    return rb_value_get(setup->exchange->request, member);
}

/* What libcurl would otherwise take from the environment, or do in its own way. */
static void set_world(struct setup *setup)
{
    set_text(setup, CURLOPT_PROTOCOLS_STR, "http,https");
    set_text(setup, CURLOPT_PROXY, "");
    set_long(setup, CURLOPT_NOSIGNAL, 1);
    set_long(setup, CURLOPT_TCP_KEEPALIVE, 1);
    /* A name that is being looked up is left to its thread: it can't be interrupted, and
     * waiting for it would stop the loop. */
    set_long(setup, CURLOPT_QUICK_EXIT, 1);
    set_long(setup, CURLOPT_PATH_AS_IS, 1);
    set_text(setup, CURLOPT_USERAGENT, "runbook/" RB_VERSION);
    SET_CALL(setup, OPENSOCKETFUNCTION, OPENSOCKETDATA, rb_http_on_socket);
    SET_CALL(setup, PREREQFUNCTION, PREREQDATA, rb_http_on_request);
    SET_CALL(setup, HEADERFUNCTION, HEADERDATA, rb_http_on_header);
    SET_CALL(setup, WRITEFUNCTION, WRITEDATA, rb_http_on_body);
    note(setup, setup->curl->easy_setopt(setup->easy, CURLOPT_PRIVATE, setup->exchange));
}

static long in_ms(rb_time time)
{
    return (long)((time + RB_MS - 1) / RB_MS);
}

static bool set_times(struct setup *setup)
{
    struct rb_exchange *exchange = setup->exchange;
    rb_time connect =
        rb_value_get_int(exchange->request, "connect_timeout_us", CONNECT_TIMEOUT);
    rb_time total = rb_value_get_int(exchange->request, "timeout_us", 0);
    rb_time left = exchange->began + total - rb_clock_mono();
    if (total > 0 && left <= 0)
        return rb_exchange_fail(exchange, "timeout", "the redirects took too long");
    set_long(setup, CURLOPT_TIMEOUT_MS, total > 0 ? in_ms(left) : 0);
    set_long(setup, CURLOPT_CONNECTTIMEOUT_MS, in_ms(connect));
    return true;
}

static bool is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

/* On a reused connection that turns out to be closed libcurl sends a request again, whatever its
 * method; on a fresh one it can't. To another origin each connection is one whose address was
 * looked at. */
static void set_line(struct setup *setup)
{
    const struct rb_exchange *exchange = setup->exchange;
    bool is_head = strcmp(exchange->method, "HEAD") == 0;
    set_text(setup, CURLOPT_URL, exchange->url);
    set_long(setup, CURLOPT_NOBODY, is_head);
    if (exchange->has_body) {
        set_long(setup, CURLOPT_UPLOAD, 1);
        set_size(setup, CURLOPT_INFILESIZE_LARGE, exchange->body_size);
        SET_CALL(setup, READFUNCTION, READDATA, rb_http_on_read);
        SET_CALL(setup, SEEKFUNCTION, SEEKDATA, rb_http_on_seek);
    }
    if (!is_head)
        set_text(setup, CURLOPT_CUSTOMREQUEST, exchange->method);
    bool fresh = exchange->is_foreign || !is_safe(exchange->method);
    set_long(setup, CURLOPT_FRESH_CONNECT, fresh);
}

static void add_line(struct setup *setup, const char *line)
{
    struct curl_slist *longer = setup->curl->slist_append(setup->exchange->headers, line);
    if (!longer)
        rb_out_of_memory();
    setup->exchange->headers = longer;
}

static void add_header(struct setup *setup, const char *name, const char *value)
{
    RB_AUTO_BUF struct rb_buf line = {0};
    /* A name with nothing after its colon would be taken out instead. */
    rb_buf_printf(&line, *value ? "%s: %s" : "%s;", name, value);
    add_line(setup, line.data);
}

/* Whose second part ("amz" of "aws:amz:...") names the headers that go with a signature. */
static void add_signed_header(struct setup *setup, const char *provider, const char *what,
                              const char *value)
{
    RB_AUTO_BUF struct rb_buf name = {0};
    const char *colon = strchr(provider, ':');
    const char *second = colon ? colon + 1 : provider;
    rb_buf_printf(&name, "x-%.*s-%s", (int)strcspn(second, ":"), second, what);
    add_header(setup, name.data, value);
}

/* libcurl would sign the digest of no body at all (7.88.1): it is told the right one. */
static void set_signature(struct setup *setup, const struct rb_value *sigv4)
{
    char nothing[RB_DIGEST_HEX + 1];
    const char *provider = rb_value_get_text(sigv4, "provider", "");
    const char *token = rb_value_get_text(sigv4, "token", NULL);
    rb_digest_of("", 0, nothing);
    set_text(setup, CURLOPT_AWS_SIGV4, provider);
    set_text(setup, CURLOPT_USERNAME, rb_value_get_text(sigv4, "key", ""));
    set_text(setup, CURLOPT_PASSWORD, rb_value_get_text(sigv4, "secret", ""));
    add_signed_header(setup, provider, "content-sha256",
                      setup->exchange->has_body ? setup->exchange->payload : nothing);
    if (token)
        add_signed_header(setup, provider, "security-token", token);
}

static void set_auth(struct setup *setup)
{
    const struct rb_value *auth = of(setup, "auth");
    const struct rb_value *sigv4 = rb_value_get(auth, "sigv4");
    const char *bearer = rb_value_get_text(auth, "bearer", NULL);
    const char *user = rb_value_get_text(auth, "user", NULL);
    if (bearer) {
        set_long(setup, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        set_text(setup, CURLOPT_XOAUTH2_BEARER, bearer);
    } else if (user) {
        set_long(setup, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        set_text(setup, CURLOPT_USERNAME, user);
        set_text(setup, CURLOPT_PASSWORD, rb_value_get_text(auth, "password", ""));
    } else if (sigv4) {
        set_signature(setup, sigv4);
    }
}

static bool has_header(const struct setup *setup, const char *name)
{
    const struct rb_value *headers = of(setup, "headers");
    for (size_t i = 0; i < rb_value_count(headers); i++) {
        const struct rb_value *own = rb_value_at(rb_value_at(headers, i), 0);
        if (rb_text_same_name(rb_value_as_text(own, ""), name))
            return true;
    }
    return false;
}

static void set_headers(struct setup *setup)
{
    const struct rb_value *headers = of(setup, "headers");
    for (size_t i = 0; i < rb_value_count(headers); i++) {
        const struct rb_value *header = rb_value_at(headers, i);
        add_header(setup, rb_value_as_text(rb_value_at(header, 0), ""),
                   rb_value_as_text(rb_value_at(header, 1), ""));
    }
}

/* What is packed could be cut without a sign of it (libcurl 7.88.1), or be without end. A signature
 * would cover this header, which some that stand in between change. */
static void ask_for_plain_bytes(struct setup *setup)
{
    static const char name[] = "Accept-Encoding";
    if (!has_header(setup, name) && !rb_value_get(of(setup, "auth"), "sigv4"))
        add_header(setup, name, "identity");
}

/* A server that does not know `Expect: 100-continue` costs the second that libcurl waits for it. To
 * ask first is worth that for a large body alone. A signature would cover the line that takes the
 * header out (7.88.1). */
static void send_at_once(struct setup *setup)
{
    const struct rb_exchange *exchange = setup->exchange;
    if (exchange->has_body && exchange->body_size < ASK_FIRST &&
        !has_header(setup, "Expect") && !rb_value_get(of(setup, "auth"), "sigv4"))
        add_line(setup, "Expect:");
}

/* All that is meant for the request's own origin. */
static void set_own(struct setup *setup)
{
    const struct rb_value *tls = of(setup, "tls");
    bool verify = rb_value_get_bool(tls, "verify", true);
    set_long(setup, CURLOPT_SSL_VERIFYPEER, verify);
    set_long(setup, CURLOPT_SSL_VERIFYHOST, verify ? 2 : 0);
    set_text(setup, CURLOPT_SSLCERT, rb_value_get_text(tls, "cert", NULL));
    set_text(setup, CURLOPT_SSLKEY, rb_value_get_text(tls, "key", NULL));
    set_headers(setup);
    set_auth(setup);
}

/* With `ca` nothing else is trusted, and what it says is read each time: a run may change it. */
static void set_trust(struct setup *setup)
{
    const char *ca = rb_value_get_text(of(setup, "tls"), "ca", NULL);
    set_long(setup, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (!ca)
        return;
    set_text(setup, CURLOPT_CAINFO, ca);
    set_text(setup, CURLOPT_CAPATH, NULL);
    set_long(setup, CURLOPT_CA_CACHE_TIMEOUT, 0);
}

/* To another place than the URL names. */
static void set_place(struct setup *setup, const char *to)
{
    struct rb_exchange *exchange = setup->exchange;
    RB_AUTO_BUF struct rb_buf place = {0};
    rb_buf_printf(&place, "::%s", to);
    exchange->connect_to = setup->curl->slist_append(NULL, rb_buf_text(&place));
    if (!exchange->connect_to)
        rb_out_of_memory();
    note(setup,
         setup->curl->easy_setopt(setup->easy, CURLOPT_CONNECT_TO, exchange->connect_to));
}

/* A session that is taken up again would show no certificate. */
static void set_handshake(struct setup *setup)
{
    const struct rb_exchange *exchange = setup->exchange;
    const char *to = rb_value_get_text(of(setup, "handshake"), "to", NULL);
    if (to)
        set_place(setup, to);
    set_long(setup, CURLOPT_CONNECT_ONLY, 1);
    set_long(setup, CURLOPT_CERTINFO, 1);
    set_long(setup, CURLOPT_SSL_SESSIONID_CACHE, 0);
    set_long(setup, CURLOPT_FRESH_CONNECT, 1);
    set_long(setup, CURLOPT_SSL_VERIFYPEER, !exchange->distrust);
    set_long(setup, CURLOPT_SSL_VERIFYHOST, exchange->distrust ? 0 : 2);
}

static void reset(struct rb_exchange *exchange)
{
    exchange->body_at = exchange->received = 0;
    exchange->header_lines = exchange->header_bytes = 0;
    exchange->hop_sent = exchange->examined = exchange->is_followed = false;
    exchange->remote[0] = 0;
    rb_value_unref(exchange->tls);
    exchange->tls = NULL;
    exchange->place->curl.slist_free_all(exchange->headers);
    exchange->place->curl.slist_free_all(exchange->connect_to);
    exchange->headers = exchange->connect_to = NULL;
}

bool rb_http_set_up(struct rb_exchange *exchange)
{
    const struct rb_curl *curl = &exchange->place->curl;
    struct setup setup = {.exchange = exchange, .curl = curl};
    if (!exchange->easy && !(exchange->easy = curl->easy_init()))
        rb_out_of_memory();
    setup.easy = exchange->easy;
    curl->easy_reset(exchange->easy);
    reset(exchange);
    set_world(&setup);
    set_line(&setup);
    set_trust(&setup);
    if (!exchange->is_foreign)
        set_own(&setup);
    if (exchange->is_handshake)
        set_handshake(&setup);
    ask_for_plain_bytes(&setup);
    send_at_once(&setup);
    note(&setup, curl->easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->headers));
    if (!set_times(&setup))
        return false;
    return setup.refused == CURLE_OK ||
           rb_exchange_fail(exchange, "unsent", "libcurl can't be set up for it: %s",
                            curl->easy_strerror(setup.refused));
}
