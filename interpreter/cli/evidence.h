#pragma once
/* What a step and its checks asked and were answered: `runbook logs RUN STEP --evidence`. */

#include "cli/args.h"

/* Every evaluation of the step with its evidence, and every outcome of its action, in the order of
 * the record; with --output json a line for each. Exit status of the program. */
int rb_evidence_show(const struct rb_args *args);
