#pragma once
/* Where a URL leads to. */

#include "effects/curl_api.h"

struct rb_target {
    char *scheme, *host, *port; /* the port of the scheme where the URL names none */
};

/* Only complete http and https URLs without user and password (RFC 9110, 4.2.4). RB_ERR_INVALID
 * without a word of the URL. */
bool rb_target_read(const struct rb_curl *curl, const char *url,
                    struct rb_target *ret_target, struct rb_error *err) RB_MUST_CHECK;
void rb_target_done(struct rb_target *target); /* accepts zeroed */

bool rb_target_same_origin(const struct rb_target *a, const struct rb_target *b);
