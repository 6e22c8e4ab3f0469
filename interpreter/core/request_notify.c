#include "core/request_notify.h"

#include <string.h>

#include "core/book.h"
#include "core/effects.h"
#include "core/request_http.h"
#include "plan/mail.h"
#include "plan/template.h"

enum {
    ANSWER_BYTES = 64 << 10,
    SLACK_MOST = 40000, /* characters, behind which Slack cuts a message off */
};
static const rb_time CONNECT_TIMEOUT = 10 * RB_SEC;

/* A message to one connection: what the author wrote, and the same filled in. */
struct message {
    const struct rb_state *state;
    const struct rb_value *written, *filled;
    const char *name; /* of the connection */
    const struct rb_value *connection;
};

static const char *type_of(const struct rb_state *state)
{
    int step = state->nodes[state->current].step;
    return rb_value_get_text(rb_plan_connection(state->plan, step), "type", "");
}

bool rb_notify_by_mail(const struct rb_state *state)
{
    return rb_node_step(state, state->current)->action == RB_ACTION_NOTIFY &&
           strcmp(type_of(state), "smtp") == 0;
}

/* Slack reads these as its markup: <!channel>, <https://...|text> (its "Formatting text for app
 * surfaces", "Escaping text"). The author's own text may use it, a value can't. */
static void escape_slack(const char *text, size_t length, struct rb_buf *out)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '&')
            rb_buf_puts(out, "&amp;");
        else if (text[i] == '<')
            rb_buf_puts(out, "&lt;");
        else if (text[i] == '>')
            rb_buf_puts(out, "&gt;");
        else
            rb_buf_putc(out, text[i]);
    }
}

static void as_it_is(const char *text, size_t length, struct rb_buf *out)
{
    rb_buf_append(out, text, length);
}

typedef void escaper(const char *text, size_t length, struct rb_buf *out);

static bool add_value(const struct message *message, const struct rb_value *written,
                      const struct rb_value *filled, escaper *escape, struct rb_buf *out,
                      struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    int64_t expr = rb_value_get_int(written, "$expr", -1);
    if (!rb_template_text(filled, &text))
        return rb_fail(err, RB_ERR_INVALID,
                       "`%.200s` is a %s; a message takes texts and "
                       "numbers",
                       expr >= 0 ? message->state->plan->exprs[expr].source : "a value",
                       rb_kind_name(rb_value_kind(filled)));
    if (memchr(rb_buf_text(&text), '\0', text.length))
        return rb_fail(err, RB_ERR_INVALID, "the message holds a NUL byte");
    (expr >= 0 ? escape : as_it_is)(rb_buf_text(&text), text.length, out);
    return true;
}

/* A member that is made of parts; nothing where there is none. */
static bool join(const struct message *message, const char *member, escaper *escape,
                 struct rb_buf *out, struct rb_error *err)
{
    const struct rb_value *written = rb_value_get(message->written, member);
    const struct rb_value *filled = rb_value_get(message->filled, member);
    for (size_t i = 0; i < rb_value_count(filled); i++) {
        if (!add_value(message, rb_value_at(written, i), rb_value_at(filled, i), escape,
                       out, err))
            return false;
    }
    while (out->length > 0 && out->data[out->length - 1] == '\n')
        out->data[--out->length] = '\0';
    return out->length > 0 || !written ||
           rb_fail(err, RB_ERR_INVALID, "the %s of the message is empty", member);
}

static const char *plan_title(const struct rb_state *state)
{
    return state->plan->title ? state->plan->title : state->plan->name;
}

/* By HTTP */

static size_t characters(const struct rb_buf *text)
{
    size_t count = 0;
    for (size_t i = 0; i < text->length; i++)
        count += ((unsigned char)text->data[i] & 0xC0) != 0x80;
    return count;
}

static bool slack_body(const struct message *message, const struct rb_value **ret_body,
                       struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!join(message, "text", escape_slack, &text, err))
        return false;
    if (characters(&text) > SLACK_MOST)
        return rb_fail(err, RB_ERR_INVALID,
                       "the message has %zu characters, and Slack takes %d",
                       characters(&text), SLACK_MOST);
    *ret_body =
        rb_value_map("text", rb_value_string(rb_buf_text(&text), text.length), NULL);
    return true;
}

static bool webhook_body(const struct message *message, const struct rb_value **ret_body,
                         struct rb_error *err)
{
    const struct rb_state *state = message->state;
    RB_AUTO_BUF struct rb_buf text = {0}, subject = {0};
    if (!join(message, "text", as_it_is, &text, err) ||
        !join(message, "subject", as_it_is, &subject, err))
        return false;
    RB_AUTO_BUF struct rb_buf key = {0};
    rb_node_key(state, state->current, &key);
    const char *environment = state->plan->environment;
    *ret_body = rb_value_map(
        "text", rb_value_string(rb_buf_text(&text), text.length), "subject",
        rb_value_text(subject.length ? rb_buf_text(&subject) : plan_title(state)),
        "runbook", rb_value_text(state->plan->name), "environment",
        environment ? rb_value_text(environment) : rb_value_null(), "run",
        rb_value_ref(rb_value_get(state->created, "run")), "step",
        rb_value_text(rb_buf_text(&key)), "attempt",
        rb_value_int(rb_state_current(state)->attempt), NULL);
    return true;
}

static bool by_http(const struct message *message, const struct rb_value **ret_request,
                    struct rb_error *err)
{
    const struct rb_state *state = message->state;
    bool slack = strcmp(type_of(state), "slack") == 0;
    const struct rb_value *body = NULL;
    if (!(slack ? slack_body : webhook_body)(message, &body, err))
        return false;
    RB_AUTO_VALUE const struct rb_value *post =
        rb_value_map("connection", rb_value_text(message->name), "json", body, NULL);
    RB_AUTO_VALUE const struct rb_value *dir = rb_process_dir(state);
    RB_AUTO_VALUE const struct rb_value *key = rb_value_textf(
        "%s/%s", rb_value_get_text(state->created, "run", ""), rb_value_as_text(dir, ""));
    const struct rb_request_http_frame frame = {.dir = rb_value_as_text(dir, ""),
                                                .key = rb_value_as_text(key, ""),
                                                .timeout = rb_request_timeout(state),
                                                .cap = ANSWER_BYTES};
    return rb_request_http_build(state, &frame, post, post, ret_request, err);
}

/* By mail */

static bool address_of(const struct rb_value *value, const char *what,
                       const struct rb_value **ret_address, struct rb_error *err)
{
    const struct rb_value *text;
    if (!rb_request_text(value, "", what, &text, err))
        return false;
    if (rb_mail_is_address(rb_value_as_text(text, ""))) {
        *ret_address = text;
        return true;
    }
    rb_fail(err, RB_ERR_INVALID, "`%s` is no mail address (%.80s)", what,
            rb_value_as_text(text, ""));
    rb_value_unref(text);
    return false;
}

static bool recipients(const struct rb_value *to, const struct rb_value **ret_list,
                       struct rb_error *err)
{
    struct rb_list_builder list = {0};
    bool good = true;
    for (size_t i = 0; good && i < rb_value_count(to); i++) {
        const struct rb_value *address;
        good = address_of(rb_value_at(to, i), "to", &address, err);
        if (good)
            rb_list_add(&list, address);
    }
    RB_AUTO_VALUE const struct rb_value *all = rb_list_end(&list);
    if (good)
        *ret_list = rb_value_ref(all);
    return good;
}

static bool is_line(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    }
    return true;
}

static bool subject_of(const struct message *message, struct rb_buf *out,
                       struct rb_error *err)
{
    if (!join(message, "subject", as_it_is, out, err))
        return false;
    if (out->length == 0)
        rb_buf_puts(out, plan_title(message->state));
    return is_line(rb_buf_text(out)) ||
           rb_fail(err, RB_ERR_INVALID,
                   "the subject holds a line break or another control character, and would "
                   "be a second header");
}

/* Of run, step and attempt, so that a mail which came twice is seen to be one. Of a key that has
 * brackets each becomes a brace, which an id may have in it (RFC 5322, 3.2.3). */
static const struct rb_value *message_id(const struct rb_state *state, const char *dir,
                                         const char *from)
{
    RB_AUTO_BUF struct rb_buf id = {0};
    rb_buf_printf(&id, "<%s/%s@%s>", rb_value_get_text(state->created, "run", ""), dir,
                  strchr(from, '@') + 1);
    for (size_t i = 0; i < id.length; i++) {
        if (id.data[i] == '[')
            id.data[i] = '{';
        else if (id.data[i] == ']')
            id.data[i] = '}';
    }
    return rb_value_text(rb_buf_text(&id));
}

static const char *usual_port(const char *tls)
{
    return strcmp(tls, "starttls") == 0   ? "587"
           : strcmp(tls, "implicit") == 0 ? "465"
                                          : "25";
}

static bool place_of(const struct rb_value *connection, const char *tls,
                     const struct rb_value **ret_host, const struct rb_value **ret_port,
                     struct rb_error *err)
{
    const struct rb_value *port = rb_value_get(connection, "port");
    if (!rb_request_text(rb_value_get(connection, "host"), "", "host", ret_host, err))
        return false;
    if (!port)
        *ret_port = rb_value_text(usual_port(tls));
    else if (!rb_request_text(port, "", "port", ret_port, err))
        return false;
    return true;
}

static const struct rb_value *sign_on(const struct rb_value *connection)
{
    const struct rb_value *user = rb_value_get(connection, "user");
    if (!user)
        return NULL;
    return rb_value_map("user", rb_value_ref(user), "password",
                        rb_value_ref(rb_value_get(connection, "password")), NULL);
}

bool rb_request_mail_server(const struct rb_value *connection, const char *dir,
                            rb_time timeout, const struct rb_value **ret_request,
                            struct rb_error *err)
{
    const char *tls = rb_value_get_text(connection, "tls", "starttls");
    RB_AUTO_VALUE const struct rb_value *host = NULL, *port = NULL;
    if (!place_of(connection, tls, &host, &port, err))
        return false;
    *ret_request = rb_value_map(
        "dir", rb_value_text(dir), "class", rb_value_text("read"), "host",
        rb_value_ref(host), "port", rb_value_ref(port), "tls", rb_value_text(tls), "ca",
        rb_value_ref(rb_value_get(connection, "ca")), "auth", sign_on(connection),
        "timeout_us", rb_value_int(timeout), "connect_timeout_us",
        rb_value_int(timeout < CONNECT_TIMEOUT ? timeout : CONNECT_TIMEOUT), NULL);
    return true;
}

static bool by_mail(const struct message *message, const struct rb_value **ret_request,
                    struct rb_error *err)
{
    const struct rb_value *connection = message->connection;
    RB_AUTO_BUF struct rb_buf text = {0}, subject = {0};
    RB_AUTO_VALUE const struct rb_value *server = NULL, *from = NULL, *to = NULL;
    RB_AUTO_VALUE const struct rb_value *key = rb_process_dir(message->state);
    const char *dir = rb_value_as_text(key, "");
    if (!join(message, "text", as_it_is, &text, err) ||
        !subject_of(message, &subject, err) ||
        !rb_request_mail_server(connection, dir, rb_request_timeout(message->state),
                                &server, err) ||
        !address_of(rb_value_get(connection, "from"), "from", &from, err) ||
        !recipients(rb_value_get(connection, "to"), &to, err))
        return false;
    RB_AUTO_VALUE const struct rb_value *mail = rb_value_map(
        "class", rb_value_text("write"), "from", rb_value_ref(from), "to", rb_value_ref(to),
        "subject", rb_value_string(rb_buf_text(&subject), subject.length), "text",
        rb_value_string(rb_buf_text(&text), text.length), "message_id",
        message_id(message->state, dir, rb_value_as_text(from, "")), NULL);
    *ret_request = rb_value_merge(server, mail);
    return true;
}

bool rb_request_notify(const struct rb_state *state, const struct rb_value **ret_request,
                       struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *spec = NULL;
    if (!rb_filled_spec(state, &spec, err))
        return false;
    const char *name = rb_value_get_text(spec, "connection", "");
    const struct message message = {
        .state = state,
        .written = rb_node_step(state, state->current)->spec,
        .filled = spec,
        .name = name,
        .connection = rb_value_get(rb_book_here(state)->connections, name)};
    if (!message.connection)
        return rb_fail(err, RB_ERR_INVALID, "there is no connection `%.80s`", name);
    return rb_notify_by_mail(state) ? by_mail(&message, ret_request, err)
                                    : by_http(&message, ret_request, err);
}
