#include "effects/http_outcome.h"

#include <openssl/x509.h>

#include "effects/clock.h"

enum { NAME_SIZE = 256 };

static const struct rb_value *name_text(const struct rb_curl *curl, const X509_NAME *name)
{
    char text[NAME_SIZE];
    return rb_value_text(curl->X509_NAME_oneline(name, text, sizeof text) ? text : "");
}

static const struct rb_value *days_left(const struct rb_curl *curl, const X509 *certificate)
{
    int days, seconds;
    const ASN1_TIME *end = curl->X509_get0_notAfter(certificate);
    if (!curl->ASN1_TIME_diff(&days, &seconds, NULL, end))
        return NULL;
    /* Whole days: one that expired an hour ago has none left. */
    return rb_value_int(seconds < 0 ? days - 1 : days);
}

static const struct rb_value *tls_of(const struct rb_exchange *exchange, SSL *ssl)
{
    const struct rb_curl *curl = &exchange->place->curl;
    X509 *certificate = curl->SSL_get1_peer_certificate(ssl);
    const struct rb_value *subject = NULL, *issuer = NULL, *days = NULL;
    if (certificate) {
        subject = name_text(curl, curl->X509_get_subject_name(certificate));
        issuer = name_text(curl, curl->X509_get_issuer_name(certificate));
        days = days_left(curl, certificate);
        curl->X509_free(certificate);
    }
    bool verify = exchange->is_foreign ||
                  rb_value_get_bool(rb_value_get(exchange->request, "tls"), "verify", true);
    const SSL_CIPHER *cipher = curl->SSL_get_current_cipher(ssl);
    return rb_value_map("version", rb_value_text(curl->SSL_get_version(ssl)), "cipher",
                        rb_value_text(curl->SSL_CIPHER_get_name(cipher)), "subject",
                        subject, "issuer", issuer, "days_left", days, "verify",
                        rb_value_bool(verify), NULL);
}

const struct rb_value *rb_http_tls(const struct rb_exchange *exchange)
{
    struct curl_tlssessioninfo *info = NULL;
    const struct rb_curl *curl = &exchange->place->curl;
    curl->easy_getinfo(exchange->easy, CURLINFO_TLS_SSL_PTR, &info);
    if (!info || info->backend != CURLSSLBACKEND_OPENSSL || !info->internals)
        return NULL;
    return tls_of(exchange, info->internals);
}

static const struct rb_value *values_of(const struct rb_exchange *exchange,
                                        const struct curl_header *first)
{
    struct curl_header *header;
    struct rb_list_builder list = {0};
    RB_AUTO_BUF struct rb_buf joined = {0};
    const char *name = first->name;
    bool is_list = strcasecmp(name, "set-cookie") == 0;
    for (size_t i = 0; exchange->place->curl.easy_header(
                           exchange->easy, name, i, CURLH_HEADER, -1, &header) == CURLHE_OK;
         i++) {
        /* Of an empty value libcurl leaves the end of its line (7.88.1). */
        int length = (int)strcspn(header->value, "\r");
        if (is_list)
            rb_list_add(&list, rb_value_string(header->value, (size_t)length));
        rb_buf_printf(&joined, i > 0 ? ", %.*s" : "%.*s", length, header->value);
    }
    return is_list ? rb_list_end(&list) : rb_value_text(rb_buf_text(&joined));
}

static void add_header(const struct rb_exchange *exchange, const struct curl_header *header,
                       struct rb_map_builder *map)
{
    RB_AUTO_FREE char *name = rb_strdup(header->name);
    for (char *at = name; *at; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at | 0x20) : *at;
    rb_map_add(map, name, values_of(exchange, header));
}

/* What libcurl hands out is one place, which its next answer overwrites. */
static const struct rb_value *headers_of(const struct rb_exchange *exchange)
{
    struct rb_map_builder map = {0};
    struct curl_header header = {0}, *next = NULL;
    while ((next = exchange->place->curl.easy_nextheader(exchange->easy, CURLH_HEADER, -1,
                                                         next ? &header : NULL))) {
        header = *next;
        if (header.index == 0)
            add_header(exchange, &header, &map);
    }
    return rb_map_end(&map);
}

static const struct rb_value *version_of(const struct rb_exchange *exchange)
{
    long version = 0;
    exchange->place->curl.easy_getinfo(exchange->easy, CURLINFO_HTTP_VERSION, &version);
    const char *text = version == CURL_HTTP_VERSION_1_0   ? "1.0"
                       : version == CURL_HTTP_VERSION_1_1 ? "1.1"
                       : version == CURL_HTTP_VERSION_2_0 ? "2"
                       : version == CURL_HTTP_VERSION_3   ? "3"
                                                          : NULL;
    return text ? rb_value_text(text) : NULL;
}

static long status_of(const struct rb_exchange *exchange)
{
    long status = 0;
    if (exchange->easy)
        exchange->place->curl.easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static const struct rb_value *error_of(const struct rb_exchange *exchange)
{
    if (!exchange->code)
        return NULL;
    return rb_value_map("code", rb_value_text(exchange->code), "message",
                        rb_value_text(exchange->why.message), NULL);
}

const struct rb_value *rb_http_outcome(const struct rb_exchange *exchange,
                                       const struct rb_value *owned_out)
{
    rb_time took = exchange->began > 0 ? rb_clock_mono() - exchange->began : 0;
    long status = status_of(exchange);
    return rb_value_map(
        "status", status > 0 ? rb_value_int(status) : NULL, "headers",
        status > 0 ? headers_of(exchange) : NULL, "http_version",
        status > 0 ? version_of(exchange) : NULL, "out", owned_out, "saved",
        exchange->saved ? rb_value_ref(exchange->saved) : NULL, "url",
        exchange->url ? rb_value_text(exchange->url) : NULL, "remote",
        exchange->remote[0] ? rb_value_text(exchange->remote) : NULL, "tls",
        exchange->tls ? rb_value_ref(exchange->tls) : NULL, "duration_us",
        rb_value_int(took), "killed", exchange->killed ? rb_value_text("request") : NULL,
        "error", error_of(exchange), "sent",
        exchange->code ? rb_value_text(exchange->sent ? "maybe" : "no") : NULL, NULL);
}
