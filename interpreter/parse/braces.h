#pragma once
/* `${{ expr }}` in a text: where the Lua ends is for Lua's own tokens to say, so that `}}`
 * in a string or at the end of nested tables does not end it. */

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

struct rb_braces {
    size_t begin, end;        /* of the whole, `end` one past the last brace */
    size_t expr, expr_length; /* of the Lua text, trimmed; length 0: nothing in it */
};

/* Whether `${{` stands at `at`. */
bool rb_braces_at(const char *text, size_t length, size_t at);

/* Reads the one that begins at `at` (rb_braces_at holds). False when it never ends: then
 * say so with rb_braces_unclosed and leave the rest of this text. */
bool rb_braces_read(const char *text, size_t length, size_t at,
                    struct rb_braces *ret_braces);

/* The diagnostic for a `${{` without end; `closed` says whether a `}}` follows all the
 * same, so that it must be a quote in the expression that is never closed. */
void rb_braces_unclosed(struct rb_diags *diags, struct rb_span span, bool closed);
