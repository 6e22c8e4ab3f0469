#pragma once
/* The patterns that a runbook declares: base/pattern.h for its places and for whole values. */

#include "base/pattern.h"
#include "parse/node.h"

/* Does the text of the scalar compile? Else says where it does not. [offset, offset+length) is
 * the pattern in the scalar. */
bool rb_pattern_check(const struct rb_yaml_node *scalar, size_t offset, size_t length,
                      struct rb_diags *diags);

/* Can no text that begins with this byte match the pattern? False when in doubt. */
bool rb_pattern_excludes_first(const char *pattern, char first);
