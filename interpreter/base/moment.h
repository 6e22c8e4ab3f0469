#pragma once
/* A point in time as authors write it, and arithmetic on it: `2025-11-24T10:00:00Z - 48h`. */

#include "base/duration.h"

enum rb_moment_kind {
    RB_MOMENT_ABSOLUTE, /* with its distance from UTC: a point by itself */
    RB_MOMENT_LOCAL,    /* a date and a time that a clock on the wall shows */
    RB_MOMENT_OF_DAY,   /* the next time that such a clock shows it */
};

struct rb_moment {
    enum rb_moment_kind kind;
    rb_time utc;    /* of an absolute one, without the offset */
    char local[20]; /* else: "2025-11-24T10:00:00" or "10:00:00" */
    rb_time offset; /* what is added to it; may be negative */
};

/* TIME, or TIME + DURATION, or TIME - DURATION, and so on. TIME is RFC 3339 (seconds may be left
 * out, a blank may stand for the T), the same without a zone, or a time of day. False where it is
 * none of these, or there is no such day. */
bool rb_moment_parse(const char *text, struct rb_moment *ret_moment);

/* A time of day, "09:00", "09:00:30" or "24:00", as microseconds since midnight. */
bool rb_moment_of_day(const char *text, rb_time *ret_since_midnight);

/* "2025-11-22", a day that there is. */
bool rb_moment_is_date(const char *text);
