#pragma once
/* What a state keeps of signatures about an open question: for apply, which alone changes a state. */

#include "core/state.h"

/* Of question.asked, `elapsed` since the run began: what was signed so far was signed about another
 * question. */
void rb_signed_begin(struct rb_node *node, const struct rb_event *event, rb_time elapsed);
/* Of approval.received, accepted and refused; true where it answers the question. */
bool rb_signed_take(struct rb_node *node, const struct rb_event *event);
