#pragma once
/* The folder of a run that nobody will ask for: what drivers keep goes there, and it is gone when
 * it is freed. */

#include "base/error.h"

struct rb_scratch;

bool rb_scratch_new(struct rb_scratch **ret_scratch, struct rb_error *err) RB_MUST_CHECK;
void rb_scratch_free(struct rb_scratch *scratch);     /* accepts NULL */
int rb_scratch_run(const struct rb_scratch *scratch); /* descriptor of the run's folder */
