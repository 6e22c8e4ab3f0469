#include "effects/look.h"

#include <string.h>

#include "base/json.h"
#include "core/book.h"
#include "core/request_http.h"
#include "core/request_sql.h"
#include "effects/clock.h"
#include "effects/zone_look.h"
#include "plan/http.h"

enum { LOOK_CAP_BYTES = 16 << 20 };
static const rb_time LOOK_TIMEOUT = 30 * RB_SEC;
static const rb_time LOOK_GRACE = 2 * RB_SEC;

/* What there is to ask, by whom, and over which type of connection (NULL: its builder looks). */
static const struct {
    const char *call;
    enum rb_effect_kind driver;
    const char *connection;
} looks[] = {
    {"fs.free", RB_EFFECT_PROCESS, NULL},
    {"fs.list", RB_EFFECT_PROCESS, NULL},
    {"fs.read", RB_EFFECT_PROCESS, NULL},
    {"fs.stat", RB_EFFECT_PROCESS, NULL},
    {"http.request", RB_EFFECT_HTTP, NULL},
    {"pg.query", RB_EFFECT_SQL, NULL},
    {"prom.alerts", RB_EFFECT_HTTP, "prometheus"},
    {"prom.query", RB_EFFECT_HTTP, "prometheus"},
    {"prom.range", RB_EFFECT_HTTP, "prometheus"},
    {"sh.exec", RB_EFFECT_PROCESS, NULL},
    {"time.at", RB_EFFECT_PROCESS, NULL},
    {"time.now", RB_EFFECT_NONE, NULL},
    {"time.window", RB_EFFECT_PROCESS, NULL},
    {"tls.connect", RB_EFFECT_HTTP, NULL},
};

static size_t find(const struct rb_value *call)
{
    const char *name = rb_value_get_text(call, "call", "");
    size_t at = 0;
    while (at < RB_COUNT(looks) && strcmp(looks[at].call, name) != 0)
        at++;
    return at;
}

enum rb_effect_kind rb_look_driver(const struct rb_value *call)
{
    size_t at = find(call);
    return at < RB_COUNT(looks) ? looks[at].driver : RB_EFFECT_NONE;
}

/* Whose program is this one (effects/fs_look.h, zone_look.h). */
static bool is_own(const struct rb_value *call)
{
    const char *name = rb_value_get_text(call, "call", "");
    return strncmp(name, "fs.", 3) == 0 || rb_zone_look_is(name);
}

/* Its program. */
static const struct rb_value *argv_of(const struct rb_value *call)
{
    const struct rb_value *argv = rb_value_get(rb_value_get(call, "req"), "argv");
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!is_own(call))
        return argv ? rb_value_ref(argv) : rb_value_null();
    rb_json_encode(call, &text);
    return rb_value_list(rb_value_text("/proc/self/exe"), rb_value_text("look"),
                         rb_value_string(rb_buf_text(&text), text.length), NULL);
}

/* Where tzdata is, if whoever started the run has another than the system's. */
static const struct rb_value *env_of(const struct rb_value *call)
{
    const char *folder = getenv("TZDIR");
    if (folder && rb_zone_look_is(rb_value_get_text(call, "call", "")))
        return rb_value_map("TZDIR", rb_value_text(folder), NULL);
    const struct rb_value *env = rb_value_get(rb_value_get(call, "req"), "env");
    return rb_value_ref(env);
}

static const struct rb_value *by_process(const struct rb_state *state, const char *name,
                                         rb_time timeout, const struct rb_value *call)
{
    const struct rb_value *req = rb_value_get(call, "req");
    const struct rb_value *cwd = rb_value_get(req, "cwd");
    /* One at a file is our own program's, which needs nothing of the runbook's, least of all
     * its secrets. */
    bool own = is_own(call);
    RB_AUTO_VALUE const struct rb_value *common = rb_value_merge(
        rb_value_get(state->created, "environ"), own ? NULL : rb_book_here(state)->env);
    RB_AUTO_VALUE const struct rb_value *env = env_of(call);
    return rb_value_map("dir", rb_value_text(name), "class", rb_value_text("read"),
                        "programs", rb_value_list(argv_of(call), NULL), "env",
                        rb_value_merge(common, env), "cwd",
                        rb_value_ref(cwd ? cwd : rb_value_get(state->created, "cwd")),
                        "stdin", rb_value_ref(rb_value_get(req, "stdin")), "timeout_us",
                        rb_value_int(timeout), "grace_us", rb_value_int(LOOK_GRACE),
                        "cap_bytes", rb_value_int(LOOK_CAP_BYTES), NULL);
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
    RB_AUTO_VALUE const struct rb_value *request = NULL;
    if (!rb_request_http_build(state, &frame, req, req, &request, err))
        return false;
    *ret_request =
        rb_request_http_at_home(state, rb_value_get_text(req, "connection", NULL), request);
    return true;
}

/* A name or an address, and nothing that means something in a URL; in brackets as a URL has it. */
static bool add_host(struct rb_buf *out, const struct rb_value *host, struct rb_error *err)
{
    const char *text = rb_value_as_text(host, "");
    bool address = strchr(text, ':');
    size_t length = strspn(text, address ? "0123456789abcdefABCDEF:."
                                         : "0123456789abcdefghijklmnopqrstuvwxyz"
                                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-_");
    if (length == 0 || length != rb_value_length(host))
        return rb_fail(err, RB_ERR_INVALID, "`%.80s` is no name of a host", text);
    rb_buf_printf(out, address ? "[%s]" : "%s", text);
    return true;
}

/* A path that is relative is one from where the run was started. */
static const struct rb_value *trust_of(const struct rb_state *state,
                                       const struct rb_value *req)
{
    const char *ca = rb_value_get_text(req, "ca", NULL);
    const char *cwd = rb_value_get_text(state->created, "cwd", "");
    if (!ca)
        return NULL;
    return rb_value_map(
        "ca", ca[0] == '/' ? rb_value_text(ca) : rb_value_textf("%s/%s", cwd, ca), NULL);
}

/* A handshake (effects/http.md): the URL has the name that is expected. */
static bool by_tls(const struct rb_state *state, const char *name, rb_time timeout,
                   const struct rb_value *req, const struct rb_value **ret_request,
                   struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf to = {0}, expected = {0};
    const struct rb_value *host = rb_value_get(req, "host");
    const struct rb_value *server = rb_value_get(req, "servername");
    int64_t port = rb_value_get_int(req, "port", 0);
    if (port < 1 || port > UINT16_MAX)
        return rb_fail(err, RB_ERR_INVALID, "the port is not one of 1 to 65535");
    if (!add_host(&to, host, err) || !add_host(&expected, server ? server : host, err))
        return false;
    *ret_request = rb_value_map(
        "dir", rb_value_text(name), "class", rb_value_text("read"), "method",
        rb_value_text("GET"), "url",
        rb_value_textf("https://%s:%d/", rb_buf_text(&expected), (int)port), "handshake",
        rb_value_map("to", rb_value_textf("%s:%d", rb_buf_text(&to), (int)port), NULL),
        "tls", trust_of(state, req), "timeout_us", rb_value_int(timeout),
        "connect_timeout_us", rb_value_int(timeout), NULL);
    return true;
}

static bool is_of_type(const struct rb_state *state, const struct rb_value *req,
                       const char *type, struct rb_error *err)
{
    const char *name = rb_value_get_text(req, "connection", "");
    const struct rb_value *connection =
        rb_value_get(rb_book_declared(state)->connections, name);
    const char *is = rb_value_get_text(connection, "type", "");
    if (!type || !connection || strcmp(is, type) == 0)
        return true;
    return rb_fail(
        err, RB_ERR_INVALID,
        "`%.80s` is a connection of the type %s, and this takes one of the type %s", name,
        is, type);
}

/* For what is known here. */
static const struct rb_value *at_once(const struct rb_value *call)
{
    char now[28];
    if (strcmp(rb_value_get_text(call, "call", ""), "time.now") != 0)
        return unsent("there is nobody to ask for this");
    rb_time_format(rb_clock_utc(), now);
    return rb_value_map("now", rb_value_text(now), NULL);
}

bool rb_look_request(const struct rb_state *state, const char *name,
                     const struct rb_value *call, rb_time most,
                     const struct rb_value **ret_request,
                     const struct rb_value **ret_outcome)
{
    size_t at = find(call);
    enum rb_effect_kind driver = rb_look_driver(call);
    const struct rb_value *req = rb_value_get(call, "req");
    rb_time own = rb_value_get_int(req, "timeout_us", LOOK_TIMEOUT);
    rb_time timeout = most > 0 && most < own ? most : own;
    struct rb_error err = {0};
    bool good = driver != RB_EFFECT_NONE;
    if (!good) {
        *ret_outcome = at_once(call);
        return false;
    }
    if (driver == RB_EFFECT_PROCESS)
        *ret_request = by_process(state, name, timeout, call);
    else if (driver == RB_EFFECT_SQL)
        good = rb_request_sql_build(state, name, timeout, true, req, ret_request, &err);
    else if (strcmp(looks[at].call, "tls.connect") == 0)
        good = by_tls(state, name, timeout, req, ret_request, &err);
    else
        good = is_of_type(state, req, looks[at].connection, &err) &&
               by_http(state, name, timeout, req, ret_request, &err);
    if (!good)
        *ret_outcome = unsent(err.message);
    return good;
}

const struct rb_value *rb_look_evidence(const struct rb_value *call,
                                        const struct rb_value *outcome)
{
    return rb_value_map("call", rb_value_ref(rb_value_get(call, "call")), "req",
                        rb_value_ref(rb_value_get(call, "req")), "outcome",
                        rb_value_ref(outcome), NULL);
}
