#include "lua/partial.h"

#include "lua/quote.h"

struct way {
    struct rb_buf place;
    struct rb_buf *why;
};

static bool match(struct way *way, const struct rb_value *actual,
                  const struct rb_value *expected);

static void say_place(struct way *way)
{
    if (way->place.length == 0)
        rb_buf_puts(way->why, "it");
    else
        rb_buf_append(way->why, way->place.data, way->place.length);
}

static bool differs(struct way *way, const struct rb_value *actual,
                    const struct rb_value *expected)
{
    say_place(way);
    rb_buf_puts(way->why, actual ? " is " : " is absent");
    if (actual)
        rb_quote_value(actual, way->why);
    rb_buf_puts(way->why, ", expected ");
    rb_quote_value(expected, way->why);
    return false;
}

static bool is_number(const struct rb_value *value)
{
    return rb_value_is(value, RB_INT) || rb_value_is(value, RB_NUMBER);
}

static bool match_map(struct way *way, const struct rb_value *actual,
                      const struct rb_value *expected)
{
    size_t mark = way->place.length;
    for (size_t i = 0; i < rb_value_count(expected); i++) {
        const struct rb_value *key = rb_value_key_at(expected, i);
        size_t length = rb_value_length(key);
        const char *name = rb_value_as_text(key, "");
        if (mark > 0)
            rb_buf_putc(&way->place, '.');
        rb_quote_line(name, length, 60, &way->place);
        if (!match(way, rb_value_getn(actual, name, length),
                   rb_value_member_at(expected, i)))
            return false;
        way->place.length = mark;
    }
    return true;
}

static bool match_list(struct way *way, const struct rb_value *actual,
                       const struct rb_value *expected)
{
    size_t mark = way->place.length, count = rb_value_count(expected);
    if (rb_value_count(actual) != count) {
        say_place(way);
        rb_buf_printf(way->why, " has %zu elements, expected %zu", rb_value_count(actual),
                      count);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        rb_buf_printf(&way->place, "[%zu]", i);
        if (!match(way, rb_value_at(actual, i), rb_value_at(expected, i)))
            return false;
        way->place.length = mark;
    }
    return true;
}

static bool match(struct way *way, const struct rb_value *actual,
                  const struct rb_value *expected)
{
    if (actual && rb_value_is(expected, RB_MAP) && rb_value_is(actual, RB_MAP))
        return match_map(way, actual, expected);
    if (actual && rb_value_is(expected, RB_LIST) && rb_value_is(actual, RB_LIST))
        return match_list(way, actual, expected);
    bool same = actual && is_number(actual) && is_number(expected)
                    ? rb_value_is(actual, RB_INT) && rb_value_is(expected, RB_INT)
                          ? rb_value_equal(actual, expected)
                          : rb_value_as_number(actual, 0) == rb_value_as_number(expected, 0)
                    : actual && rb_value_equal(actual, expected);
    return same || differs(way, actual, expected);
}

bool rb_partial_match(const struct rb_value *actual, const struct rb_value *expected,
                      struct rb_buf *why)
{
    struct way way = {.why = why};
    bool same = match(&way, actual, expected);
    rb_buf_done(&way.place);
    return same;
}
