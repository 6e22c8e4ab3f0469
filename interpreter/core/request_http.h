#pragma once
/* The request of an `http` step, and of a look at the world by HTTP (effects/http.md). Pure. */

#include "base/duration.h"
#include "core/core.h"

struct rb_request_http_frame {
    const char *dir; /* folder of its notes and output */
    const char *key; /* its Idempotency-Key; NULL: it only reads */
    rb_time timeout;
    int64_t cap; /* bytes of the body that are kept; 0: as of a process */
};

/* From a description (plan/spec.md) as it was written, and filled in. Errors: RB_ERR_INVALID. */
bool rb_request_http_build(const struct rb_state *state,
                           const struct rb_request_http_frame *frame,
                           const struct rb_value *written, const struct rb_value *filled,
                           const struct rb_value **ret_request,
                           struct rb_error *err) RB_MUST_CHECK;

/* The request as its driver gets it: with the name and URL of the connection that it goes over (NULL:
 * none), whose origin it may not leave. What is on record of a request does not hold it. */
const struct rb_value *rb_request_http_at_home(const struct rb_state *state,
                                               const char *connection,
                                               const struct rb_value *request);

/* That of the current node. */
bool rb_request_http(const struct rb_state *state, const struct rb_value **ret_request,
                     struct rb_error *err) RB_MUST_CHECK;
