#pragma once
/* The two clocks of an input. */

#include "base/duration.h"

/* CLOCK_REALTIME, microseconds since 1970; a clock beyond what the record can hold stands still at its
 * edge, so that a record stays readable when the clock is set there under way. */
rb_time rb_clock_utc(void);
rb_time rb_clock_mono(void); /* CLOCK_BOOTTIME, microseconds: counts suspended time */

/* Whether the record can hold what the clock says: asked before anything is written. RB_ERR_INVALID. */
bool rb_clock_check(struct rb_error *err) RB_MUST_CHECK;
