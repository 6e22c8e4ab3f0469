#pragma once
/* A secret from what a command prints. It runs in a session of its own and ends, with all that it
 * started, when it is done or its time is up. Nothing but the value is kept of its output. */

#include <uv.h>

#include "base/value.h"

struct rb_vault_command;

/* `what` says what went wrong, or is NULL; the bytes are wiped after the call. */
typedef void rb_vault_command_done(void *context, const char *bytes, size_t length,
                                   const char *what);

/* argv and surroundingsment are those of effects/process.md, cwd may be NULL. `done` is never called
 * at once. */
struct rb_vault_command *rb_vault_command_start(uv_loop_t *loop,
                                                const struct rb_value *argv,
                                                const struct rb_value *surroundings,
                                                const char *cwd,
                                                rb_vault_command_done *done, void *context);
/* Ends it without a word. Accepts NULL. */
void rb_vault_command_end(struct rb_vault_command *command);
