#pragma once
/* The locks of a run: held before anything else happens, under each of its writers. */

#include "core/core.h"

/* They are to be taken now: nothing else is decided or wanted until they are. */
bool rb_lock_is_due(const struct rb_state *state);
/* They were refused: what has not begun ends, what has is suspended. */
bool rb_lock_rule(const struct rb_state *state, struct rb_event *ret_event);
/* What is asked for: {keys}. */
const struct rb_value *rb_lock_request(const struct rb_state *state);
