#pragma once
/* Workflow commands of GitHub Actions:
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions */

#include "base/buf.h"

/* "::error title=migrate::exit code 3", a whole line; `title` may be NULL. */
void rb_github_command(struct rb_buf *out, const char *name, const char *title,
                       const char *text);
