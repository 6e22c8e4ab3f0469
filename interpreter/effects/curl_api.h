#pragma once
/* libcurl, loaded at its first use: it brings some 25 shared libraries and 8 ms of linking, which
 * a run without HTTP must not pay. Its calls are members, curl_easy_init is curl->easy_init.
 *
 * The calls below curl's are those of the OpenSSL it was built with: they tell what curl itself
 * tells of a connection's first request only. */

/* There is nothing in place of multi_socket_all where it is needed (effects/curl_loop.c). */
#define CURL_DISABLE_DEPRECATION
#include <curl/curl.h>
#include <openssl/ssl.h>

#include "base/error.h"

#define RB_CURL_CALLS(X)   \
    X(easy_cleanup)        \
    X(easy_getinfo)        \
    X(easy_header)         \
    X(easy_init)           \
    X(easy_nextheader)     \
    X(easy_perform)        \
    X(easy_reset)          \
    X(easy_setopt)         \
    X(easy_strerror)       \
    X(getdate)             \
    X(global_cleanup)      \
    X(global_init)         \
    X(multi_add_handle)    \
    X(multi_assign)        \
    X(multi_cleanup)       \
    X(multi_info_read)     \
    X(multi_init)          \
    X(multi_remove_handle) \
    X(multi_setopt)        \
    X(multi_socket_action) \
    X(multi_socket_all)    \
    X(multi_strerror)      \
    X(slist_append)        \
    X(slist_free_all)      \
    X(version_info)

#define RB_SSL_CALLS(X)          \
    X(ASN1_TIME_diff)            \
    X(SSL_CIPHER_get_name)       \
    X(SSL_get1_peer_certificate) \
    X(SSL_get_current_cipher)    \
    X(SSL_get_version)           \
    X(X509_NAME_oneline)         \
    X(X509_free)                 \
    X(X509_get0_notAfter)        \
    X(X509_get_issuer_name)      \
    X(X509_get_subject_name)     \
    X(X509_verify_cert_error_string)

struct rb_curl {
#define X(name) typeof(&curl_##name) name; // NOLINT(bugprone-macro-parentheses): a member
    RB_CURL_CALLS(X)
#undef X
#define X(name) typeof(&name) name; // NOLINT(bugprone-macro-parentheses): a member
    RB_SSL_CALLS(X)
#undef X
};

/* Loads and initialises it. It stays loaded: what it brings has handlers for the end of the
 * process. Variables by which the environment would have a say in what is trusted, noted or
 * looked up are taken out of it first. RB_ERR_NOT_FOUND names the package that is missing. */
bool rb_curl_open(struct rb_curl *ret_curl, struct rb_error *err) RB_MUST_CHECK;
void rb_curl_close(const struct rb_curl *curl);
