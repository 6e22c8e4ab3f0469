#pragma once
/* Values in SQL text: each becomes a parameter, `$n`, or a name, and is never part of the text. */

#include "parse/compile.h"

/* The statement with parameters in place of its values: {text, params: list of leaves}
 * (plan/spec.md), a new reference; where `${{ sql.ident(...) }}` stands, the text is a list
 * (plan/sql_name.h) and the name a leaf. NULL after a diagnostic: where a value stands in quotes, a
 * name or a comment, it would be text of the statement. */
const struct rb_value *rb_sql_text(struct rb_compiler *c, const struct rb_yaml_node *scalar,
                                   const char *where);
