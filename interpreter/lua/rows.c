#include "lua/rows.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "lua/stream.h"

const struct rb_value *rb_rows_result(const struct rb_value *outcome)
{
    const struct rb_value *results = rb_value_get(outcome, "results");
    size_t count = rb_value_count(results);
    return count > 0 ? rb_value_at(results, count - 1) : NULL;
}

static bool among(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* Of a numeric: neither zeros before its first digit nor those at the end of its fraction. */
static size_t digits_of(const char *text)
{
    size_t count = 0, zeros = 0;
    bool fraction = false;
    for (; *text; text++) {
        bool zero = *text == '0';
        fraction |= *text == '.';
        if ((!zero && (*text < '0' || *text > '9')) || (zero && count == 0))
            continue;
        count++;
        zeros = zero && fraction ? zeros + 1 : 0;
    }
    return count - zeros;
}

/* A real's text is the shortest that reads back as the same; two numerics that differ stay different. */
static bool is_exact(const char *type, const char *text)
{
    static const char *const real[] = {"real", "double precision", NULL};
    return among(type, real) ||
           (strcmp(type, "numeric") == 0 && digits_of(text) <= DBL_DIG);
}

static const struct rb_value *typed(const struct rb_value *raw, const char *type)
{
    static const char *const whole[] = {"smallint", "integer", "bigint", "oid", NULL};
    const char *text = rb_value_as_text(raw, NULL);
    char *end;
    if (!text)
        return rb_value_null();
    errno = 0;
    if (among(type, whole)) {
        long long number = strtoll(text, &end, 10);
        if (errno == 0 && end != text && *end == '\0')
            return rb_value_int(number);
    } else if (is_exact(type, text)) {
        double number = strtod(text, &end);
        bool nearest = errno == 0 || strcmp(type, "numeric") != 0; /* of the smallest */
        if (nearest && end != text && *end == '\0' && isfinite(number))
            return rb_value_number(number);
    } else if (strcmp(type, "boolean") == 0) {
        return rb_value_bool(text[0] == 't');
    }
    return rb_value_ref(raw);
}

static const char *type_of(const struct rb_value *result, size_t column)
{
    return rb_value_get_text(rb_value_at(rb_value_get(result, "columns"), column), "type",
                             "");
}

static const struct rb_value *map_of(const struct rb_value *result,
                                     const struct rb_value *raw)
{
    struct rb_map_builder map = {0};
    const struct rb_value *columns = rb_value_get(result, "columns");
    for (size_t i = 0; i < rb_value_count(columns); i++) {
        const struct rb_value *cell = rb_value_at(raw, i);
        if (!rb_value_is(cell, RB_STRING))
            continue;
        rb_map_add(&map, rb_value_get_text(rb_value_at(columns, i), "name", ""),
                   typed(cell, type_of(result, i)));
    }
    return rb_map_end(&map);
}

/* A line for each row, a JSON list of texts and nulls. */
static bool next_row(const char **at, const char *end, const struct rb_value **ret_raw,
                     struct rb_error *err)
{
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));
    const char *stop = newline ? newline : end;
    if (!rb_json_decode(*at, (size_t)(stop - *at), ret_raw, err))
        return rb_error_prefix(err, "a row of the result");
    *at = newline ? newline + 1 : end;
    return true;
}

static bool read_out(const struct rb_world *world, const struct rb_value *out,
                     struct rb_buf *ret_text, struct rb_error *err)
{
    int64_t bytes = rb_value_get_int(out, "bytes", 0);
    if (bytes > RB_STREAM_CAP || rb_value_get_int(out, "lost", 0) > 0)
        return rb_fail(err, RB_ERR_INVALID,
                       "the rows have %" PRId64
                       " bytes, more than can be read here: ask for fewer of them",
                       bytes);
    return rb_stream_read(world, out, ret_text, err);
}

/* Of two columns with one name a map would keep one, and nobody would know which. */
static bool are_named(const struct rb_value *columns, struct rb_error *err)
{
    for (size_t i = 0; i < rb_value_count(columns); i++) {
        const struct rb_value *name = rb_value_get(rb_value_at(columns, i), "name");
        for (size_t k = 0; k < i; k++) {
            if (rb_value_equal(name, rb_value_get(rb_value_at(columns, k), "name")))
                return rb_fail(err, RB_ERR_INVALID,
                               "two columns are named %.80s: name one of them with AS",
                               rb_value_as_text(name, ""));
        }
    }
    return true;
}

bool rb_rows_read(const struct rb_world *world, const struct rb_value *result,
                  const struct rb_value **ret_rows, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    struct rb_list_builder rows = {0};
    if (!are_named(rb_value_get(result, "columns"), err) ||
        !read_out(world, rb_value_get(result, "out"), &text, err))
        return false;
    const char *at = rb_buf_text(&text), *end = at + text.length;
    while (at < end) {
        RB_AUTO_VALUE const struct rb_value *raw = NULL;
        if (!next_row(&at, end, &raw, err)) {
            rb_value_unref(rb_list_end(&rows));
            return false;
        }
        rb_list_add(&rows, map_of(result, raw));
    }
    *ret_rows = rb_list_end(&rows);
    return true;
}

bool rb_rows_value(const struct rb_world *world, const struct rb_value *result,
                   const struct rb_value **ret_value, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    RB_AUTO_VALUE const struct rb_value *raw = NULL;
    if (!read_out(world, rb_value_get(result, "out"), &text, err))
        return false;
    const char *at = rb_buf_text(&text);
    if (text.length == 0)
        return rb_fail(err, RB_ERR_INVALID, "no row was returned, so there is no value");
    if (!next_row(&at, at + text.length, &raw, err))
        return false;
    if (rb_value_count(raw) == 0)
        return rb_fail(err, RB_ERR_INVALID, "the row has no column, so there is no value");
    *ret_value = typed(rb_value_at(raw, 0), type_of(result, 0));
    return true;
}
