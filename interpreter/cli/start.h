#pragma once
/* What holds for the process before anything else. */

#include <stdbool.h>

/* Descriptors 0, 1 and 2 are open (on /dev/null where they were closed), SIGPIPE, SIGUSR1
 * and SIGUSR2 are ignored, no core files, and 64 files may be open. False when that can't be
 * had. */
bool rb_start_process(void);
