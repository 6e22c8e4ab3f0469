#pragma once
/* A look at the world from a check: what a call of a stdlib module asks of a driver. `name` is the
 * folder under steps/. */

#include "core/core.h"

/* The process request of a `sh.exec` call. The environment is that of every process of the run,
 * with the call's own over it. A new reference. */
const struct rb_value *rb_look_request(const struct rb_state *state, const char *name,
                                       const struct rb_value *call);

/* The request of a call to a service, RB_EFFECT_HTTP or RB_EFFECT_SQL. False when it can't be made,
 * or would be more than a look: *ret_outcome is then what is to be answered. */
bool rb_look_service(const struct rb_state *state, enum rb_effect_kind kind,
                     const char *name, const struct rb_value *call,
                     const struct rb_value **ret_request,
                     const struct rb_value **ret_outcome);

/* What is kept of its outcome as evidence: all but the time it took. A new reference. */
const struct rb_value *rb_look_evidence(const struct rb_value *call,
                                        const struct rb_value *outcome);
