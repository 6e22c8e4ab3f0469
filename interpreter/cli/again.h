#pragma once
/* Replaying a run's record with its stored source and its recorded evidence. */

#include "cli/history.h"
#include "journal/replay.h"

bool rb_again(const struct rb_history *history, struct rb_replay *ret_replay,
              struct rb_error *err) RB_MUST_CHECK;

/* Do the recorded decisions follow from the recorded facts? Lua is not evaluated again.
 * RB_ERR_RECORD names the first that does not. */
bool rb_again_follows(const struct rb_history *history, struct rb_error *err) RB_MUST_CHECK;
