#pragma once
/* When the windows of a world are open: it follows from the time alone. */

#include <stdint.h>

#include "base/duration.h"

enum calendar_says { CALENDAR_OPEN, CALENDAR_CLOSED, CALENDAR_UNKNOWN };

struct calendar_look {
    enum calendar_says says;
    rb_time since, until; /* whole seconds; until 0: for ever */
};

/* Of the window `name`, in the world `seed`, at that time. */
struct calendar_look calendar_look(uint64_t seed, const char *name, rb_time at);
