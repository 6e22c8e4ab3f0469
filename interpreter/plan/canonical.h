#pragma once
/* The canonical bytes of a plan. For plan.c alone. */

#include "base/buf.h"
#include "plan/plan.h"

/* Appends, as canonical JSON, all of the plan that decides what a run does; a member that is not
 * there has its default. Written out as it goes: as a value the plan would be there twice. */
void rb_plan_canonical(const struct rb_plan *plan, struct rb_buf *out);
