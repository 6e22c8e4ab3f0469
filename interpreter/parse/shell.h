#pragma once
/* Interpolation into a shell script: where `${{ expr }}` stands decides how a reference to an
 * environment variable is written there (language, rule 1). A value never becomes source. */

#include "parse/node.h"

struct rb_shell_value {
    const char *expr; /* the Lua text between the braces, trimmed */
    size_t offset;    /* of the Lua text in the scalar */
    struct rb_span span;
};

struct rb_shell_script {
    const char *text; /* with $RB_1, "$RB_1", '"$RB_1"'... in place of the values */
    struct rb_shell_value *values; /* the n-th is RB_(n+1); equal expressions share one */
    int count;
};

/* Diagnoses what can't be done: a value inside a quoted here-document, a `${{` without end, a value
 * in a place where a word can't stand (a comment is left as it is and bound to nothing). What is
 * returned lies in the arena; what `scratch` held is lost. What a second shell would read
 * (`ssh host "…"`, `sh -c`, `eval`, `su -c`) is for check/sources.c, with parse/shell_sink.h. */
bool rb_shell_interpolate(struct rb_arena *arena, struct rb_arena *scratch,
                          const struct rb_yaml_node *scalar, struct rb_diags *diags,
                          struct rb_shell_script *ret_script)
    __attribute__((warn_unused_result));
