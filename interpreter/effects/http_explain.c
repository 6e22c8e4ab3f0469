#include "effects/http_outcome.h"

#include <openssl/x509_vfy.h>

#include "effects/clock.h"

/* One sentence about what became of it: what it was told to names host and port, and nothing
 * that went over the wire. */
static const struct {
    CURLcode result;
    const char *code, *text;
} reasons[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "resolve", "the name can't be resolved"},
    {CURLE_COULDNT_CONNECT, "connect", "there is no connection"},
    {CURLE_INTERFACE_FAILED, "connect", "there is no connection"},
    {CURLE_SSL_CONNECT_ERROR, "tls", "the TLS handshake failed"},
    {CURLE_PEER_FAILED_VERIFICATION, "tls", "the certificate is not to be trusted"},
    {CURLE_SSL_CIPHER, "tls", "there is no cipher that both know"},
    {CURLE_SSL_ISSUER_ERROR, "tls", "the certificate is not to be trusted"},
    {CURLE_SSL_INVALIDCERTSTATUS, "tls", "the certificate is not to be trusted"},
    {CURLE_SSL_CERTPROBLEM, "tls", "the client's certificate or key can't be used"},
    {CURLE_SSL_CACERT_BADFILE, "tls", "the file of trusted certificates can't be used"},
    {CURLE_GOT_NOTHING, "reset", "the connection was closed without an answer"},
    {CURLE_SEND_ERROR, "reset", "the connection broke while it was being sent"},
    {CURLE_RECV_ERROR, "reset", "the answer broke off or can't be read"},
    {CURLE_SEND_FAIL_REWIND, "reset", "it would have to be sent again"},
    {CURLE_HTTP2_STREAM, "reset", "the server gave up the stream"},
    {CURLE_PARTIAL_FILE, "short", "the answer ended before it was whole"},
    {CURLE_BAD_CONTENT_ENCODING, "protocol", "the answer is not compressed as it says"},
    /* A header line that no buffer of libcurl's takes in. */
    {CURLE_OUT_OF_MEMORY, "too_large", "the answer has a header that is too long"},
};

static void explain_time(struct rb_exchange *exchange, const char *host, const char *port)
{
    rb_time total = rb_value_get_int(exchange->request, "timeout_us", 0);
    if (!exchange->hop_sent)
        rb_exchange_fail(exchange, "timeout", "%s:%s: there was no connection in time",
                         host, port);
    else if (total > 0 && rb_clock_mono() - exchange->began >= total)
        rb_exchange_fail(exchange, "timeout", "%s:%s: the answer did not come in time",
                         host, port);
    else
        rb_exchange_fail(exchange, "too_slow", "%s:%s: the answer comes too slowly", host,
                         port);
}

/* What is behind a result, where that is known: the system's error, the verifier's. */
static const char *detail(const struct rb_exchange *exchange, CURLcode result)
{
    const struct rb_curl *curl = &exchange->place->curl;
    long number = 0;
    if (result == CURLE_COULDNT_CONNECT) {
        curl->easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &number);
        return number ? strerror((int)number) : NULL;
    }
    if (result != CURLE_PEER_FAILED_VERIFICATION)
        return NULL;
    curl->easy_getinfo(exchange->easy, CURLINFO_SSL_VERIFYRESULT, &number);
    /* The name is looked at last, and there is no number for it but that of no result. */
    return number > X509_V_ERR_UNSPECIFIED ? curl->X509_verify_cert_error_string(number)
                                           : "it is not for this name";
}

void rb_http_explain(struct rb_exchange *exchange, CURLcode result)
{
    const struct rb_target *to = &exchange->target;
    const char *code = "protocol", *text = exchange->place->curl.easy_strerror(result);
    if (exchange->code)
        return;
    if (result == CURLE_OPERATION_TIMEDOUT) {
        explain_time(exchange, to->host, to->port);
        return;
    }
    for (size_t i = 0; i < RB_COUNT(reasons); i++) {
        if (reasons[i].result != result)
            continue;
        code = reasons[i].code;
        text = reasons[i].text;
    }
    const char *more = detail(exchange, result);
    rb_exchange_fail(exchange, code, "%s:%s: %s%s%s", to->host, to->port, text,
                     more ? ": " : "", more ? more : "");
}
