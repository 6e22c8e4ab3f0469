#pragma once
/* A look at the world from a check: what a call of a stdlib module asks of a driver. `name` is the
 * folder under steps/. */

#include "core/core.h"

/* Which driver performs a call; RB_EFFECT_NONE: none, it is answered at once. */
enum rb_effect_kind rb_look_driver(const struct rb_value *call);

/* What a call asks of its driver, which gives up after `most` (0: after what the call says); the environment of a process is that of every process of the run,
 * with the call's own over it. False when no driver is to be asked, because the answer is here, the
 * request can't be made, or it would be more than a look: *ret_outcome is then what is to be
 * answered. New references. */
bool rb_look_request(const struct rb_state *state, const char *name,
                     const struct rb_value *call, rb_time most,
                     const struct rb_value **ret_request,
                     const struct rb_value **ret_outcome);

/* What is kept of it as evidence: all that Lua could see, the time that it took as well. A new
 * reference. */
const struct rb_value *rb_look_evidence(const struct rb_value *call,
                                        const struct rb_value *outcome);
