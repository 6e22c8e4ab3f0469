#pragma once
/* A run in a few words, from its record alone: neither its plan nor its state is needed. */

#include "journal/store.h"

/* {run, status, runbook, title, environment, started, operator, handed_over (true), waits_for, overrides
 * (core/override.h), rolls_back (true: it has begun to, and not ended), left (what no undo took back),
 * obligations, overdue}; for a record that
 * is not sound {run, status: "unsound", waits_for: what is wrong}. A new reference. */
const struct rb_value *rb_brief(struct rb_store *store, const char *id);
