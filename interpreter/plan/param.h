#pragma once
/* A value held against the declaration of a parameter, or of a field that a person fills in. */

#include "base/buf.h"
#include "plan/plan.h"

/* The words for the types, by enum rb_param_type, ending with NULL. */
extern const char *const rb_param_type_names[];

/* Is it of the declared type? A duration and a time are texts. */
bool rb_param_is(const struct rb_param *param, const struct rb_value *value);
/* A point in time that needs nothing else to be one. */
bool rb_param_is_time(const char *text);

/* Pattern, values and bounds; of a list, for each element. Returns 0, or the code of the
 * diagnostic with what is wrong in `why` and what it should be in `help`. */
int rb_param_misfit(const struct rb_param *param, const struct rb_value *value,
                    struct rb_buf *why, struct rb_buf *help);

/* "a whole number", "a list of texts". */
void rb_param_describe(const struct rb_param *param, struct rb_buf *out);
