#include "effects/http_target.h"

#include <strings.h>

#include "base/mem.h"

static char *part(const struct rb_curl *curl, CURLU *parsed, CURLUPart what)
{
    char *text = NULL;
    if (curl->url_get(parsed, what, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return NULL;
    char *own = rb_strdup(text);
    curl->free(text);
    return own;
}

/* libcurl takes one to three slashes, and what follows them for the host. */
static bool has_two_slashes(const char *url)
{
    const char *colon = strchr(url, ':');
    return colon && strncmp(colon, "://", 3) == 0 && colon[3] != '/';
}

static bool read_parts(const struct rb_curl *curl, CURLU *parsed, const char *url,
                       struct rb_target *target, struct rb_error *err)
{
    CURLUcode code = curl->url_set(parsed, CURLUPART_URL, url,
                                   CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_USER_NOT_ALLOWED)
        return rb_fail(err, RB_ERR_INVALID,
                       "a URL does not hold a user or password: they belong in auth");
    if (code != CURLUE_OK)
        return rb_fail(err, RB_ERR_INVALID, "this is no URL: %s", curl->url_strerror(code));
    target->scheme = part(curl, parsed, CURLUPART_SCHEME);
    if (strcmp(target->scheme, "http") != 0 && strcmp(target->scheme, "https") != 0)
        return rb_fail(err, RB_ERR_INVALID, "only http and https are spoken, not %.20s",
                       target->scheme);
    if (!has_two_slashes(url))
        return rb_fail(err, RB_ERR_INVALID,
                       "this is no URL: two slashes come before the host");
    target->host = part(curl, parsed, CURLUPART_HOST);
    target->port = part(curl, parsed, CURLUPART_PORT);
    if (target->host && target->port)
        return true;
    return rb_fail(err, RB_ERR_INVALID, "this is no URL: it names no host");
}

bool rb_target_read(const struct rb_curl *curl, const char *url,
                    struct rb_target *ret_target, struct rb_error *err)
{
    struct rb_target target = {0};
    CURLU *parsed = curl->url();
    if (!parsed)
        rb_out_of_memory();
    bool good = read_parts(curl, parsed, url, &target, err);
    curl->url_cleanup(parsed);
    if (good)
        *ret_target = target;
    else
        rb_target_done(&target);
    return good;
}

void rb_target_done(struct rb_target *target)
{
    free(target->scheme);
    free(target->host);
    free(target->port);
    *target = (struct rb_target){0};
}

bool rb_target_same_origin(const struct rb_target *a, const struct rb_target *b)
{
    return strcmp(a->scheme, b->scheme) == 0 && strcasecmp(a->host, b->host) == 0 &&
           strcmp(a->port, b->port) == 0;
}
