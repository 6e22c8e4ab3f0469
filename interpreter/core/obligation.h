#pragma once
/* Duties: what a step leaves to be confirmed later, which the run does not wait for. One that has
 * ended keeps those that are open.
 *
 * A duty is {step, item (absent: the step as a whole), text, evidence (true: required), due: UTC
 * microseconds}; what is open is a list of them. */

#include "core/core.h"

/* step.passed with its duties: {due, items}. */
bool rb_obligation_pass(const struct rb_state *state, struct rb_event *ret);
/* Does the current step leave a duty instead of asking? */
bool rb_obligation_is_left(const struct rb_state *state);

/* What is open after this event, where `open` was before it; NULL: nothing. A new reference. */
const struct rb_value *rb_obligation_after(const struct rb_value *open,
                                           const struct rb_event *event);
/* The open duty that an obligation.met {step, item} is about, or NULL; borrowed. */
const struct rb_value *rb_obligation_find(const struct rb_value *open,
                                          const struct rb_value *met);
/* Is this fact one that meets an open duty, with evidence where it has to be there? */
bool rb_obligation_is_met(const struct rb_value *open, const struct rb_value *met);
