#pragma once
/* Diagnostics on their way out. Each appends to `out` all of `diags`, in the order they have;
 * no byte of a file, a name or a message in it can act on a terminal or end a command. */

#include "base/buf.h"
#include "base/diag.h"

/* For people: message, place, the source line with a caret below, help, and at the end how many
 * there were. Nothing when there are none. */
void rb_diag_render_text(const struct rb_diags *diags, bool colour, struct rb_buf *out);

/* One array of {code, severity, message, help, file, line, column, end_line, end_column, also};
 * null for what is not there. `also` is {label, file, line, column, end_line, end_column}. */
void rb_diag_render_json(const struct rb_diags *diags, struct rb_buf *out);

/* GitHub's workflow commands, one a line (docs.github.com, "Workflow commands"; escapes as in
 * actions/toolkit, packages/core/src/command.ts). */
void rb_diag_render_github(const struct rb_diags *diags, struct rb_buf *out);
