#pragma once
/* The questions of a run that wait for an answer. */

#include "core/state.h"

/* Payloads of question.asked: a list, a new reference. A run that can't be
 * gone on with has none. */
const struct rb_value *rb_questions_open(const struct rb_state *state);
