#pragma once
/* Runbooks that nobody wrote, the same for the same number. */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Numbers that look random; the state is never 0. */
struct dice {
    uint64_t state;
};
struct dice dice_of(uint64_t seed);
/* 0 to sides - 1. */
unsigned dice_roll(struct dice *dice, unsigned sides);
/* True so many times of a hundred. */
bool dice_percent(struct dice *dice, unsigned percent);

/* Groups, branches, loops, approvals, windows, results that grow old, undo, handlers, policies and last steps;
 * steps are called s0, s1... */
void random_book(struct dice *dice, struct rb_buf *out);
