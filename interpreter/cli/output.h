#pragma once
/* What a step printed: `runbook logs RUN STEP`. */

#include "cli/args.h"

/* Does the key of a step instance belong to the step that was asked for? `copy` means each element
 * of the loop `copy`, `copy[2]` exactly that one. */
bool rb_output_is_about(const char *step, const char *key);

/* Prints both streams of the step's last attempt to ours, or the results of its statements; with
 * --follow goes on until the step ends. On a terminal control characters are made visible. Exit status of the program. */
int rb_output_show(const struct rb_args *args);
