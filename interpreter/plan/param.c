#include "plan/param.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/moment.h"
#include "base/pattern.h"

const char *const rb_param_type_names[] = {
    [RB_PARAM_STRING] = "string", [RB_PARAM_INTEGER] = "integer",
    [RB_PARAM_NUMBER] = "number", [RB_PARAM_BOOLEAN] = "boolean",
    [RB_PARAM_LIST] = "list",     [RB_PARAM_DURATION] = "duration",
    [RB_PARAM_TIME] = "time",     NULL};

/* A point by itself: arithmetic is the runbook's. */
bool rb_param_is_time(const char *text)
{
    struct rb_moment moment;
    return rb_moment_parse(text, &moment) && moment.kind == RB_MOMENT_ABSOLUTE &&
           moment.offset == 0;
}

static bool is_of(enum rb_param_type type, const struct rb_value *value)
{
    const char *text = rb_value_as_text(value, NULL);
    rb_time span;
    switch (type) {
    case RB_PARAM_INTEGER:
        return rb_value_is(value, RB_INT);
    case RB_PARAM_NUMBER:
        return rb_value_is(value, RB_INT) || rb_value_is(value, RB_NUMBER);
    case RB_PARAM_BOOLEAN:
        return rb_value_is(value, RB_BOOL);
    case RB_PARAM_DURATION:
        return text && rb_duration_parse(text, &span, NULL);
    case RB_PARAM_TIME:
        return text && rb_param_is_time(text);
    default:
        return rb_value_is(value, RB_STRING);
    }
}

bool rb_param_is(const struct rb_param *param, const struct rb_value *value)
{
    if (param->type != RB_PARAM_LIST)
        return is_of(param->type, value);
    bool good = rb_value_is(value, RB_LIST);
    for (size_t i = 0; good && i < rb_value_count(value); i++)
        good = is_of(param->of, rb_value_at(value, i));
    return good;
}

static bool is_among(const struct rb_value *value, const struct rb_value *values)
{
    for (size_t i = 0; i < rb_value_count(values); i++) {
        if (rb_value_equal(value, rb_value_at(values, i)))
            return true;
    }
    return false;
}

/* A duration is bounded in microseconds. */
static double size_of(const struct rb_value *value)
{
    rb_time span;
    const char *text = rb_value_as_text(value, NULL);
    if (text && rb_duration_parse(text, &span, NULL))
        return (double)span;
    return rb_value_as_number(value, 0);
}

static void put_bound(const struct rb_param *param, enum rb_param_type type, bool max,
                      struct rb_buf *out)
{
    int64_t bound = max ? param->max : param->min;
    if (type == RB_PARAM_DURATION)
        rb_duration_format(bound, out);
    else
        rb_buf_printf(out, "%" PRId64, bound);
}

static int misfit(const struct rb_param *param, enum rb_param_type type,
                  const struct rb_value *value, struct rb_buf *why, struct rb_buf *help)
{
    RB_AUTO_BUF struct rb_buf shown = {0};
    rb_json_print(value, 0, &shown);
    const char *text = rb_value_as_text(value, "");
    if (param->pattern) {
        enum rb_pattern_verdict verdict =
            rb_pattern_whole(param->pattern, text, rb_value_length(value));
        if (verdict != RB_PATTERN_MATCHES) {
            rb_buf_printf(why, "%s %s", rb_buf_text(&shown),
                          verdict == RB_PATTERN_DIFFERS
                              ? "does not match its pattern"
                              : "can't be matched in reasonable time");
            rb_buf_printf(help, "all of it has to match %s", param->pattern);
            return 601;
        }
    }
    if (param->values && !is_among(value, param->values)) {
        rb_buf_printf(why, "%s is not one of its values", rb_buf_text(&shown));
        rb_buf_puts(help, "it is one of: ");
        rb_json_print(param->values, 0, help);
        return 605;
    }
    bool low = param->has_min && size_of(value) < (double)param->min;
    if (low || (param->has_max && size_of(value) > (double)param->max)) {
        rb_buf_printf(why, "%s is too %s", rb_buf_text(&shown), low ? "small" : "large");
        rb_buf_printf(help, "it has to be %s ", low ? "at least" : "at most");
        put_bound(param, type, !low, help);
        return 606;
    }
    return 0;
}

int rb_param_misfit(const struct rb_param *param, const struct rb_value *value,
                    struct rb_buf *why, struct rb_buf *help)
{
    if (param->type != RB_PARAM_LIST)
        return misfit(param, param->type, value, why, help);
    int code = 0;
    for (size_t i = 0; i < rb_value_count(value) && !code; i++)
        code = misfit(param, param->of, rb_value_at(value, i), why, help);
    return code;
}

void rb_param_describe(const struct rb_param *param, struct rb_buf *out)
{
    static const char *const one[] = {[RB_PARAM_STRING] = "a text",
                                      [RB_PARAM_INTEGER] = "a whole number",
                                      [RB_PARAM_NUMBER] = "a number",
                                      [RB_PARAM_BOOLEAN] = "true or false",
                                      [RB_PARAM_LIST] = "a list",
                                      [RB_PARAM_DURATION] = "a duration like 90s",
                                      [RB_PARAM_TIME] = "a time like 2025-11-22T23:00:00Z"};
    static const char *const many[] = {
        [RB_PARAM_STRING] = "texts",   [RB_PARAM_INTEGER] = "whole numbers",
        [RB_PARAM_NUMBER] = "numbers", [RB_PARAM_BOOLEAN] = "true or false",
        [RB_PARAM_LIST] = "lists",     [RB_PARAM_DURATION] = "durations",
        [RB_PARAM_TIME] = "times"};
    rb_buf_puts(out, one[param->type]);
    if (param->type == RB_PARAM_LIST)
        rb_buf_printf(out, " of %s, like a,b", many[param->of]);
}
