#pragma once
/* The duties of a run that are open, as commands show them. */

#include "core/state.h"

/* Each with `overdue` and `due` as text: a list, a new reference. */
const struct rb_value *rb_duties_list(const struct rb_value *open);
bool rb_duties_any_overdue(const struct rb_value *open);
/* "ready.backup", or "tell" of a step as a whole: a new string. */
char *rb_duties_name(const struct rb_value *duty);
/* One a line: "due 2025-11-22T23:00:00Z  ready.backup  The backup is there", those that are late
 * with OVERDUE. */
void rb_duties_print(const struct rb_value *open, const char *indent);
