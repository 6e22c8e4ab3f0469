#pragma once
/* Regular expressions: PCRE2 with limits and without its just-in-time compiler, so that a
 * verdict is the same on every machine. */

#include <stdbool.h>
#include <stddef.h>

#include "parse/node.h"

/* Does the text of the scalar compile? Else says where it does not. [offset, offset+length) is
 * the pattern in the scalar. */
bool rb_pattern_check(const struct rb_yaml_node *scalar, size_t offset, size_t length,
                      struct rb_diags *diags);

enum rb_pattern_verdict { RB_PATTERN_MATCHES, RB_PATTERN_DIFFERS, RB_PATTERN_GAVE_UP };

/* Whether the pattern matches all of the text. */
enum rb_pattern_verdict rb_pattern_whole(const char *pattern, const char *text,
                                         size_t length);

/* Can no text that begins with this byte match the pattern? False when in doubt. */
bool rb_pattern_excludes_first(const char *pattern, char first);
