#pragma once
/* Evaluating one item of a job. */

#include "lua/sandbox.h"

/* The item of the outcome: a new reference. Total. */
const struct rb_value *rb_item_evaluate(struct rb_sandbox *sandbox,
                                        const struct rb_value *item);
