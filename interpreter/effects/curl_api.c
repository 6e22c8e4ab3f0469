#include "effects/curl_api.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "base/text.h"

enum { MINIMUM = 0x075800 }; /* 7.88.0 */

/* SSLKEYLOGFILE would have the keys of every connection written down; the others name
 * configuration, code and servers that nobody declared. */
static const char *const not_inherited[] = {
    "SSLKEYLOGFILE", "OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES",
    "HOSTALIASES",   "LOCALDOMAIN",  "RES_OPTIONS"};

static bool find(void *library, const char *name, void *ret_call, struct rb_error *err)
{
    void *call = dlsym(library, name);
    if (!call)
        return rb_fail(
            err, RB_ERR_NOT_FOUND,
            "libcurl lacks %s: one from 7.88 on, built with OpenSSL 3, is needed", name);
    memcpy(ret_call, &call, sizeof call);
    return true;
}

static bool find_all(void *library, struct rb_curl *curl, struct rb_error *err)
{
#define X(name) &&find(library, "curl_" #name, &curl->name, err)
    bool found = true RB_CURL_CALLS(X);
#undef X
#define X(name) &&find(library, #name, &curl->name, err)
    return found RB_SSL_CALLS(X);
#undef X
}

static bool check_version(const struct rb_curl *curl, struct rb_error *err)
{
    const curl_version_info_data *info = curl->version_info(CURLVERSION_NOW);
    const char *tls = info->ssl_version ? info->ssl_version : "without TLS";
    if (info->version_num >= MINIMUM && rb_text_starts(tls, "OpenSSL"))
        return true;
    return rb_fail(err, RB_ERR_NOT_FOUND,
                   "libcurl is %s, %s: one from 7.88 on, built with OpenSSL 3, is needed",
                   info->version, tls);
}

bool rb_curl_open(struct rb_curl *ret_curl, struct rb_error *err)
{
    struct rb_curl curl;
    for (size_t i = 0; i < RB_COUNT(not_inherited); i++)
        unsetenv(not_inherited[i]);
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return rb_fail(
            err, RB_ERR_NOT_FOUND,
            "requests need libcurl.so.4, which can't be loaded: install libcurl4 "
            "(Debian, Ubuntu) or libcurl");
    if (!find_all(library, &curl, err) || !check_version(&curl, err))
        return false;
    if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return rb_fail(err, RB_ERR_DEFECT, "libcurl can't be initialised");
    *ret_curl = curl;
    return true;
}

void rb_curl_close(const struct rb_curl *curl)
{
    curl->global_cleanup();
}
