#pragma once
/* What a run would do, as text: what `runbook plan` shows, and what an approver signs. */

#include "base/buf.h"
#include "cli/preview.h"

/* A step's spec with all that is known filled in: a new reference. */
const struct rb_value *rb_plan_text_spec(const struct rb_preview *preview, int step);
void rb_plan_text(const struct rb_preview *preview, struct rb_buf *out);
/* The first step after which a rollback does not lead back to where the run began, or -1. */
int rb_plan_no_return(const struct rb_plan *plan);
