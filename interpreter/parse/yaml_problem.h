#pragma once
/* What libyaml stumbles over, in words that help. */

#include <yaml.h>

#include "base/diag.h"

/* The place of one character. */
struct rb_span rb_yaml_point(const struct rb_source *source, yaml_mark_t mark);

/* Diagnoses the error at which the parser stopped. */
void rb_yaml_problem(const yaml_parser_t *parser, const struct rb_source *source,
                     struct rb_diags *diags);

/* A tab that stands outside of a value. */
void rb_yaml_tab(struct rb_span span, struct rb_diags *diags);
