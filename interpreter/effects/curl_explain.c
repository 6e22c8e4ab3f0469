#include "effects/curl_explain.h"

#include <string.h>

#include <openssl/x509_vfy.h>

#include "base/mem.h"

static const struct {
    CURLcode result;
    const char *code, *text;
} reasons[] = {
    {CURLE_URL_MALFORMAT, "unsent", "this is no URL"},
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
    {CURLE_USE_SSL_FAILED, "tls",
     "the server offers no STARTTLS, without which nothing is sent"},
    /* Its only sign of an answer that begins with no status line (7.88.1). */
    {CURLE_UNSUPPORTED_PROTOCOL, "protocol", "what answers does not speak HTTP"},
    {CURLE_GOT_NOTHING, "reset", "the connection was closed without an answer"},
    {CURLE_SEND_ERROR, "reset", "the connection broke while it was being sent"},
    {CURLE_RECV_ERROR, "reset", "the answer broke off or can't be read"},
    {CURLE_SEND_FAIL_REWIND, "reset", "it would have to be sent again"},
    {CURLE_HTTP2_STREAM, "reset", "the server gave up the stream"},
    {CURLE_PARTIAL_FILE, "short", "the answer ended before it was whole"},
    /* A header line that no buffer of libcurl's takes in. */
    {CURLE_OUT_OF_MEMORY, "too_large", "the answer has a header that is too long"},
};

const char *rb_curl_distrust(const struct rb_curl *curl, CURL *easy)
{
    long number = 0;
    curl->easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &number);
    /* The name is looked at last, and there is no number for it but that of no result. */
    return number > X509_V_ERR_UNSPECIFIED ? curl->X509_verify_cert_error_string(number)
                                           : "it is not for this name";
}

/* What is behind a result, where that is known: the system's error, the verifier's. */
static const char *detail(const struct rb_curl *curl, CURL *easy, CURLcode result)
{
    long number = 0;
    if (result == CURLE_COULDNT_CONNECT) {
        curl->easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
        return number ? strerror((int)number) : NULL;
    }
    return result == CURLE_PEER_FAILED_VERIFICATION ? rb_curl_distrust(curl, easy) : NULL;
}

struct rb_curl_reason rb_curl_explain(const struct rb_curl *curl, CURL *easy,
                                      CURLcode result)
{
    struct rb_curl_reason reason = {"protocol", curl->easy_strerror(result),
                                    detail(curl, easy, result)};
    for (size_t i = 0; i < RB_COUNT(reasons); i++) {
        if (reasons[i].result != result)
            continue;
        reason.code = reasons[i].code;
        reason.text = reasons[i].text;
    }
    return reason;
}
