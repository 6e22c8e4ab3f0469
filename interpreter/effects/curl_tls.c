#include "effects/curl_tls.h"

#include <openssl/x509.h>

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

static const struct rb_value *tls_of(const struct rb_curl *curl, SSL *ssl, bool verify)
{
    X509 *certificate = curl->SSL_get1_peer_certificate(ssl);
    const struct rb_value *subject = NULL, *issuer = NULL, *days = NULL;
    if (certificate) {
        subject = name_text(curl, curl->X509_get_subject_name(certificate));
        issuer = name_text(curl, curl->X509_get_issuer_name(certificate));
        days = days_left(curl, certificate);
        curl->X509_free(certificate);
    }
    const SSL_CIPHER *cipher = curl->SSL_get_current_cipher(ssl);
    return rb_value_map("version", rb_value_text(curl->SSL_get_version(ssl)), "cipher",
                        rb_value_text(curl->SSL_CIPHER_get_name(cipher)), "subject",
                        subject, "issuer", issuer, "days_left", days, "verify",
                        rb_value_bool(verify), NULL);
}

const struct rb_value *rb_curl_tls(const struct rb_curl *curl, CURL *easy, bool verify)
{
    struct curl_tlssessioninfo *info = NULL;
    curl->easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info);
    if (!info || info->backend != CURLSSLBACKEND_OPENSSL || !info->internals)
        return NULL;
    return tls_of(curl, info->internals, verify);
}
