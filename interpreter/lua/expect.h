#pragma once
/* The declared expectations of a step (plan/spec.md), judged on its outcome. */

#include "base/value.h"
#include "lua/sandbox.h"

/* Appends one item for each, in the order of effects/job.md. */
void rb_expect_judge(const struct rb_value *job, const struct rb_world *world,
                     struct rb_list_builder *items);
