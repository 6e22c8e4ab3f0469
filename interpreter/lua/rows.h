#pragma once
/* The rows that a statement returned, read back with the types that Lua has for them. */

#include "base/error.h"
#include "base/value.h"
#include "lua/sandbox.h"

/* The last result of an outcome of effects/sql.md, which is the one that is looked at; NULL: none. */
const struct rb_value *rb_rows_result(const struct rb_value *outcome);

/* Its rows as a list of maps by the name of the column: whole numbers, numbers and booleans as
 * such, null left out, all else as PostgreSQL writes it; a numeric that would lose digits as well.
 * Errors: two columns of one name; as rb_stream_read. A new reference. */
bool rb_rows_read(const struct rb_world *world, const struct rb_value *result,
                  const struct rb_value **ret_rows, struct rb_error *err) RB_MUST_CHECK;

/* The first column of its first row. RB_ERR_INVALID: there is none, which is not the same as null; and as
 * rb_stream_read. A new reference. */
bool rb_rows_value(const struct rb_world *world, const struct rb_value *result,
                   const struct rb_value **ret_value, struct rb_error *err) RB_MUST_CHECK;
