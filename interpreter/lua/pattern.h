#pragma once
/* PCRE2 with limits: a pattern that does not come to an end says so. */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Does `pattern` match anywhere in the text? The text may be any bytes; the pattern reads it
 * as UTF-8. False: RB_ERR_INVALID, it is no pattern or goes over a limit. */
bool rb_pattern_find(const char *pattern, size_t pattern_length, const char *text,
                     size_t length, bool *ret_found, struct rb_error *err) RB_MUST_CHECK;
