#include "base/duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MINUTE (60 * RB_SEC)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const struct unit {
    const char *name;
    rb_time span;
} units[] = {
    {"d", DAY}, {"h", HOUR}, {"m", MINUTE}, {"s", RB_SEC}, {"ms", RB_MS},
};

/* A run of digits; false when there is none or it is beyond any duration. */
static bool read_digits(const char **at, int64_t *ret_number)
{
    const char *start = *at;
    int64_t number = 0;
    for (; **at >= '0' && **at <= '9'; ++*at) {
        number = number * 10 + (**at - '0');
        if (number > RB_DURATION_MOST)
            return false;
    }
    *ret_number = number;
    return *at > start;
}

/* The unit that the letters at *at name exactly, or NULL. */
static const struct unit *read_unit(const char **at)
{
    size_t length = strspn(*at, "abcdefghijklmnopqrstuvwxyz");
    for (size_t i = 0; i < RB_COUNT(units); i++) {
        if (length == strlen(units[i].name) && strncmp(*at, units[i].name, length) == 0) {
            *at += length;
            return &units[i];
        }
    }
    return NULL;
}

static bool refuse(const char *text, const char *why, struct rb_error *err)
{
    return rb_fail(err, RB_ERR_INVALID, "\"%s\" is not a duration: %s", text, why);
}

bool rb_duration_parse(const char *text, rb_time *ret_span, struct rb_error *err)
{
    const char *at = text;
    rb_time span = 0;
    const struct unit *previous = NULL;
    do {
        int64_t number;
        if (!read_digits(&at, &number))
            return refuse(text, "write whole numbers with units, like 90s or 1h30m", err);
        if (*at == '\0')
            return refuse(text, "a number needs its unit: d, h, m, s or ms", err);
        if (*at == '.' || *at == ',')
            return refuse(text, "only whole numbers; write 1h30m for one and a half hours",
                          err);
        const struct unit *unit = read_unit(&at);
        if (!unit)
            return refuse(text, "the units are d, h, m, s and ms", err);
        if (previous && unit <= previous)
            return refuse(text, "each unit once, the larger before the smaller", err);
        rb_time part;
        if (__builtin_mul_overflow(number, unit->span, &part) ||
            part > RB_DURATION_MOST - span)
            return refuse(text, "the longest is 366d", err);
        span += part;
        previous = unit;
    } while (*at != '\0');
    *ret_span = span;
    return true;
}

void rb_duration_format(rb_time span, struct rb_buf *out)
{
    if (span < RB_MS) {
        rb_buf_puts(out, "0s");
        return;
    }
    for (size_t i = 0; i < RB_COUNT(units); i++) {
        if (span >= units[i].span)
            rb_buf_printf(out, "%" PRId64 "%s", span / units[i].span, units[i].name);
        span %= units[i].span;
    }
}

void rb_duration_human(rb_time span, struct rb_buf *out)
{
    if (span < 0)
        span = 0;
    if (span < RB_SEC)
        rb_buf_printf(out, "%" PRId64 "ms", span / RB_MS);
    else if (span < MINUTE)
        rb_buf_printf(out, "%" PRId64 ".%" PRId64 "s", span / RB_SEC,
                      span % RB_SEC / (RB_SEC / 10));
    else if (span < HOUR)
        rb_buf_printf(out, "%" PRId64 "m%02" PRId64 "s", span / MINUTE,
                      span % MINUTE / RB_SEC);
    else if (span < DAY)
        rb_buf_printf(out, "%" PRId64 "h%02" PRId64 "m", span / HOUR, span % HOUR / MINUTE);
    else
        rb_buf_printf(out, "%" PRId64 "d%02" PRId64 "h", span / DAY, span % DAY / HOUR);
}

/* The years that four digits can say. */
#define EARLIEST_TIME (INT64_C(-62167219200) * RB_SEC)
#define LATEST_TIME   (INT64_C(253402300800) * RB_SEC - 1)

void rb_time_format(rb_time utc, char ret_text[28])
{
    if (utc < EARLIEST_TIME)
        utc = EARLIEST_TIME;
    if (utc > LATEST_TIME)
        utc = LATEST_TIME;
    int64_t micros = (utc % RB_SEC + RB_SEC) % RB_SEC;
    time_t seconds = (utc - micros) / RB_SEC;
    struct tm part;
    gmtime_r(&seconds, &part);
    char text[96];
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", part.tm_year + 1900,
             part.tm_mon + 1, part.tm_mday, part.tm_hour, part.tm_min, part.tm_sec,
             (int)micros);
    memcpy(ret_text, text, 27);
    ret_text[27] = '\0';
}

/* Exactly `count` digits at *at, with a value between low and high. */
static bool fixed(const char **at, int count, int low, int high, int *ret_number)
{
    int number = 0;
    for (int i = 0; i < count; i++, ++*at) {
        if (**at < '0' || **at > '9')
            return false;
        number = number * 10 + (**at - '0');
    }
    *ret_number = number;
    return number >= low && number <= high;
}

static bool literal(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

/* "" or "." and one to six digits. */
static bool read_fraction(const char **at, int *ret_micros)
{
    int micros = 0;
    if (literal(at, '.')) {
        if (**at < '0' || **at > '9')
            return false;
        for (int unit = 100000; unit > 0 && **at >= '0' && **at <= '9'; unit /= 10, ++*at)
            micros += (**at - '0') * unit;
    }
    *ret_micros = micros;
    return true;
}

/* "Z" or the distance from UTC. */
static bool read_zone(const char **at, int *ret_minutes)
{
    *ret_minutes = 0;
    if (literal(at, 'Z'))
        return true;
    char sign = **at;
    int hours, minutes;
    if (!literal(at, '+') && !literal(at, '-'))
        return false;
    if (!fixed(at, 2, 0, 23, &hours) || !literal(at, ':') || !fixed(at, 2, 0, 59, &minutes))
        return false;
    *ret_minutes = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
    return true;
}

bool rb_time_parse(const char *text, rb_time *ret_utc)
{
    struct tm part = {0};
    int year, month, micros, zone;
    const char *at = text;
    if (!fixed(&at, 4, 0, 9999, &year) || !literal(&at, '-') ||
        !fixed(&at, 2, 1, 12, &month) || !literal(&at, '-') ||
        !fixed(&at, 2, 1, 31, &part.tm_mday) || !literal(&at, 'T') ||
        !fixed(&at, 2, 0, 23, &part.tm_hour) || !literal(&at, ':') ||
        !fixed(&at, 2, 0, 59, &part.tm_min) || !literal(&at, ':') ||
        !fixed(&at, 2, 0, 59, &part.tm_sec) || !read_fraction(&at, &micros) ||
        !read_zone(&at, &zone) || *at != '\0')
        return false;
    part.tm_year = year - 1900;
    part.tm_mon = month - 1;
    int day = part.tm_mday;
    time_t seconds = timegm(&part);
    if (part.tm_mday != day) /* the month has no such day */
        return false;
    *ret_utc = ((rb_time)seconds - zone * 60L) * RB_SEC + micros;
    return true;
}
