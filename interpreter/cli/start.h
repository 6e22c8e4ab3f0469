#pragma once
/* What holds for the process before anything else. */

#include "base/error.h"

/* Descriptors 0, 1 and 2 are open (on /dev/null where they were closed), no others that the
 * caller left open go on to what is started, SIGPIPE, SIGXFSZ, SIGUSR1 and SIGUSR2 are ignored, no core
 * files, and 64 files may be open. False when that can't be had. */
bool rb_start_process(struct rb_error *err);
