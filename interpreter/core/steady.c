#include "core/steady.h"

/* Time services correct less, and a window that is wrong by so much does no harm. */
static const rb_time TOLERANCE = 5 * (60 * RB_SEC);

void rb_steady_done(struct rb_steady *steady)
{
    rb_value_unref(steady->boot);
}

static const struct rb_value *boot_of(const struct rb_event *event)
{
    return rb_value_get(rb_value_get(event->d, "operator"), "boot_id");
}

static bool same_boot(const struct rb_steady *steady, const struct rb_event *event)
{
    const struct rb_value *boot = boot_of(event);
    if (event->mono < steady->mono)
        return false;
    return boot && steady->boot ? rb_value_equal(boot, steady->boot) : boot == steady->boot;
}

/* Time does not go back, whatever the clocks say. */
static void pass(struct rb_steady *steady, rb_time span)
{
    if (span > 0 && __builtin_add_overflow(steady->elapsed, span, &steady->elapsed))
        steady->elapsed = INT64_MAX;
}

/* What was found before a resumed run says where it is has no boot. */
void rb_steady_take(struct rb_steady *steady, const struct rb_event *event)
{
    rb_time span = 0;
    if (event->type == RB_EV_TAIL_RECOVERED)
        return;
    if (event->type == RB_EV_RUN_CREATED)
        steady->began = event->utc;
    else if (event->type == RB_EV_RUN_RESUMED && !same_boot(steady, event))
        __builtin_sub_overflow(event->utc, steady->utc, &span);
    else
        __builtin_sub_overflow(event->mono, steady->mono, &span);
    pass(steady, span);
    if (event->type == RB_EV_RUN_CREATED || event->type == RB_EV_RUN_RESUMED)
        rb_value_put(&steady->boot, boot_of(event));
    steady->utc = event->utc;
    steady->mono = event->mono;
}

rb_time rb_steady_off(const struct rb_steady *steady)
{
    rb_time by_clock, off;
    if (__builtin_sub_overflow(steady->utc, steady->began, &by_clock) ||
        __builtin_sub_overflow(by_clock, steady->elapsed, &off) ||
        __builtin_sub_overflow(off, steady->trusted, &off))
        return INT64_MAX;
    return off;
}

bool rb_steady_doubts(const struct rb_steady *steady)
{
    rb_time off = rb_steady_off(steady);
    return off > TOLERANCE || off < -TOLERANCE;
}

void rb_steady_trust(struct rb_steady *steady, rb_time off)
{
    rb_time sum;
    if (!__builtin_add_overflow(steady->trusted, off, &sum))
        steady->trusted = sum;
}
