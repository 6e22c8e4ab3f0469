#pragma once
/* The process of a Lua worker: a fork of the interpreter that keeps nothing of it but a socket
 * and the folder of the run. */

#include <sys/types.h>

#include "base/error.h"
#include "effects/worker.h"

struct rb_worker_process {
    pid_t pid; /* 0: none */
    int fd;    /* our end of the socket; -1: given away or none */
};

bool rb_worker_process_start(rb_worker_main *main, int run_dir,
                             struct rb_worker_process *ret_process,
                             struct rb_error *err) RB_MUST_CHECK;
/* Kills it, reaps it, closes our end. Accepts one that never started. */
void rb_worker_process_end(struct rb_worker_process *process);
