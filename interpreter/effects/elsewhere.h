#pragma once
/* Whoever answers from another terminal or machine: is told which questions are open. */

#include <stdint.h>

#include "base/value.h"

struct rb_elsewhere {
    void *self;
    /* The question of this step's attempt is open; all borrowed for the call. */
    void (*open)(void *self, const struct rb_value *step, int64_t attempt,
                 const struct rb_value *question);
    /* The one with this number is not, any more. */
    void (*close)(void *self, int64_t q);
};
