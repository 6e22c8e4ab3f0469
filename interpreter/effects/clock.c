#include "effects/clock.h"

#include <time.h>

static rb_time now(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return ts.tv_sec * RB_SEC + ts.tv_nsec / 1000;
}

rb_time rb_clock_utc(void)
{
    return now(CLOCK_REALTIME);
}

rb_time rb_clock_mono(void)
{
    return now(CLOCK_BOOTTIME);
}
