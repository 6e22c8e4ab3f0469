#pragma once
/* Names in SQL text that values give. Such a text is a list of texts and of names,
 * {"ident": [part...]} with a part for each of schema and table; they are quoted as the server's
 * rules have it (PostgreSQL's documentation, section 4.1.1) where the text is put together. */

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"

/* Could a name in quotes between these characters (NUL: none) be taken for a part of something
 * else? `"a""b"` is one name, `U&"a"` reads escapes. */
bool rb_sql_name_touches(char before, char after);

/* A text, or a list as above: each name is one the server takes as it is, and stands where a name
 * can stand, in no quotes and no comment. RB_ERR_INVALID. */
bool rb_sql_text_check(const struct rb_value *text, struct rb_error *err) RB_MUST_CHECK;

/* Appends the text that the server gets. A name that is not known yet may be a text. */
void rb_sql_text_join(const struct rb_value *text, struct rb_buf *out);
