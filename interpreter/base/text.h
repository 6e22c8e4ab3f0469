#pragma once
/* Text: UTF-8, making control characters visible, "did you mean". */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Length of the valid UTF-8 prefix; equal to `length` when all of it is valid. */
size_t rb_text_valid_utf8(const char *bytes, size_t length);

/* Decodes one code point at bytes[0..length); returns its length in bytes, 0 when not
 * valid. */
int rb_text_decode(const char *bytes, size_t length, unsigned *ret_code_point);

/* Columns a code point takes on a terminal: 0 combining, 1, or 2 wide. */
int rb_text_width(unsigned code_point);

/* Whether a code point acts on a terminal or can't be seen: C0, DEL, C1, bidi controls,
 * zero-width and other format characters, line separators, fillers. */
bool rb_text_hidden(unsigned code_point);

/* Appends bytes so that no byte of them can act on a terminal: C0, DEL, C1, bidi controls,
 * zero-width and line separators, and bytes that are not UTF-8 become visible escapes
 * (\e[, \x07, \u202e, \xff). Newline and tab are kept when `keep_lines`. Doing it twice
 * changes nothing: a backslash stays as it is, so this is for showing and can't be undone.
 */
void rb_text_visible(const char *bytes, size_t length, bool keep_lines, struct rb_buf *out);

/* The candidate nearest to `word` by edit distance (at most a third of its length, at least
 * 1; neighbours that changed places are one edit), or NULL. `candidates` ends with NULL.
 * Ties: the first. */
const char *rb_text_nearest(const char *word, const char *const *candidates);

bool rb_text_starts(const char *text, const char *prefix);

/* Equal but for the case of ASCII letters, whatever the locale. */
bool rb_text_same_name(const char *a, const char *b);
