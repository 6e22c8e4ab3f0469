#include "effects/http_check.h"

#include <string.h>

#include "journal/folder.h"
#include "plan/http.h"

static bool check_headers(const struct rb_value *headers, struct rb_error *err)
{
    for (size_t i = 0; i < rb_value_count(headers); i++) {
        const struct rb_value *name = rb_value_at(rb_value_at(headers, i), 0);
        if (!rb_http_is_token(name))
            return rb_fail(err, RB_ERR_INVALID, "the name of header %zu is not one", i + 1);
        if (!rb_http_header_check(name, rb_value_at(rb_value_at(headers, i), 1), err))
            return false;
    }
    return true;
}

/* Every member of these maps is one line of text. */
static bool check_lines(const struct rb_value *map, const char *what, struct rb_error *err)
{
    for (size_t i = 0; i < rb_value_count(map); i++) {
        const struct rb_value *member = rb_value_member_at(map, i);
        if (rb_value_is(member, RB_STRING) && !rb_http_is_line(member))
            return rb_fail(err, RB_ERR_INVALID, "%s: %s holds a control character", what,
                           rb_value_as_text(rb_value_key_at(map, i), ""));
    }
    return true;
}

static bool check_path(const struct rb_value *path, const char *what, struct rb_error *err)
{
    const char *text = rb_value_as_text(path, "/");
    size_t length = path ? rb_value_length(path) : 1;
    if (!path || (text[0] == '/' && text[length - 1] != '/' && strlen(text) == length))
        return true;
    return rb_fail(err, RB_ERR_INVALID, "%s is not the absolute path of a file", what);
}

static bool check_body(const struct rb_value *request, struct rb_error *err)
{
    const struct rb_value *body = rb_value_get(request, "body");
    bool bodies = body || rb_value_get(request, "to");
    return rb_http_body_check(rb_value_get_text(request, "method", ""), bodies, err) &&
           check_path(rb_value_get(body, "file"), "the file of the body", err) &&
           check_path(rb_value_get(request, "to"), "the place for the answer", err);
}

bool rb_http_check(const struct rb_value *request, struct rb_error *err)
{
    const struct rb_value *auth = rb_value_get(request, "auth");
    if (!rb_folder_is_name(rb_value_get_text(request, "dir", "")))
        return rb_fail(err, RB_ERR_INVALID, "the request names no folder");
    if (!rb_http_is_token(rb_value_get(request, "method")))
        return rb_fail(err, RB_ERR_INVALID, "the method is not one");
    if (!rb_http_is_line(rb_value_get(request, "url")))
        return rb_fail(err, RB_ERR_INVALID,
                       "the URL is missing or holds a control character");
    return check_headers(rb_value_get(request, "headers"), err) &&
           check_lines(auth, "auth", err) &&
           check_lines(rb_value_get(auth, "sigv4"), "auth", err) &&
           check_lines(rb_value_get(request, "tls"), "tls", err) &&
           check_body(request, err);
}
