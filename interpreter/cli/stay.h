#pragma once
/* --wait-at-most: how long a wait may keep the process. */

#include "base/duration.h"
#include "cli/args.h"

/* `watched`: there is somebody who can be asked. Negative: for ever. RB_ERR_INVALID says what is wrong
 * with what was given. */
bool rb_stay_read(const struct rb_args *args, bool watched, rb_time *ret_stay,
                  struct rb_error *err) RB_MUST_CHECK;
