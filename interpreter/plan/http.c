#include "plan/http.h"

#include <string.h>

#include "base/text.h"

bool rb_http_is_read(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

const char *rb_http_method(const struct rb_value *spec)
{
    bool content = rb_value_get(spec, "json") || rb_value_get(spec, "form") ||
                   rb_value_get(spec, "body") || rb_value_get(spec, "file");
    return rb_value_get_text(spec, "method", content ? "POST" : "GET");
}

bool rb_http_is_token(const struct rb_value *value)
{
    const char *text = rb_value_as_text(value, "");
    size_t length = strspn(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return length > 0 && length == rb_value_length(value);
}

bool rb_http_is_line(const struct rb_value *value)
{
    const char *text = rb_value_as_text(value, NULL);
    for (size_t i = 0; text && i < rb_value_length(value); i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return false;
    }
    return text;
}

/* The framing follows from the body; a second opinion on it is how requests are smuggled. */
static bool is_framing(const struct rb_value *name)
{
    const char *text = rb_value_as_text(name, "");
    return rb_text_same_name(text, "Content-Length") ||
           rb_text_same_name(text, "Transfer-Encoding");
}

bool rb_http_header_check(const struct rb_value *name, const struct rb_value *value,
                          struct rb_error *err)
{
    const char *text = rb_value_as_text(name, "");
    if (is_framing(name))
        return rb_fail(err, RB_ERR_INVALID, "header %.80s follows from the body", text);
    return !value || rb_http_is_line(value) ||
           rb_fail(err, RB_ERR_INVALID,
                   "the value of header %.80s holds a control character", text);
}

bool rb_http_body_check(const char *method, bool bodies, struct rb_error *err)
{
    return !bodies || strcmp(method, "HEAD") != 0 ||
           rb_fail(err, RB_ERR_INVALID, "neither HEAD nor its answer has a body");
}
