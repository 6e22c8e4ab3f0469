#pragma once
/* Parameters that a user gives, typed and held against what the plan declares. */

#include "base/diag.h"
#include "plan/plan.h"

/* One of `-p name=value`, or a member of the file given with --params. */
struct rb_param_text {
    const char *name, *text;
    const char *const *items; /* of a list in a file, NULL-terminated; then no text */
    const char *origin;       /* "-p version=…", "params.yaml:3", for messages */
};

/* Every parameter that is unknown, missing, of the wrong type, outside its pattern, values or
 * bounds is one diagnostic (RB06xx) that says what it should have been. *ret_params is a map
 * with a value for each declared parameter. Text is read by the declared type: a list from
 * "a,b" or YAML flow; a duration stays its text. Of a name that is given more than once the
 * last counts (the command line stands after the file); twice on the command line is a
 * mistake. */
bool rb_params_resolve(const struct rb_plan *plan, const struct rb_param_text *given,
                       int count, struct rb_diags *diags,
                       const struct rb_value **ret_params);

/* A YAML file of name: value for --params. All of it lives in the arena. */
bool rb_params_read(struct rb_arena *arena, const char *path, const char *text,
                    size_t length, struct rb_diags *diags, struct rb_param_text **ret_given,
                    int *ret_count);
