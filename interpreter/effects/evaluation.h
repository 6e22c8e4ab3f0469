#pragma once
/* The outcome of an evaluation as both its ends know it (effects/job.md). */

#include <stdbool.h>

#include "base/value.h"

/* The names of its items in order, those of the expectations first: a list of texts. */
const struct rb_value *rb_evaluation_names(const struct rb_value *job);

/* {"items": [...]} in which every item went wrong with this message. */
const struct rb_value *rb_evaluation_failed(const struct rb_value *job,
                                            const char *message);

/* Is it an outcome of this job: just its items, each with what its kind has? */
bool rb_evaluation_fits(const struct rb_value *job, const struct rb_value *outcome);
