#pragma once
/* Why a transfer did not come to its end, in one sentence: nothing of what went over the wire is
 * in it. */

#include "effects/curl_api.h"

struct rb_curl_reason {
    const char *code; /* http.md */
    const char *text; /* static */
    const char *more; /* the system's error, the verifier's; NULL: nothing more is known */
};

/* What the verifier has against a certificate, static. */
const char *rb_curl_distrust(const struct rb_curl *curl, CURL *easy);

struct rb_curl_reason rb_curl_explain(const struct rb_curl *curl, CURL *easy,
                                      CURLcode result);
