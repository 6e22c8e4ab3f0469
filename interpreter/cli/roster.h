#pragma once
/* Who may sign in a runbook, with which keys, and what is wrong with that. */

#include "base/duration.h"
#include "plan/plan.h"

/* {roles: [{role, people: [{who, keys: [{key, type, line, wrong, note}], wrong}]}], lines: [{line,
 * people, wrong}] that belong to nobody or let nobody sign, wrong: how many things}. `signers` are the
 * lines of their file (effects/signers.h), `utc` is now. A new reference. */
const struct rb_value *rb_roster(const struct rb_plan *plan, const struct rb_value *signers,
                                 rb_time utc);
