#pragma once
/* What a statement may be, by the word that it begins with. */

#include "base/error.h"

/* One statement, as the server gets it: it is one command, which neither begins nor ends the transaction that it stands in.
 * With `reads` it is one that a READ ONLY transaction holds to reading, which it does not do with all
 * that the server lets through there. RB_ERR_INVALID. */
bool rb_sql_word_check(const char *text, bool reads, struct rb_error *err) RB_MUST_CHECK;

/* Is there nothing in it but blanks, comments and semicolons? */
bool rb_sql_word_is_missing(const char *text);
