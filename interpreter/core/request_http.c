#include "core/request_http.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "core/book.h"
#include "core/effects.h"
#include "core/url.h"
#include "plan/http.h"
#include "plan/template.h"

enum { CAP_BYTES = 256 << 20 };
static const rb_time CONNECT_TIMEOUT = 10 * RB_SEC;

/* A description of a request: what the author wrote, and the same filled in. */
struct described {
    const struct rb_value *written, *filled;
    const struct rb_value *connection; /* filled in, or NULL */
};

static bool connection_url(const struct rb_state *state, const char *name,
                           struct rb_buf *out, struct rb_error *err)
{
    const struct rb_value *base = rb_value_get(rb_book_declared(state)->connections, name);
    const struct rb_value *filled = rb_value_get(rb_book_here(state)->connections, name);
    return rb_url_join(rb_value_get(base, "url"), rb_value_get(filled, "url"), out, err) ||
           rb_error_prefix(err, "connection %s", name);
}

/* A path follows the URL of the connection, which may have one of its own. */
static bool own_url(const struct rb_state *state, const struct described *d,
                    struct rb_buf *out, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf own = {0};
    if (!rb_url_join(rb_value_get(d->written, "url"), rb_value_get(d->filled, "url"), &own,
                     err))
        return false;
    bool path = rb_buf_text(&own)[0] == '/';
    if (path && !d->connection)
        return rb_fail(err, RB_ERR_INVALID, "the URL is a path and there is no connection");
    if (path) {
        if (!connection_url(state, rb_value_get_text(d->filled, "connection", ""), out,
                            err))
            return false;
        while (out->length > 0 && out->data[out->length - 1] == '/')
            out->data[--out->length] = '\0';
    }
    rb_buf_append(out, rb_buf_text(&own), own.length);
    return rb_url_query(rb_value_get(d->filled, "query"), out, err);
}

/* A description without a URL means that of the connection, which may be a secret. */
static bool url_of(const struct rb_state *state, const struct described *d,
                   const struct rb_value **ret_url, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf url = {0};
    bool own = rb_value_get(d->filled, "url");
    const struct rb_value *first = rb_value_at(rb_value_get(d->connection, "url"), 0);
    if (!own && rb_template_secret(first)) {
        *ret_url = rb_value_ref(first);
        return true;
    }
    const char *name = rb_value_get_text(d->filled, "connection", "");
    if (!(own ? own_url(state, d, &url, err) : connection_url(state, name, &url, err)))
        return false;
    *ret_url = rb_value_string(rb_buf_text(&url), url.length);
    return true;
}

static bool header_value(const char *name, const struct rb_value *value,
                         const struct rb_value **ret_text, struct rb_error *err)
{
    if (!rb_request_secret(value, "header ", name, ret_text, err))
        return false;
    const char *text = rb_value_as_text(*ret_text, "");
    if (text[strcspn(text, "\r\n")] == '\0')
        return true;
    rb_value_unref(*ret_text);
    return rb_fail(
        err, RB_ERR_INVALID,
        "the value of header %s holds a line break, and would be a second header", name);
}

static void add_header(struct rb_list_builder *list, const char *name,
                       const struct rb_value *owned)
{
    rb_list_add(list, rb_value_list(rb_value_text(name), owned, NULL));
}

static bool has_header(const struct rb_value *headers, const char *name)
{
    for (size_t i = 0; i < rb_value_count(headers); i++) {
        if (rb_text_same_name(rb_value_as_text(rb_value_key_at(headers, i), ""), name))
            return true;
    }
    return false;
}

static bool headers_of(const struct described *d, const char *type, const char *key,
                       const struct rb_value **ret_headers, struct rb_error *err)
{
    struct rb_list_builder list = {0};
    RB_AUTO_VALUE const struct rb_value *all = rb_value_merge(
        rb_value_get(d->connection, "headers"), rb_value_get(d->filled, "headers"));
    bool good = true;
    for (size_t i = 0; good && i < rb_value_count(all); i++) {
        const char *name = rb_value_as_text(rb_value_key_at(all, i), "");
        const struct rb_value *text = NULL;
        good = header_value(name, rb_value_member_at(all, i), &text, err);
        if (good)
            add_header(&list, name, text);
    }
    if (type && !has_header(all, "Content-Type"))
        add_header(&list, "Content-Type", rb_value_text(type));
    if (key && !has_header(all, "Idempotency-Key"))
        add_header(&list, "Idempotency-Key", rb_value_text(key));
    RB_AUTO_VALUE const struct rb_value *headers = rb_list_end(&list);
    if (good)
        *ret_headers = rb_value_ref(headers);
    return good;
}

/* A relative path is one from where the run was started. */
static bool path_of(const struct rb_state *state, const struct rb_value *value,
                    const char *name, const struct rb_value **ret_path,
                    struct rb_error *err)
{
    const struct rb_value *path;
    *ret_path = NULL;
    if (!value)
        return true;
    if (!rb_request_text(value, "", name, &path, err))
        return false;
    const char *text = rb_value_as_text(path, "");
    if (text[0] == '/') {
        *ret_path = path;
        return true;
    }
    *ret_path = rb_value_textf("%s/%s", rb_value_get_text(state->created, "cwd", ""), text);
    rb_value_unref(path);
    return true;
}

/* What is sent, and of what type it is. */
static bool body_of(const struct rb_state *state, const struct described *d,
                    const struct rb_value **ret_body, const char **ret_type,
                    struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    const struct rb_value *json = rb_value_get(d->filled, "json");
    const struct rb_value *form = rb_value_get(d->filled, "form");
    const struct rb_value *body = rb_value_get(d->filled, "body");
    const struct rb_value *file = rb_value_get(d->filled, "file");
    *ret_body = NULL;
    *ret_type = json   ? "application/json"
                : form ? "application/x-www-form-urlencoded"
                       : NULL;
    if (file) {
        const struct rb_value *path;
        if (!path_of(state, file, "file", &path, err))
            return false;
        *ret_body = rb_value_map("file", path, NULL);
        return true;
    }
    if (json)
        rb_json_encode(json, &text);
    else if (form && !rb_url_query(form, &text, err))
        return false;
    else if (body)
        return rb_request_text(body, "", "body", &body, err) &&
               (*ret_body = rb_value_map("text", body, NULL));
    size_t skip = form && text.length > 0; /* the question mark */
    if (json || form)
        *ret_body = rb_value_map(
            "text", rb_value_string(rb_buf_text(&text) + skip, text.length - skip), NULL);
    return true;
}

static const struct rb_value *own_or_connection(const struct described *d, const char *name)
{
    const struct rb_value *own = rb_value_get(d->filled, name);
    return rb_value_ref(own ? own : rb_value_get(d->connection, name));
}

/* "aws:amz:REGION:SERVICE", as libcurl has it. */
static const struct rb_value *auth_of(const struct described *d)
{
    const struct rb_value *auth = own_or_connection(d, "auth");
    const struct rb_value *sigv4 = rb_value_get(auth, "sigv4");
    if (!sigv4)
        return auth;
    const struct rb_value *with =
        rb_value_map("provider",
                     rb_value_textf("aws:amz:%s:%s", rb_value_get_text(sigv4, "region", ""),
                                    rb_value_get_text(sigv4, "service", "")),
                     "key", rb_value_ref(rb_value_get(sigv4, "key")), "secret",
                     rb_value_ref(rb_value_get(sigv4, "secret")), "token",
                     rb_value_ref(rb_value_get(sigv4, "token")), NULL);
    rb_value_unref(auth);
    return rb_value_map("sigv4", with, NULL);
}

bool rb_request_http_build(const struct rb_state *state,
                           const struct rb_request_http_frame *frame,
                           const struct rb_value *written, const struct rb_value *filled,
                           const struct rb_value **ret_request, struct rb_error *err)
{
    const char *name = rb_value_get_text(filled, "connection", NULL);
    struct described d = {written, filled,
                          name ? rb_value_get(rb_book_here(state)->connections, name)
                               : NULL};
    if (name && !d.connection)
        return rb_fail(err, RB_ERR_INVALID, "there is no connection `%.80s`", name);
    RB_AUTO_VALUE const struct rb_value *url = NULL, *body = NULL;
    RB_AUTO_VALUE const struct rb_value *headers = NULL, *to = NULL;
    const char *type = NULL, *method = rb_http_method(filled);
    if (!url_of(state, &d, &url, err) || !body_of(state, &d, &body, &type, err) ||
        !headers_of(&d, type, frame->key, &headers, err) ||
        !path_of(state, rb_value_get(filled, "to"), "to", &to, err))
        return false;
    int64_t most = rb_value_get_int(filled, "max_bytes", 0);
    *ret_request = rb_value_map(
        "dir", rb_value_text(frame->dir), "class",
        rb_value_text(frame->key ? "write" : "read"), "method", rb_value_text(method),
        "url", rb_value_ref(url), "headers", rb_value_ref(headers), "body",
        rb_value_ref(body), "auth", auth_of(&d), "follow",
        rb_value_int(rb_value_get_int(filled, "follow", 0)), "tls",
        own_or_connection(&d, "tls"), "to", rb_value_ref(to), "timeout_us",
        rb_value_int(frame->timeout), "connect_timeout_us",
        rb_value_int(frame->timeout < CONNECT_TIMEOUT ? frame->timeout : CONNECT_TIMEOUT),
        "cap_bytes", rb_value_int(frame->cap ? frame->cap : CAP_BYTES), "max_bytes",
        most ? rb_value_int(most) : NULL, NULL);
    return true;
}

const struct rb_value *rb_request_http_at_home(const struct rb_state *state,
                                               const char *connection,
                                               const struct rb_value *request)
{
    RB_AUTO_BUF struct rb_buf url = {0};
    if (!connection)
        return rb_value_ref(request);
    if (!connection_url(state, connection, &url, NULL))
        rb_buf_clear(&url); /* it leads nowhere, and so does what goes over it */
    RB_AUTO_VALUE const struct rb_value *more =
        rb_value_map("connection",
                     rb_value_map("name", rb_value_text(connection), "url",
                                  rb_value_string(rb_buf_text(&url), url.length), NULL),
                     NULL);
    return rb_value_merge(request, more);
}

bool rb_request_http(const struct rb_state *state, const struct rb_value **ret_request,
                     struct rb_error *err)
{
    const struct rb_step *step = rb_node_step(state, state->current);
    RB_AUTO_VALUE const struct rb_value *spec = NULL, *dir = rb_process_dir(state);
    RB_AUTO_VALUE const struct rb_value *key = rb_value_textf(
        "%s/%s", rb_value_get_text(state->created, "run", ""), rb_value_as_text(dir, ""));
    if (!rb_filled_spec(state, &spec, err))
        return false;
    bool reads = rb_http_is_read(rb_http_method(step->spec));
    struct rb_request_http_frame frame = {.dir = rb_value_as_text(dir, ""),
                                          .key = reads ? NULL : rb_value_as_text(key, ""),
                                          .timeout = rb_request_timeout(state)};
    return rb_request_http_build(state, &frame, step->spec, spec, ret_request, err);
}
