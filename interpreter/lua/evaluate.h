#pragma once
/* A job evaluated (effects/job.md), in this process. */

#include "lua/sandbox.h"

/* {"items": [...]}: a new reference. Total: whatever goes wrong is in the items. Not bounded in
 * time. The sandbox is a new one, or NULL where none could be had; it can be freed with the job. */
const struct rb_value *rb_evaluate_in(struct rb_sandbox *sandbox,
                                      const struct rb_value *job,
                                      const struct rb_world *world);
/* In one of its own. */
const struct rb_value *rb_evaluate(const struct rb_value *job,
                                   const struct rb_world *world);
