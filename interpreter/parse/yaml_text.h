#pragma once
/* The characters of a YAML file, before YAML. */

#include "base/diag.h"
#include "base/source.h"

/* A copy of the source's text that libyaml can read to its end: each character that must not
 * stand in a file is diagnosed and replaced by a harmless one of as many bytes, so that all
 * places stay true. NULL: not UTF-8 text at all, diagnosed. The caller frees it. */
char *rb_yaml_text_clean(const struct rb_source *source, struct rb_diags *diags);

/* The same characters in the value of a scalar, where an escape can put them: the first one is
 * diagnosed, then false. */
bool rb_yaml_text_check(const char *text, size_t length, struct rb_span span,
                        struct rb_diags *diags);
