#pragma once
/* Handing in an answer to a run: judged here first by the same rules, left in the inbox, and looked
 * after until the run has judged it. */

#include "cli/history.h"

/* A signed answer as a file. Says on standard output what became of it. RB_ERR_REFUSED, and nothing
 * left, where it does not count. */
bool rb_hand_in_signed(const struct rb_history *history, const char *bytes, size_t length,
                       struct rb_error *err) RB_MUST_CHECK;

/* An answer to a question that nobody has to sign. RB_ERR_REFUSED where somebody was first. */
bool rb_hand_in_answer(const struct rb_history *history, const struct rb_value *question,
                       const struct rb_value *answer, struct rb_error *err) RB_MUST_CHECK;
