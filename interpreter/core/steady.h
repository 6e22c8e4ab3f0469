#pragma once
/* How much time has passed since the run began, as far as this machine can tell: its monotonic
 * clock, which nobody sets, and from one boot to the next the other one. */

#include "core/event.h"

struct rb_steady {
    rb_time elapsed;   /* since run.created */
    rb_time began;     /* UTC of that */
    rb_time utc, mono; /* of the last event that counts */
    rb_time trusted;   /* so far the clock is off, and a person said that it is right */
    const struct rb_value *boot; /* id of it, or NULL */
};

void rb_steady_done(struct rb_steady *steady);
void rb_steady_take(struct rb_steady *steady, const struct rb_event *event);

/* How far the clock is from where it should be: less than 0, it was set back; more, forth. */
rb_time rb_steady_off(const struct rb_steady *steady);
/* So far, that what depends on the time of day can't be told from it. */
bool rb_steady_doubts(const struct rb_steady *steady);
/* It is right although it is so far off. */
void rb_steady_trust(struct rb_steady *steady, rb_time off);
