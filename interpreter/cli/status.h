#pragma once
/* One word on where a run stands, the same in every view of it. */

#include "core/state.h"

/* succeeded, failed, refused, cancelled; running (a process is at work on it); waiting (for a
 * person), stopped (by one), interrupted; crashed: open, and nobody is at work on it. `end` is
 * the payload of the last run.finished or run.suspended. */
const char *rb_run_status(enum rb_run_phase phase, const struct rb_value *end, bool live);

/* The same of a run that has ended, for people: "rolled back". */
void rb_run_ending(const struct rb_state *state, struct rb_buf *out);
