#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "cli/probe.h"
#include "core/request_http.h"
#include "core/url.h"

enum { KEPT_BYTES = 64 << 10, SOON_DAYS = 14 };
static const rb_time TIMEOUT = 10 * RB_SEC;

static void web_target(const struct rb_probe *probe, struct rb_buf *out)
{
    const struct rb_value *base =
        rb_value_get(probe->state->plan->books[0]->connections, probe->name);
    if (!rb_url_join(rb_value_get(base, "url"), rb_value_get(probe->connection, "url"), out,
                     NULL))
        rb_buf_puts(out, "?");
}

/* A GET of `path` behind the connection's URL; NULL: of that itself. */
static bool get(const struct rb_probe *probe, const char *dir, const char *path,
                const struct rb_value **ret_request, struct rb_error *err)
{
    const struct rb_request_http_frame frame = {
        .dir = dir, .timeout = TIMEOUT, .cap = KEPT_BYTES};
    const struct rb_value *base =
        rb_value_get(probe->state->plan->books[0]->connections, probe->name);
    const struct rb_value *filled = rb_value_get(probe->connection, "url");
    RB_AUTO_VALUE const struct rb_value *own =
        path ? rb_value_list(rb_value_text(path), NULL) : NULL;
    RB_AUTO_VALUE const struct rb_value *written =
        rb_value_map("url", rb_value_ref(own ? own : rb_value_get(base, "url")), NULL);
    RB_AUTO_VALUE const struct rb_value *asked =
        rb_value_map("connection", rb_value_text(probe->name), "url",
                     rb_value_ref(own ? own : filled), NULL);
    return rb_request_http_build(probe->state, &frame, written, asked, ret_request, err);
}

static const char *remedy(const char *code)
{
    static const struct {
        const char *code, *text;
    } remedies[] = {
        {"resolve", "look at the host's name, and at the resolver of this machine"},
        {"connect", "is it running, is the port right, and does a firewall stand between?"},
        {"timeout", "is it the right port, and does a firewall stand between?"},
        {"tls",
         "`tls: {ca: FILE}` names who has signed it, where the machine doesn't know"},
        {"protocol",
         "does the URL begin with http:// where it should with https://, or the "
         "other way round?"},
        {"reset", "does the URL begin with http:// where it should with https://?"},
    };
    for (size_t i = 0; i < RB_COUNT(remedies); i++) {
        if (strcmp(remedies[i].code, code) == 0)
            return remedies[i].text;
    }
    return "look into the service's log";
}

/* True when there is an answer that a probe can go on with; else it is over. */
static bool is_answered(struct rb_probe *probe, const struct rb_value *outcome)
{
    const struct rb_value *error = rb_value_get(outcome, "error");
    int64_t status = rb_value_get_int(outcome, "status", 0);
    if (error)
        rb_probe_end(probe, false, "%s; %s", rb_value_get_text(error, "message", "?"),
                     remedy(rb_value_get_text(error, "code", "")));
    else if (status == 401 || status == 403)
        rb_probe_end(probe, false,
                     "it answers %" PRId64 ": who asks is not let in; look at the "
                     "connection's `auth` and `headers`",
                     status);
    else if (status >= 500)
        rb_probe_end(probe, false, "it answers %" PRId64 "; look into the service's log",
                     status);
    return !probe->over;
}

/* What TLS has to say about the answer, as the end of a sentence. */
static void tell_tls(const struct rb_value *outcome, struct rb_buf *out)
{
    const struct rb_value *tls = rb_value_get(outcome, "tls");
    int64_t days = rb_value_get_int(tls, "days_left", INT64_MAX);
    if (!tls)
        return;
    rb_buf_printf(out, ", %s", rb_value_get_text(tls, "version", "TLS"));
    if (!rb_value_get_bool(tls, "verify", true))
        rb_buf_puts(out, ", and nobody looks at its certificate (`verify: false`)");
    if (days < 0)
        rb_buf_printf(out, ", certificate expired %" PRId64 " days ago", -days);
    else if (days < INT64_MAX)
        rb_buf_printf(out, ", certificate valid for %" PRId64 " days%s", days,
                      days < SOON_DAYS ? ": have it renewed" : "");
}

static bool ask_web(const struct rb_probe *probe, const char *dir,
                    const struct rb_value **ret_request, struct rb_error *err)
{
    return get(probe, dir, NULL, ret_request, err);
}

static void judge_web(struct rb_probe *probe, const struct rb_value *outcome)
{
    RB_AUTO_BUF struct rb_buf tls = {0};
    if (!is_answered(probe, outcome))
        return;
    tell_tls(outcome, &tls);
    rb_probe_end(probe, true, "it answers %" PRId64 " over HTTP/%s%s",
                 rb_value_get_int(outcome, "status", 0),
                 rb_value_get_text(outcome, "http_version", "?"), rb_buf_text(&tls));
}

/* Prometheus, HTTP API: build information (since 2.14). */
static bool ask_prometheus(const struct rb_probe *probe, const char *dir,
                           const struct rb_value **ret_request, struct rb_error *err)
{
    return get(probe, dir, "/api/v1/status/buildinfo", ret_request, err);
}

static void judge_prometheus(struct rb_probe *probe, const struct rb_value *outcome)
{
    RB_AUTO_BUF struct rb_buf body = {0}, tls = {0};
    RB_AUTO_VALUE const struct rb_value *answer = NULL;
    if (!is_answered(probe, outcome))
        return;
    rb_probe_read(probe, rb_value_get(outcome, "out"), KEPT_BYTES, &body);
    bool readable = rb_json_parse(rb_buf_text(&body), body.length, &answer, NULL);
    const char *version =
        readable ? rb_value_get_text(rb_value_get(answer, "data"), "version", NULL) : NULL;
    tell_tls(outcome, &tls);
    if (version)
        rb_probe_end(probe, true, "Prometheus %s%s", version, rb_buf_text(&tls));
    else
        rb_probe_end(probe, false,
                     "it answers %" PRId64 " to /api/v1/status/buildinfo, and not as "
                     "Prometheus does; look at the connection's `url`",
                     rb_value_get_int(outcome, "status", 0));
}

const struct rb_probe_type rb_probe_http = {"http", RB_EFFECT_HTTP, web_target, ask_web,
                                            judge_web};
const struct rb_probe_type rb_probe_prometheus = {"prometheus", RB_EFFECT_HTTP, web_target,
                                                  ask_prometheus, judge_prometheus};
