#pragma once
/* The program of the Lua worker; see effects/worker.h and effects/job.md. */

int rb_lua_worker(int fd, int run_dir);
