#pragma once
/* What the programs of a step would do with its values. */

#include "parse/draft.h"

/* Diagnoses values of `run`, `exec`, `pipe`, `stdin` and `env` that a program would read as source
 * (parse/shell_sink.h). For a step of which everything is read. */
void rb_shell_step(struct rb_compiler *c, const struct rb_draft *draft);

/* Is the text of a value, or of a secret, part of this one, or of one of this list? Numbers, and
 * texts of the file, don't count. */
bool rb_shell_step_varies(const struct rb_compiler *c, const struct rb_value *value);
