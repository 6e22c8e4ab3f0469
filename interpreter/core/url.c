#include "core/url.h"

#include <string.h>

#include "plan/template.h"

static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789-._~";
static const char of_authority[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-._:[]";

/* What may follow the scheme of a value that begins a URL. */
static const char of_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                             "0123456789-._~:/?#[]!$&'()*+,;=%";

static bool is_among(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

static bool all_among(const char *text, size_t length, const char *set)
{
    for (size_t i = 0; i < length; i++) {
        if (!is_among(text[i], set))
            return false;
    }
    return true;
}

void rb_url_encode(const char *text, size_t length, struct rb_buf *out)
{
    for (size_t i = 0; i < length; i++) {
        if (is_among(text[i], unreserved))
            rb_buf_putc(out, text[i]);
        else
            rb_buf_printf(out, "%%%02X", (unsigned char)text[i]);
    }
}

/* Where the next part stands. */
enum place { AT_START, IN_AUTHORITY, BEHIND_IT };

static enum place place_of(const struct rb_buf *out)
{
    const char *text = rb_buf_text(out);
    const char *scheme = strstr(text, "://");
    if (out->length == 0)
        return AT_START;
    return scheme && !scheme[3 + strcspn(scheme + 3, "/?#")] ? IN_AUTHORITY : BEHIND_IT;
}

static bool starts_url(const char *text)
{
    return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
}

static bool add_value(const char *text, size_t length, struct rb_buf *out,
                      struct rb_error *err)
{
    switch (place_of(out)) {
    case AT_START:
        if (!starts_url(text) || !all_among(text, length, of_url))
            return rb_fail(err, RB_ERR_INVALID,
                           "the value that begins the URL is not https://host/... (%.60s)",
                           text);
        rb_buf_append(out, text, length);
        return true;
    case IN_AUTHORITY:
        if (length == 0 || !all_among(text, length, of_authority))
            return rb_fail(err, RB_ERR_INVALID, "the value in the URL is no host (%.60s)",
                           text);
        rb_buf_append(out, text, length);
        return true;
    default:
        if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
            return rb_fail(err, RB_ERR_INVALID,
                           "the value `%s` would lead to another folder of the URL", text);
        rb_url_encode(text, length, out);
        return true;
    }
}

/* What the author wrote is taken as it is, but for what no URL holds. */
static void add_text(const char *text, size_t length, struct rb_buf *out)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c > ' ' && c < 0x7f)
            rb_buf_putc(out, text[i]);
        else
            rb_buf_printf(out, "%%%02X", c);
    }
}

bool rb_url_join(const struct rb_value *written, const struct rb_value *filled,
                 struct rb_buf *out, struct rb_error *err)
{
    for (size_t i = 0; i < rb_value_count(filled); i++) {
        const struct rb_value *part = rb_value_at(filled, i);
        RB_AUTO_BUF struct rb_buf text = {0};
        if (!rb_template_text(part, &text))
            return rb_fail(err, RB_ERR_INVALID, "a value in the URL is a %s",
                           rb_kind_name(rb_value_kind(part)));
        if (!rb_value_get(rb_value_at(written, i), "$expr"))
            add_text(rb_buf_text(&text), text.length, out);
        else if (!add_value(rb_buf_text(&text), text.length, out, err))
            return false;
    }
    return true;
}

bool rb_url_query(const struct rb_value *query, struct rb_buf *out, struct rb_error *err)
{
    for (size_t i = 0; i < rb_value_count(query); i++) {
        const struct rb_value *key = rb_value_key_at(query, i);
        RB_AUTO_BUF struct rb_buf text = {0};
        if (!rb_template_text(rb_value_member_at(query, i), &text))
            return rb_fail(err, RB_ERR_INVALID, "the value of `%.60s` in the query is a %s",
                           rb_value_as_text(key, ""),
                           rb_kind_name(rb_value_kind(rb_value_member_at(query, i))));
        rb_buf_putc(out, strchr(rb_buf_text(out), '?') ? '&' : '?');
        rb_url_encode(rb_value_as_text(key, ""), rb_value_length(key), out);
        rb_buf_putc(out, '=');
        rb_url_encode(rb_buf_text(&text), text.length, out);
    }
    return true;
}
