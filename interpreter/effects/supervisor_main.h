#pragma once
/* The process of a supervisor: a poll loop of its own, without the interpreter's. */

/* Becomes the supervisor of the run at `run_dir` for whoever connects to `listener`: closes
 * every other descriptor, serves one interpreter after the other, and ends when none is there
 * and nothing works any more. To be called in a fork, in a session of its own, with all signals
 * blocked.
 *
 * To the interpreter: {"running": [dir...]} at first, then {"settled": dir, "outcome": {...}}.
 * From it: {"run": request}, {"end": dir}, and {"secret": name, "bytes": n} (and "unmasked"),
 * behind which stand n bytes: the value. It is forgotten with the supervisor. */
_Noreturn void rb_supervisor_main(int listener, int run_dir);
