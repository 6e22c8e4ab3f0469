#include "parse/pattern.h"

#include <string.h>

#include "base/mem.h"

static void release(struct rb_pattern **pattern)
{
    rb_pattern_free(*pattern);
}

bool rb_pattern_check(const struct rb_yaml_node *scalar, size_t offset, size_t length,
                      struct rb_diags *diags)
{
    RB_CLEANUP(release) struct rb_pattern *pattern = NULL;
    struct rb_error why;
    size_t at;
    if (length > RB_PATTERN_LONGEST) {
        rb_diag_add(diags, 215, rb_yaml_span_in(scalar, offset, 1),
                    "the pattern has more than %d characters", RB_PATTERN_LONGEST);
        return false;
    }
    if (rb_pattern_compile(scalar->text + offset, length, RB_PATTERN_ANYWHERE, &pattern,
                           &at, &why))
        return true;
    size_t place = at < length ? at : length ? length - 1 : 0;
    rb_diag_help(rb_diag_add(diags, 215, rb_yaml_span_in(scalar, offset + place, 1),
                             "the pattern does not compile: %s", why.message),
                 "patterns are Perl's (PCRE2); in YAML single quotes keep every backslash");
    return false;
}

bool rb_pattern_excludes_first(const char *pattern, char first)
{
    RB_CLEANUP(release) struct rb_pattern *compiled = NULL;
    return rb_pattern_compile(pattern, strlen(pattern), RB_PATTERN_AT_START, &compiled,
                              NULL, NULL) &&
           rb_pattern_excludes(compiled, &first, 1);
}
