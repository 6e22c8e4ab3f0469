#include "base/moment.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST_TIME = 40 }; /* characters of a time with its zone */
#define DAY (86400 * RB_SEC)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Two digits up to `most`; *at moves behind them. */
static bool two_digits(const char **at, int most, int *ret_number)
{
    if (!is_digit((*at)[0]) || !is_digit((*at)[1]))
        return false;
    *ret_number = ((*at)[0] - '0') * 10 + ((*at)[1] - '0');
    *at += 2;
    return *ret_number <= most;
}

bool rb_moment_of_day(const char *text, rb_time *ret_since_midnight)
{
    int hours, minutes, seconds = 0;
    const char *at = text;
    if (!two_digits(&at, 24, &hours) || *at++ != ':' || !two_digits(&at, 59, &minutes))
        return false;
    if (*at == ':' && (at++, !two_digits(&at, 59, &seconds)))
        return false;
    rb_time since = ((hours * 60L + minutes) * 60 + seconds) * RB_SEC;
    if (*at != '\0' || since > DAY)
        return false;
    *ret_since_midnight = since;
    return true;
}

bool rb_moment_is_date(const char *text)
{
    char full[32];
    rb_time utc;
    if (strlen(text) != 10)
        return false;
    snprintf(full, sizeof full, "%.10sT00:00:00Z", text);
    return rb_time_parse(full, &utc);
}

/* Fills in what may be left out: the T, the seconds. */
static bool spell_out(const char *time, char ret_full[LONGEST_TIME + 4])
{
    size_t length = strlen(time);
    if (length < 16 || length > LONGEST_TIME || (time[10] != 'T' && time[10] != ' '))
        return false;
    bool seconds = time[16] == ':';
    snprintf(ret_full, LONGEST_TIME + 4, "%.10sT%.5s%s%s", time, time + 11,
             seconds ? "" : ":00", time + 16);
    return true;
}

static bool parse_time(const char *time, struct rb_moment *ret)
{
    char full[LONGEST_TIME + 4], zoned[LONGEST_TIME + 8];
    rb_time since;
    *ret = (struct rb_moment){0};
    if (rb_moment_of_day(time, &since) && since < DAY) {
        ret->kind = RB_MOMENT_OF_DAY;
        snprintf(ret->local, sizeof ret->local, "%s%s", time,
                 strlen(time) == 5 ? ":00" : "");
        return true;
    }
    if (!spell_out(time, full))
        return false;
    if (rb_time_parse(full, &ret->utc))
        return true;
    snprintf(zoned, sizeof zoned, "%sZ", full);
    if (strlen(full) != 19 || !rb_time_parse(zoned, &ret->utc))
        return false;
    ret->kind = RB_MOMENT_LOCAL;
    memcpy(ret->local, full, sizeof ret->local);
    return true;
}

static void trim_end(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == ' ')
        text[--length] = '\0';
}

/* Takes the last sign and the duration behind it off the text. A zone (+02:00) is none. */
static bool take_offset(char *text, rb_time *offset)
{
    char *plus = strrchr(text, '+'), *minus = strrchr(text, '-');
    char *sign = plus > minus ? plus : minus;
    rb_time span;
    if (!sign || !rb_duration_parse(sign + 1 + strspn(sign + 1, " "), &span, NULL) ||
        __builtin_add_overflow(*offset, *sign == '-' ? -span : span, offset))
        return false;
    *sign = '\0';
    trim_end(text);
    return true;
}

bool rb_moment_parse(const char *text, struct rb_moment *ret_moment)
{
    struct rb_moment moment;
    rb_time offset = 0;
    RB_AUTO_FREE char *left = rb_strdup(text + strspn(text, " "));
    trim_end(left);
    while (take_offset(left, &offset))
        continue;
    if (!parse_time(left, &moment))
        return false;
    moment.offset = offset;
    *ret_moment = moment;
    return true;
}
