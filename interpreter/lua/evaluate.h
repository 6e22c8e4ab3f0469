#pragma once
/* A job evaluated (effects/job.md), in this process. */

#include "lua/sandbox.h"

/* {"items": [...]}: a new reference. Total: whatever goes wrong is in the items. Not bounded in
 * time. */
const struct rb_value *rb_evaluate(const struct rb_value *job,
                                   const struct rb_world *world);
