#include "plan/origin.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { MOST_PORT = 65535 };

static const char digits[] = "0123456789";
/* Of an address of IPv6, with its zone. */
static const char of_address[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789-._~:%";
/* What ends a host, or is read in one way by some and in another by others. */
static const char in_no_host[] = " !\"#$&'()*+,/:;<=>?@[\\]^`{|}\x7f";

static bool read_scheme(const char *url, const char **ret_scheme, const char **ret_rest,
                        struct rb_error *err)
{
    static const char *const schemes[] = {"http", "https"};
    size_t length = strcspn(url, ":/?#");
    RB_AUTO_FREE char *word = rb_strndup(url, length);
    if (length == 0 || url[length] != ':')
        return rb_fail(err, RB_ERR_INVALID, "this is no URL: it begins with no scheme");
    for (size_t i = 0; i < RB_COUNT(schemes); i++) {
        if (!rb_text_same_name(word, schemes[i]))
            continue;
        if (strncmp(url + length, "://", 3) != 0)
            return rb_fail(err, RB_ERR_INVALID,
                           "this is no URL: two slashes come before the host");
        *ret_scheme = schemes[i];
        *ret_rest = url + length + 3;
        return true;
    }
    return rb_fail(err, RB_ERR_INVALID, "only http and https are spoken, not %.20s", word);
}

/* How much of this is the host, 0: it is none. */
static size_t host_length(const char *text)
{
    if (*text != '[')
        return strcspn(text, in_no_host);
    size_t length = 1 + strspn(text + 1, of_address);
    return length > 1 && text[length] == ']' ? length + 1 : 0;
}

/* ":443", or nothing, to its end. */
static bool read_port(const char *text, const char *end, const char *scheme, int *ret_port)
{
    int port = 0;
    if (text == end || (*text == ':' && text + 1 == end)) {
        *ret_port = strcmp(scheme, "https") == 0 ? 443 : 80;
        return true;
    }
    if (*text != ':' || text + 1 + strspn(text + 1, digits) != end)
        return false;
    for (text++; text < end && port <= MOST_PORT; text++)
        port = port * 10 + (*text - '0');
    *ret_port = port;
    return port > 0 && port <= MOST_PORT;
}

bool rb_origin_read(const char *url, struct rb_origin *ret_origin, struct rb_error *err)
{
    const char *scheme, *rest;
    int port;
    if (!read_scheme(url, &scheme, &rest, err))
        return false;
    const char *end = rest + strcspn(rest, "/?#");
    if (memchr(rest, '@', (size_t)(end - rest)))
        return rb_fail(err, RB_ERR_INVALID,
                       "a URL does not hold a user or password: they belong in auth");
    size_t length = host_length(rest);
    if (length == 0)
        return rb_fail(err, RB_ERR_INVALID, "this is no URL: it names no host");
    if (rest + length < end && rest[length] != ':')
        return rb_fail(err, RB_ERR_INVALID,
                       "this is no URL: its host holds a character that none has");
    if (!read_port(rest + length, end, scheme, &port))
        return rb_fail(err, RB_ERR_INVALID,
                       "this is no URL: its port is not one of 1 to %d", MOST_PORT);
    *ret_origin = (struct rb_origin){scheme, rb_strndup(rest, length), port};
    return true;
}

void rb_origin_done(struct rb_origin *origin)
{
    free(origin->host);
    *origin = (struct rb_origin){0};
}

bool rb_origin_same(const struct rb_origin *a, const struct rb_origin *b)
{
    return strcmp(a->scheme, b->scheme) == 0 && rb_text_same_name(a->host, b->host) &&
           a->port == b->port;
}

bool rb_origin_is_base(const char *url, struct rb_error *err)
{
    const char *at = url + strcspn(url, "?#");
    return *at == '\0' ||
           rb_fail(err, RB_ERR_INVALID,
                   "its URL holds a `%c`: a path behind it would be no path", *at);
}

bool rb_origin_is_home(const char *url, const char *home, const char *name,
                       struct rb_error *err)
{
    RB_CLEANUP(rb_origin_done) struct rb_origin to = {0}, there = {0};
    if (!rb_origin_read(url, &to, err))
        return false;
    if (!rb_origin_is_base(home, err) || !rb_origin_read(home, &there, err))
        return rb_error_prefix(err, "connection `%.80s`", name);
    return rb_origin_same(&to, &there) ||
           rb_fail(
               err, RB_ERR_REFUSED,
               "the URL leads to %s://%.80s:%d, and connection `%.80s` to %s://%.80s:%d: "
               "its credentials are not sent there",
               to.scheme, to.host, to.port, name, there.scheme, there.host, there.port);
}

const char *rb_origin_written(const struct rb_value *parts)
{
    const char *text = rb_value_as_text(rb_value_at(parts, 0), NULL);
    const char *scheme = text ? strstr(text, "://") : NULL;
    if (!text || rb_value_count(parts) == 1)
        return text;
    bool ends = text[0] == '/' || (scheme && scheme[3 + strcspn(scheme + 3, "/?#")]);
    return ends ? text : NULL;
}
