#pragma once
/* The two clocks of an input. */

#include "base/duration.h"

rb_time rb_clock_utc(void);  /* CLOCK_REALTIME, microseconds since 1970 */
rb_time rb_clock_mono(void); /* CLOCK_BOOTTIME, microseconds: counts suspended time */
