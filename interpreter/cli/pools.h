#pragma once
/* Whether the steps that need a session of a database have one. */

#include "parse/parse.h"

/* Before a run: connects where a step needs a session of its own, and nowhere else. False
 * (RB_ERR_USAGE) when a pool of transactions stands before the database, which would give each of its
 * statements another one. What can't be found out now (no answer, a secret that has to be typed) is left
 * to the step. */
bool rb_pools_allow(const struct rb_document *document, const struct rb_value *params,
                    struct rb_error *err) RB_MUST_CHECK;
