#pragma once
/* Requests to stop: signals, and `runbook cancel` from elsewhere through the run's inbox. */

#include <uv.h>

#include "base/value.h"
#include "journal/store.h"

struct rb_stop;

/* `owned` is the payload of signal.received: {name, level, by, reason}. Level 3: leave now. */
typedef void rb_stop_asked(void *context, const struct rb_value *owned);

struct rb_stop *rb_stop_new(uv_loop_t *loop, const struct rb_run *run,
                            const char *operator_name, rb_stop_asked *asked, void *context);
/* Of a run that has come to an end and can be gone on with: what was asked of it before has been
 * done, or came too late. A rollback may be asked for since. */
void rb_stop_forget(const struct rb_run *run);
/* Takes requests that were left before: once the run is under way. */
void rb_stop_look(struct rb_stop *stop);
/* The loop has to turn once more. Accepts NULL. */
void rb_stop_free(struct rb_stop *stop);

/* Leaves a request to cancel, or to roll back, in the inbox; *ret_level is 1 for the first. */
bool rb_stop_leave(struct rb_run *run, const char *by, const char *reason, bool rollback,
                   int *ret_level, struct rb_error *err) RB_MUST_CHECK;
