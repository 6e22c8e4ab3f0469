#pragma once
/* Filling in template leaves. */

#include "base/buf.h"
#include "base/error.h"
#include "plan/plan.h"

/* A copy of `spec` with each {"$expr": n} replaced by values[n'], where values is a map from
 * the decimal n to the expression's value, and each {"$text": [...]} joined into a string.
 * A {"$secret": name} stays as it is.
 * In a text a string, integer, number or boolean gives its text; null, a list or a map is an
 * error that names the expression. Errors: RB_ERR_INVALID. */
bool rb_template_fill(const struct rb_plan *plan, const struct rb_value *spec,
                      const struct rb_value *values, const struct rb_value **ret_value,
                      struct rb_error *err) RB_MUST_CHECK;

/* The name of the secret that a leaf stands for, or NULL: any other value. */
const char *rb_template_secret(const struct rb_value *value);

/* Appends the numbers of the expressions in `spec`, in order of appearance. */
void rb_template_exprs(const struct rb_value *spec, int **items, int *count, int *capacity);

/* The text of a scalar as it stands in a text: a string, integer, number or boolean. False for
 * null, a list or a map; then nothing was appended. */
bool rb_template_text(const struct rb_value *value, struct rb_buf *out) RB_MUST_CHECK;
