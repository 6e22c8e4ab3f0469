#pragma once
/* A look at the world from a check: the process request of a `sh.exec` call. */

#include "core/state.h"

/* `name` is the folder under steps/. The environment is that of every process of the run, with
 * the call's own over it. A new reference. */
const struct rb_value *rb_look_request(const struct rb_state *state, const char *name,
                                       const struct rb_value *call);
/* What is kept of its outcome as evidence: all but the time it took. A new reference. */
const struct rb_value *rb_look_evidence(const struct rb_value *call,
                                        const struct rb_value *outcome);
