#include "effects/clock.h"

#include <time.h>

/* What the record can hold: from 1970 on, because that is what the ids of runs begin with; and whole
 * numbers up to 2^53-1 (base/json.h), also of what is due as long after it as a duration may be. */
static const rb_time EARLIEST = 0;
static const rb_time LATEST = (INT64_C(1) << 53) - 1 - RB_DURATION_MOST;

static rb_time now(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return ts.tv_sec * RB_SEC + ts.tv_nsec / 1000;
}

static rb_time within(rb_time utc)
{
    return utc < EARLIEST ? EARLIEST : utc > LATEST ? LATEST : utc;
}

rb_time rb_clock_utc(void)
{
    return within(now(CLOCK_REALTIME));
}

rb_time rb_clock_mono(void)
{
    return now(CLOCK_BOOTTIME);
}

bool rb_clock_check(struct rb_error *err)
{
    char says[28], earliest[28], latest[28];
    rb_time utc = now(CLOCK_REALTIME);
    rb_time_format(utc, says);
    rb_time_format(EARLIEST, earliest);
    rb_time_format(LATEST, latest);
    return utc == within(utc) ||
           rb_fail(
               err, RB_ERR_INVALID,
               "the clock says %.19sZ, and a record can hold what happens from %.10s to "
               "%.10s; nothing was done: set it right",
               says, earliest, latest);
}
