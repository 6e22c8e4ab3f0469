#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/json_form.h"
#include "base/text.h"

void rb_json_number_text(double number, char ret_text[RB_JSON_NUMBER_TEXT])
{
    if (isnan(number)) { /* NaN has a sign, and no meaning in it */
        memcpy(ret_text, "nan", sizeof "nan");
        return;
    }
    /* 15 digits survive in every normal number, so what needs fewer is found there too. */
    int precision = fabs(number) < DBL_MIN ? 1 : DBL_DIG;
    do
        snprintf(ret_text, RB_JSON_NUMBER_TEXT, "%.*g", precision, number);
    while (precision++ < DBL_DECIMAL_DIG && strtod(ret_text, NULL) != number);
}

bool rb_json_plain_keys(const struct rb_value *map)
{
    for (size_t i = 0; i < rb_value_count(map); i++) {
        const struct rb_value *key = rb_value_key_at(map, i);
        const char *text = rb_value_as_text(key, "");
        size_t length = rb_value_length(key);
        if (rb_text_valid_utf8(text, length) != length || memchr(text, '\0', length))
            return false;
    }
    return true;
}

static void put_escape(unsigned code_point, struct rb_buf *out)
{
    static const char plain[] = "\"\\\b\t\n\f\r", letters[] = "\"\\btnfr";
    const char *found =
        code_point && code_point < 0x80 ? strchr(plain, (int)code_point) : NULL;
    if (found) {
        rb_buf_append(out, (char[]){'\\', letters[found - plain]}, 2);
    } else if (code_point <= 0xFFFF) {
        rb_buf_printf(out, "\\u%04x", code_point);
    } else {
        unsigned rest = code_point - 0x10000;
        rb_buf_printf(out, "\\u%04x\\u%04x", 0xD800 + (rest >> 10),
                      0xDC00 + (rest & 0x3FF));
    }
}

static bool needs_escape(char byte)
{
    return (unsigned char)byte < 0x20 || byte == '"' || byte == '\\';
}

/* The inside of a canonical string; valid UTF-8. */
static void put_canonical(const char *bytes, size_t length, struct rb_buf *out)
{
    size_t start = 0;
    for (size_t i = 0; i < length; i++) {
        if (!needs_escape(bytes[i]))
            continue;
        rb_buf_append(out, bytes + start, i - start);
        put_escape((unsigned char)bytes[i], out);
        start = i + 1;
    }
    rb_buf_append(out, bytes + start, length - start);
}

void rb_json_encode_text(const char *bytes, size_t length, struct rb_buf *out)
{
    bool utf8 = rb_text_valid_utf8(bytes, length) == length;
    rb_buf_puts(out, utf8 ? "\"" : "{\"$bytes\":\"");
    if (utf8)
        put_canonical(bytes, length, out);
    else
        rb_base64_encode(bytes, length, out);
    rb_buf_puts(out, utf8 ? "\"" : "\"}");
}

static void encode_number(double number, struct rb_buf *out)
{
    char text[RB_JSON_NUMBER_TEXT];
    rb_json_number_text(number, text);
    rb_buf_puts(out, "{\"$number\":\"");
    rb_buf_puts(out, text);
    rb_buf_puts(out, "\"}");
}

static void encode_int(int64_t number, struct rb_buf *out)
{
    bool plain = number >= -RB_JSON_INT_LIMIT && number <= RB_JSON_INT_LIMIT;
    if (!plain)
        rb_buf_puts(out, "{\"$int\":\"");
    rb_buf_put_int(out, number);
    if (!plain)
        rb_buf_puts(out, "\"}");
}

static void encode_list(const struct rb_value *list, struct rb_buf *out)
{
    rb_buf_putc(out, '[');
    for (size_t i = 0; i < rb_value_count(list); i++) {
        if (i > 0)
            rb_buf_putc(out, ',');
        rb_json_encode(rb_value_at(list, i), out);
    }
    rb_buf_putc(out, ']');
}

/* A '$' more before the keys that start with one does not change their order. */
static void encode_plain_map(const struct rb_value *map, struct rb_buf *out)
{
    rb_buf_putc(out, '{');
    for (size_t i = 0; i < rb_value_count(map); i++) {
        const struct rb_value *key = rb_value_key_at(map, i);
        const char *text = rb_value_as_text(key, "");
        if (i > 0)
            rb_buf_putc(out, ',');
        rb_buf_puts(out, text[0] == '$' ? "\"$" : "\"");
        put_canonical(text, rb_value_length(key), out);
        rb_buf_puts(out, "\":");
        rb_json_encode(rb_value_member_at(map, i), out);
    }
    rb_buf_putc(out, '}');
}

static void encode_pairs(const struct rb_value *map, struct rb_buf *out)
{
    rb_buf_puts(out, "{\"$map\":[");
    for (size_t i = 0; i < rb_value_count(map); i++) {
        rb_buf_puts(out, i > 0 ? ",[" : "[");
        rb_json_encode(rb_value_key_at(map, i), out);
        rb_buf_putc(out, ',');
        rb_json_encode(rb_value_member_at(map, i), out);
        rb_buf_putc(out, ']');
    }
    rb_buf_puts(out, "]}");
}

void rb_json_encode(const struct rb_value *value, struct rb_buf *out)
{
    switch (rb_value_kind(value)) {
    case RB_NULL:
        rb_buf_puts(out, "null");
        break;
    case RB_BOOL:
        rb_buf_puts(out, rb_value_as_bool(value, false) ? "true" : "false");
        break;
    case RB_INT:
        encode_int(rb_value_as_int(value, 0), out);
        break;
    case RB_NUMBER:
        encode_number(rb_value_as_number(value, 0), out);
        break;
    case RB_STRING:
        rb_json_encode_text(rb_value_as_text(value, ""), rb_value_length(value), out);
        break;
    case RB_LIST:
        encode_list(value, out);
        break;
    case RB_MAP:
        (rb_json_plain_keys(value) ? encode_plain_map : encode_pairs)(value, out);
        break;
    }
}

/* For people: nothing in it that a terminal would obey. */
static void print_string(const struct rb_value *string, struct rb_buf *out)
{
    const char *bytes = rb_value_as_text(string, "");
    size_t length = rb_value_length(string);
    rb_buf_putc(out, '"');
    for (size_t at = 0; at < length;) {
        unsigned code_point;
        int size = rb_text_decode(bytes + at, length - at, &code_point);
        if (size == 0)
            rb_buf_puts(out, "\uFFFD");
        else if (rb_text_hidden(code_point) || needs_escape(bytes[at]))
            put_escape(code_point, out);
        else
            rb_buf_append(out, bytes + at, (size_t)size);
        at += size > 0 ? (size_t)size : 1;
    }
    rb_buf_putc(out, '"');
}

/* JSON has no word for what is not finite; a point keeps a number from being an integer. */
static void print_number(double number, struct rb_buf *out)
{
    if (!isfinite(number)) {
        rb_buf_puts(out, "null");
        return;
    }
    char text[RB_JSON_NUMBER_TEXT];
    rb_json_number_text(number, text);
    rb_buf_puts(out, text);
    if (!strpbrk(text, ".e"))
        rb_buf_puts(out, ".0");
}

static void print_line(int indent, int depth, struct rb_buf *out)
{
    if (indent > 0)
        rb_buf_printf(out, "\n%*s", indent * depth, "");
}

static void print(const struct rb_value *value, int indent, int depth, struct rb_buf *out)
{
    enum rb_kind kind = rb_value_kind(value);
    if (kind == RB_STRING) {
        print_string(value, out);
    } else if (kind == RB_NUMBER) {
        print_number(rb_value_as_number(value, 0), out);
    } else if (kind == RB_INT) {
        rb_buf_put_int(out, rb_value_as_int(value, 0));
    } else if (kind != RB_LIST && kind != RB_MAP) {
        rb_json_encode(value, out);
    } else {
        size_t count = rb_value_count(value);
        rb_buf_putc(out, kind == RB_LIST ? '[' : '{');
        for (size_t i = 0; i < count; i++) {
            if (i > 0)
                rb_buf_putc(out, ',');
            print_line(indent, depth + 1, out);
            if (kind == RB_MAP) {
                print_string(rb_value_key_at(value, i), out);
                rb_buf_puts(out, indent > 0 ? ": " : ":");
            }
            print(kind == RB_LIST ? rb_value_at(value, i) : rb_value_member_at(value, i),
                  indent, depth + 1, out);
        }
        if (count > 0)
            print_line(indent, depth, out);
        rb_buf_putc(out, kind == RB_LIST ? ']' : '}');
    }
}

void rb_json_print(const struct rb_value *value, int indent, struct rb_buf *out)
{
    print(value, indent, 0, out);
}
