#pragma once
/* Going on with a run from its record: what `resume` does, and `cancel` where nobody is at work
 * on the run. */

#include "cli/args.h"

/* The run is the first argument. `asks`: questions may be asked on the terminal. Exit status of
 * the program. */
int rb_resume(const struct rb_args *args, bool asks);
