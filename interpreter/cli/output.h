#pragma once
/* What a step printed: `runbook logs RUN STEP`. */

#include "cli/args.h"

/* Prints both streams of the step's last attempt to ours; with --follow goes on until the step
 * ends. On a terminal control characters are made visible. Exit status of the program. */
int rb_output_show(const struct rb_args *args);
