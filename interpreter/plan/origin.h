#pragma once
/* Where a URL of HTTP leads to: scheme, host and port (RFC 6454). The one place that says what the
 * same origin is. It reads less than a library would: what can be read in two ways is no URL. */

#include <stdbool.h>

#include "base/error.h"
#include "base/value.h"

struct rb_origin {
    const char *scheme; /* "http" or "https"; static */
    char *host;         /* an address of IPv6 with its brackets */
    int port;           /* that of the scheme where the URL names none */
};

/* Only complete http and https URLs without user and password (RFC 9110, 4.2.4). RB_ERR_INVALID
 * without a word of the URL but its scheme. What is behind the host and port is not looked at. */
bool rb_origin_read(const char *url, struct rb_origin *ret_origin,
                    struct rb_error *err) RB_MUST_CHECK;
void rb_origin_done(struct rb_origin *origin); /* accepts zeroed */

bool rb_origin_same(const struct rb_origin *a, const struct rb_origin *b);

/* Whether a path can follow this URL or part of one: it has no query and no fragment. Else
 * RB_ERR_INVALID. */
bool rb_origin_is_base(const char *url, struct rb_error *err) RB_MUST_CHECK;

/* Whether a request to `url` may go over the connection of this name, whose URL is `home`: its
 * credentials are for that origin alone, whoever wrote the URL. Else RB_ERR_REFUSED with both
 * origins, or RB_ERR_INVALID where one of them is no URL,
 * or `home` is none that a path can follow. */
bool rb_origin_is_home(const char *url, const char *home, const char *name,
                       struct rb_error *err) RB_MUST_CHECK;

/* Of a URL as a list of its parts (plan/spec.md): its first text, where the file itself says in it
 * all of where it leads to. NULL: a value has a say in that. */
const char *rb_origin_written(const struct rb_value *parts);
