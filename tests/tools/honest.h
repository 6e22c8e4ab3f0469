#pragma once
/* What an honest world would say to what a run wants. */

#include "core/core.h"

/* The payload of the fact: all goes well, everybody says yes. A new reference. */
const struct rb_value *honest_answer(const struct rb_state *state,
                                     const struct rb_effect *wanted,
                                     const struct rb_value *request);
