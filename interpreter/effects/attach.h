#pragma once
/* Reaching the supervisor of a run by its socket, supervisor.sock in the run's folder. */

#include "base/error.h"
#include "base/value.h"

/* The one that is alive, else a new one. *ret_running: the folders of the requests that it has
 * under way, a new reference. When this returns, all that an earlier interpreter had sent is
 * noted as started or will never be. RB_ERR_INTERRUPTED: it did not answer, and a signal came that
 * is to end the run. */
bool rb_attach(int run_dir, int *ret_socket, const struct rb_value **ret_running,
               struct rb_error *err) RB_MUST_CHECK;

/* When nothing is under way any more, so that the next one needn't knock at a closed door. */
void rb_attach_remove(int run_dir);
