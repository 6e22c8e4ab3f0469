#pragma once
/* A shell for a person, in the foreground of a terminal and in a process group of its own: what the keys
 * of the terminal say is for it, and for nobody else. */

#include <uv.h>

#include "base/error.h"
#include "base/value.h"

struct rb_shell;

/* `outcome` (borrowed) is {exit or signal, duration_us}. The terminal is ours again, and the shell
 * is to be freed. */
typedef void rb_shell_ended(void *context, const struct rb_value *outcome);

/* Starts the program `shell` of the request with its `env` and in its `cwd`, on the terminal `tty`, which
 * stays the caller's. An error says in a sentence what is missing; then the terminal is as it was. */
bool rb_shell_start(uv_loop_t *loop, int tty, const struct rb_value *request,
                    rb_shell_ended *ended, void *context, struct rb_shell **ret_shell,
                    struct rb_error *err) RB_MUST_CHECK;
/* Sees to it that it goes on where it stands still although we have the terminal: to be called now
 * and then. */
void rb_shell_tend(struct rb_shell *shell);
/* Its terminal is gone, or so it is told. */
void rb_shell_hang_up(struct rb_shell *shell);
/* One that is still there is left to itself, without the terminal. The loop has to turn once more. Accepts
 * NULL. */
void rb_shell_free(struct rb_shell *shell);
