#include <string.h>

#include "cli/probe.h"
#include "core/request_notify.h"

static const rb_time TIMEOUT = 10 * RB_SEC;

/* "host:port", with whatever of it is written or filled in. */
static void mail_target(const struct rb_probe *probe, struct rb_buf *out)
{
    const struct rb_value *request = NULL;
    if (!rb_request_mail_server(probe->connection, "", TIMEOUT, &request, NULL)) {
        rb_buf_puts(out, "?");
        return;
    }
    rb_buf_printf(out, "%s:%s", rb_value_get_text(request, "host", "?"),
                  rb_value_get_text(request, "port", "?"));
    rb_value_unref(request);
}

static bool ask_mail(const struct rb_probe *probe, const char *dir,
                     const struct rb_value **ret_request, struct rb_error *err)
{
    return rb_request_mail_server(probe->connection, dir, TIMEOUT, ret_request, err);
}

static const char *remedy(const char *code, const struct rb_value *auth)
{
    if (strcmp(code, "resolve") == 0)
        return "look at the host's name, and at the resolver of this machine";
    if (strcmp(code, "tls") == 0)
        return "`tls` says how it is spoken (starttls, implicit, none), `ca: FILE` who has "
               "signed its certificate";
    if (strcmp(code, "refused") == 0)
        return auth ? "look at the connection's `user` and `password`"
                    : "does it want a `user` and a `password`?";
    return "is it running, is the port right, and does a firewall stand between?";
}

static void judge_mail(struct rb_probe *probe, const struct rb_value *outcome)
{
    const struct rb_value *error = rb_value_get(outcome, "error");
    const struct rb_value *auth = rb_value_get(probe->connection, "user");
    if (error)
        rb_probe_end(probe, false, "%s; %s", rb_value_get_text(error, "message", "?"),
                     remedy(rb_value_get_text(error, "code", ""), auth));
    else
        rb_probe_end(probe, true,
                     "it would take a mail%s%s; whether it arrives only a mail tells",
                     auth ? " from us, who signed on" : "",
                     rb_value_get(outcome, "tls") ? ", over TLS" : ", in the clear");
}

const struct rb_probe_type rb_probe_smtp = {"smtp", RB_EFFECT_MAIL, mail_target, ask_mail,
                                            judge_mail};
