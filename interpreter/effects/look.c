#include "effects/look.h"

#include <string.h>

#include "core/request_http.h"
#include "core/request_sql.h"
#include "plan/http.h"

enum { LOOK_CAP_BYTES = 16 << 20 };
static const rb_time LOOK_TIMEOUT = 30 * RB_SEC;
static const rb_time LOOK_GRACE = 2 * RB_SEC;

static const struct rb_value *or_absent(const struct rb_value *value)
{
    return value ? rb_value_ref(value) : NULL;
}

const struct rb_value *rb_look_request(const struct rb_state *state, const char *name,
                                       const struct rb_value *call)
{
    const struct rb_value *req = rb_value_get(call, "req");
    const struct rb_value *cwd = rb_value_get(req, "cwd");
    RB_AUTO_VALUE const struct rb_value *common =
        rb_value_merge(rb_value_get(state->created, "environ"), state->env);
    const struct rb_value *argv = rb_value_get(req, "argv");
    return rb_value_map(
        "dir", rb_value_text(name), "class", rb_value_text("read"), "programs",
        rb_value_list(argv ? rb_value_ref(argv) : rb_value_null(), NULL), "env",
        rb_value_merge(common, rb_value_get(req, "env")), "cwd",
        or_absent(cwd ? cwd : rb_value_get(state->created, "cwd")), "stdin",
        or_absent(rb_value_get(req, "stdin")), "timeout_us",
        rb_value_int(rb_value_get_int(req, "timeout_us", LOOK_TIMEOUT)), "grace_us",
        rb_value_int(LOOK_GRACE), "cap_bytes", rb_value_int(LOOK_CAP_BYTES), NULL);
}

static const struct rb_value *unsent(const char *why)
{
    return rb_value_map("error",
                        rb_value_map("code", rb_value_text("unsent"), "message",
                                     rb_value_text(why), "sent", rb_value_text("no"), NULL),
                        "sent", rb_value_text("no"), NULL);
}

static bool by_http(const struct rb_state *state, const char *name, rb_time timeout,
                    const struct rb_value *req, const struct rb_value **ret_request,
                    struct rb_error *err)
{
    const struct rb_request_http_frame frame = {
        .dir = name, .timeout = timeout, .cap = LOOK_CAP_BYTES};
    if (!rb_http_is_read(rb_http_method(req)))
        return rb_fail(err, RB_ERR_REFUSED, "a check may read, and never write");
    return rb_request_http_build(state, &frame, req, req, ret_request, err);
}

bool rb_look_service(const struct rb_state *state, enum rb_effect_kind kind,
                     const char *name, const struct rb_value *call,
                     const struct rb_value **ret_request,
                     const struct rb_value **ret_outcome)
{
    const struct rb_value *req = rb_value_get(call, "req");
    rb_time timeout = rb_value_get_int(req, "timeout_us", LOOK_TIMEOUT);
    struct rb_error err = {0};
    bool good =
        kind == RB_EFFECT_HTTP
            ? by_http(state, name, timeout, req, ret_request, &err)
            : rb_request_sql_build(state, name, timeout, true, req, ret_request, &err);
    if (!good)
        *ret_outcome = unsent(err.message);
    return good;
}

const struct rb_value *rb_look_evidence(const struct rb_value *call,
                                        const struct rb_value *outcome)
{
    struct rb_map_builder kept = {0};
    for (size_t i = 0; i < rb_value_count(outcome); i++) {
        const char *key = rb_value_as_text(rb_value_key_at(outcome, i), "");
        if (strcmp(key, "duration_us") != 0)
            rb_map_add(&kept, key, rb_value_ref(rb_value_member_at(outcome, i)));
    }
    return rb_value_map("call", or_absent(rb_value_get(call, "call")), "req",
                        or_absent(rb_value_get(call, "req")), "outcome", rb_map_end(&kept),
                        NULL);
}
