#include "effects/http_outcome.h"

#include "effects/clock.h"
#include "effects/curl_explain.h"

/* libcurl takes a part of a millisecond that is missing for one that is over (7.88.1). */
static bool is_over(const struct rb_exchange *exchange)
{
    rb_time total = rb_value_get_int(exchange->request, "timeout_us", 0);
    return total > 0 && rb_clock_mono() - exchange->began >= total - RB_MS;
}

/* There was a connection by TCP, and nothing beyond. The time of it is not to be had (7.88.1). */
static bool is_stalled(const struct rb_exchange *exchange)
{
    long port = 0;
    exchange->place->curl.easy_getinfo(exchange->easy, CURLINFO_PRIMARY_PORT, &port);
    return port > 0 && strcmp(exchange->target.scheme, "https") == 0;
}

static void explain_time(struct rb_exchange *exchange, const char *host, int port)
{
    if (!exchange->hop_sent && is_stalled(exchange))
        rb_exchange_fail(exchange, "timeout",
                         "%s:%d: there is a connection, but its TLS handshake did not come "
                         "to an end in time",
                         host, port);
    else if (!exchange->hop_sent)
        rb_exchange_fail(exchange, "timeout", "%s:%d: there was no connection in time",
                         host, port);
    else if (is_over(exchange))
        rb_exchange_fail(exchange, "timeout", "%s:%d: the answer did not come in time",
                         host, port);
    else
        rb_exchange_fail(exchange, "too_slow", "%s:%d: the answer comes too slowly", host,
                         port);
}

const char *rb_http_distrust(const struct rb_exchange *exchange)
{
    return rb_curl_distrust(&exchange->place->curl, exchange->easy);
}

/* What the request itself names, and libcurl can't use. */
static const char *file_of(const struct rb_exchange *exchange, CURLcode result)
{
    const struct rb_value *tls = rb_value_get(exchange->request, "tls");
    return result == CURLE_SSL_CACERT_BADFILE ? rb_value_get_text(tls, "ca", NULL)
           : result == CURLE_SSL_CERTPROBLEM  ? rb_value_get_text(tls, "cert", NULL)
                                              : NULL;
}

void rb_http_explain(struct rb_exchange *exchange, CURLcode result)
{
    const struct rb_origin *to = &exchange->target;
    if (exchange->code)
        return;
    if (result == CURLE_OPERATION_TIMEDOUT) {
        explain_time(exchange, to->host, to->port);
        return;
    }
    const struct rb_curl_reason reason =
        rb_curl_explain(&exchange->place->curl, exchange->easy, result);
    const char *more = reason.more ? reason.more : file_of(exchange, result);
    rb_exchange_fail(exchange, reason.code, "%s:%d: %s%s%s", to->host, to->port,
                     reason.text, more ? ": " : "", more ? more : "");
}
