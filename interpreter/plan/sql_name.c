#include "plan/sql_name.h"

#include <string.h>

#include "base/text.h"
#include "plan/sql_lexer.h"

enum { NAME_MAX_BYTES = 63 }; /* the server cuts off what is longer: another name */

bool rb_sql_name_touches(char before, char after)
{
    bool joins_before =
        before && (rb_sql_is_name_character(before) || strchr("\"'$&}", before));
    bool joins_after = after && (rb_sql_is_name_character(after) || strchr("\"'$", after));
    return joins_before || joins_after;
}

static bool check_part(const struct rb_value *part, size_t number, struct rb_error *err)
{
    const char *text = rb_value_as_text(part, "");
    size_t length = rb_value_length(part);
    if (!rb_value_is(part, RB_STRING))
        return rb_fail(err, RB_ERR_INVALID, "part %zu of a name is a %s, and not a text",
                       number, rb_kind_name(rb_value_kind(part)));
    if (length == 0)
        return rb_fail(err, RB_ERR_INVALID, "part %zu of a name is empty", number);
    if (length > NAME_MAX_BYTES)
        return rb_fail(err, RB_ERR_INVALID,
                       "part %zu of a name has %zu bytes; the server knows names of %d at "
                       "most",
                       number, length, NAME_MAX_BYTES);
    if (memchr(text, '\0', length) || rb_text_valid_utf8(text, length) != length)
        return rb_fail(err, RB_ERR_INVALID,
                       "part %zu of a name holds a NUL byte or is not UTF-8", number);
    return true;
}

static bool check_name(const struct rb_value *name, struct rb_error *err)
{
    const struct rb_value *parts = rb_value_get(name, "ident");
    if (!rb_value_is(parts, RB_LIST) || rb_value_count(parts) == 0 ||
        rb_value_count(name) != 1)
        return rb_fail(err, RB_ERR_INVALID,
                       "what stands for a name of SQL is not what sql.ident gives");
    for (size_t i = 0; i < rb_value_count(parts); i++) {
        if (!check_part(rb_value_at(parts, i), i + 1, err))
            return false;
    }
    return true;
}

static bool ends_plain(const struct rb_value *text)
{
    struct rb_sql_lexer lexer = {.text = rb_value_as_text(text, ""),
                                 .length = rb_value_length(text)};
    while (lexer.at < lexer.length)
        rb_sql_lexer_step(&lexer);
    return lexer.within == RB_SQL_IN_PLAIN;
}

static bool check_place(const struct rb_value *before, const struct rb_value *after,
                        struct rb_error *err)
{
    size_t length = rb_value_length(before);
    char last = length > 0 ? rb_value_as_text(before, "")[length - 1] : '\0';
    if (!ends_plain(before))
        return rb_fail(err, RB_ERR_INVALID,
                       "a name of SQL stands in quotes or in a comment");
    if (rb_value_is(before, RB_MAP) || rb_value_is(after, RB_MAP) ||
        rb_sql_name_touches(last, rb_value_as_text(after, "")[0]))
        return rb_fail(err, RB_ERR_INVALID, "a name of SQL touches what stands beside it");
    return true;
}

bool rb_sql_text_check(const struct rb_value *text, struct rb_error *err)
{
    if (rb_value_is(text, RB_STRING))
        return true;
    if (!rb_value_is(text, RB_LIST))
        return rb_fail(err, RB_ERR_INVALID, "the statement is a %s",
                       rb_kind_name(rb_value_kind(text)));
    for (size_t i = 0; i < rb_value_count(text); i++) {
        const struct rb_value *part = rb_value_at(text, i);
        if (rb_value_is(part, RB_STRING))
            continue;
        if (!check_name(part, err) || !check_place(i > 0 ? rb_value_at(text, i - 1) : NULL,
                                                   rb_value_at(text, i + 1), err))
            return false;
    }
    return true;
}

static void put_part(const struct rb_value *part, struct rb_buf *out)
{
    const char *text = rb_value_as_text(part, "");
    rb_buf_putc(out, '"');
    for (size_t i = 0; i < rb_value_length(part); i++) {
        rb_buf_puts(out, text[i] == '"' ? "\"" : "");
        rb_buf_putc(out, text[i]);
    }
    rb_buf_putc(out, '"');
}

void rb_sql_text_join(const struct rb_value *text, struct rb_buf *out)
{
    if (rb_value_is(text, RB_STRING))
        rb_buf_append(out, rb_value_as_text(text, ""), rb_value_length(text));
    for (size_t i = 0; rb_value_is(text, RB_LIST) && i < rb_value_count(text); i++) {
        const struct rb_value *part = rb_value_at(text, i);
        const struct rb_value *name = rb_value_get(part, "ident");
        if (!name)
            rb_sql_text_join(part, out);
        else if (rb_value_is(name, RB_STRING))
            put_part(name, out);
        for (size_t k = 0; k < rb_value_count(name); k++) {
            rb_buf_puts(out, k > 0 ? "." : "");
            put_part(rb_value_at(name, k), out);
        }
    }
}
