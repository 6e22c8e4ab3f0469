#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "cli/probe.h"
#include "core/request_http.h"
#include "core/url.h"
#include "plan/template.h"

enum { KEPT_BYTES = 64 << 10, SOON_DAYS = 14, DAY = 86400 };
static const rb_time TIMEOUT = 10 * RB_SEC;

static void web_target(const struct rb_probe *probe, struct rb_buf *out)
{
    const struct rb_value *base =
        rb_value_get(probe->state->plan->books[0]->connections, probe->name);
    const struct rb_value *url = rb_value_get(probe->connection, "url");
    if (rb_template_secret(rb_value_at(url, 0)))
        rb_buf_puts(out, "(its URL is a secret)");
    else if (!rb_url_join(rb_value_get(base, "url"), url, out, NULL))
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

/* As the end of a sentence. */
static void tell_certificate(bool looked_at, int64_t days, struct rb_buf *out)
{
    if (!looked_at)
        rb_buf_puts(out, ", and nobody looks at its certificate (`verify: false`)");
    if (days < 0)
        rb_buf_printf(out, ", certificate expired %" PRId64 " days ago", -days);
    else if (days < INT64_MAX)
        rb_buf_printf(out, ", certificate valid for %" PRId64 " days%s", days,
                      days < SOON_DAYS ? ": have it renewed" : "");
}

/* What TLS has to say about the answer. */
static void tell_tls(const struct rb_value *outcome, struct rb_buf *out)
{
    const struct rb_value *tls = rb_value_get(outcome, "tls");
    if (!tls)
        return;
    rb_buf_printf(out, ", %s", rb_value_get_text(tls, "version", "TLS"));
    tell_certificate(rb_value_get_bool(tls, "verify", true),
                     rb_value_get_int(tls, "days_left", INT64_MAX), out);
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

/* A message can't be tried: whoever takes messages is connected to, and told nothing. */
static bool ask_hook(const struct rb_probe *probe, const char *dir,
                     const struct rb_value **ret_request, struct rb_error *err)
{
    const struct rb_request_http_frame frame = {.dir = dir, .timeout = TIMEOUT};
    RB_AUTO_VALUE const struct rb_value *asked =
        rb_value_map("connection", rb_value_text(probe->name), NULL);
    RB_AUTO_VALUE const struct rb_value *request = NULL;
    if (!rb_request_http_build(probe->state, &frame, asked, asked, &request, err))
        return false;
    RB_AUTO_VALUE const struct rb_value *alone =
        rb_value_map("handshake", rb_value_map(NULL), NULL);
    *ret_request = rb_value_merge(request, alone);
    return true;
}

/* Whole days: one that expired an hour ago has none left. */
static int64_t days_left(const struct rb_value *certificate, int64_t now)
{
    int64_t left = rb_value_get_int(certificate, "not_after", now) - now;
    return left < 0 ? left / DAY - 1 : left / DAY;
}

static void judge_hook(struct rb_probe *probe, const struct rb_value *outcome)
{
    const struct rb_value *peer = rb_value_get(outcome, "peer");
    const struct rb_value *shown = rb_value_at(rb_value_get(peer, "certificates"), 0);
    bool looks = rb_value_get_bool(rb_value_get(probe->connection, "tls"), "verify", true);
    RB_AUTO_BUF struct rb_buf tls = {0};
    if (!is_answered(probe, outcome))
        return;
    if (looks && !rb_value_get_bool(peer, "verified", false)) {
        rb_probe_end(probe, false, "its certificate is not to be trusted: %s; %s",
                     rb_value_get_text(peer, "error", "?"), remedy("tls"));
        return;
    }
    if (shown)
        tell_certificate(looks, days_left(shown, rb_value_get_int(peer, "at", 0)), &tls);
    rb_probe_end(probe, true,
                 "it can be reached%s; whether it takes a message only a message tells",
                 rb_buf_text(&tls));
}

const struct rb_probe_type rb_probe_http = {"http", RB_EFFECT_HTTP, web_target, ask_web,
                                            judge_web};
const struct rb_probe_type rb_probe_prometheus = {"prometheus", RB_EFFECT_HTTP, web_target,
                                                  ask_prometheus, judge_prometheus};
const struct rb_probe_type rb_probe_s3 = {"s3", RB_EFFECT_HTTP, web_target, ask_web,
                                          judge_web};
const struct rb_probe_type rb_probe_slack = {"slack", RB_EFFECT_HTTP, web_target, ask_hook,
                                             judge_hook};
const struct rb_probe_type rb_probe_webhook = {"webhook", RB_EFFECT_HTTP, web_target,
                                               ask_hook, judge_hook};
