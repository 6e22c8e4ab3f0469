#pragma once
/* Typed scalars: what a plain `no`, `1.10` or `010` is, the field that it stands in decides
 * (language, rule 6). `what` names the field in messages. Each function diagnoses what does not
 * fit and then returns false; a broken node it passes over in silence. */

#include "base/duration.h"
#include "base/value.h"
#include "parse/node.h"

/* Is the node of this kind? Else says so; `what` is "a step". */
bool rb_scalar_kind(const struct rb_yaml_node *node, enum rb_node_kind kind,
                    const char *what, struct rb_diags *diags);
/* The same for a field; `name` is "timeout". */
bool rb_scalar_field(const struct rb_yaml_node *node, enum rb_node_kind kind,
                     const char *name, struct rb_diags *diags);

/* Any text but an empty plain one; `${{` has no meaning in it and is refused. */
bool rb_scalar_text(const struct rb_yaml_node *node, const char *what,
                    struct rb_diags *diags, const char **ret_text);
bool rb_scalar_bool(const struct rb_yaml_node *node, const char *what,
                    struct rb_diags *diags, bool *ret_flag);
bool rb_scalar_int(const struct rb_yaml_node *node, const char *what, int64_t min,
                   int64_t max, struct rb_diags *diags, int64_t *ret_number);
bool rb_scalar_number(const struct rb_yaml_node *node, const char *what,
                      struct rb_diags *diags, double *ret_number);
bool rb_scalar_duration(const struct rb_yaml_node *node, const char *what,
                        struct rb_diags *diags, rb_time *ret_span);
/* A duration that is not 0s. */
bool rb_scalar_span(const struct rb_yaml_node *node, const char *what,
                    struct rb_diags *diags, rb_time *ret_span);
/* One of the words, which end with NULL; *ret_index is its place among them. */
bool rb_scalar_word(const struct rb_yaml_node *node, const char *what,
                    const char *const *words, struct rb_diags *diags, int *ret_index);

/* What names are made of: of steps and items (a-z, 0-9, - and _), of what Lua writes after a dot
 * (letters, digits, _, no keyword), of environment variables (the same, keywords as well). */
enum rb_name_kind { RB_NAME_ID, RB_NAME_LUA, RB_NAME_ENV };
bool rb_scalar_name(const struct rb_yaml_node *node, enum rb_name_kind kind,
                    const char *what, struct rb_diags *diags);

/* Where no field says the type: true, false, null, decimal numbers, and text. What YAML's
 * versions or a reader could take for something else (`yes`, `1.10`, `0x1F`) is an error. */
bool rb_scalar_free(const struct rb_yaml_node *node, struct rb_diags *diags,
                    const struct rb_value **ret_value);

/* The same rules on plain text. */
bool rb_scalar_parse_int(const char *text, int64_t *ret_number);
bool rb_scalar_parse_number(const char *text, double *ret_number);
/* A number that gives its text back: 0.5 does, 1.10 could be a version. */
bool rb_scalar_parse_fraction(const char *text, double *ret_number);
