#pragma once
/* The request of an `sql` step, and of a look at the world by SQL (effects/sql.md). Pure. */

#include "base/duration.h"
#include "core/core.h"

/* From a description (plan/spec.md) that is filled in. `read_only`: the server is to refuse all
 * that writes, whatever else is said. Errors: RB_ERR_INVALID. */
bool rb_request_sql_build(const struct rb_state *state, const char *dir, rb_time timeout,
                          bool read_only, const struct rb_value *filled,
                          const struct rb_value **ret_request,
                          struct rb_error *err) RB_MUST_CHECK;

/* That of the current node. */
bool rb_request_sql(const struct rb_state *state, const struct rb_value **ret_request,
                    struct rb_error *err) RB_MUST_CHECK;
