/* The calls that start processes, and the clock. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "seam_own.h"

static char step[96];
static bool is_write;

void seam_note_folder(const char *name)
{
    snprintf(step, sizeof step, "%s", name);
    is_write = false;
}

void seam_note_start(const char *name)
{
    bool starts = strcmp(name, "started") == 0;
    is_write |= starts;
    seam->under_way += starts;
}

void seam_note_end(const char *name, bool gone)
{
    seam->under_way -= strcmp(name, gone ? "started" : "exit") == 0;
}

pid_t __wrap_fork(void)
{
    int error = seam_gate(CALL_fork);
    if (error > 0) {
        errno = error;
        return -1;
    }
    pid_t pid = __real_fork();
    if (pid == 0)
        seam_enter_child();
    return pid;
}

/* "write|read STEP ARGUMENT ARGUMENT...", the parts of it divided by unit separators. */
static void note_spawn(char *const argv[])
{
    char line[1024];
    size_t length =
        (size_t)snprintf(line, sizeof line, "%s\x1f%s", is_write ? "write" : "read", step);
    for (int i = 0; argv[i] && length < sizeof line; i++) {
        length += (size_t)snprintf(line + length, sizeof line - length, "\x1f%s", argv[i]);
    }
    if (length >= sizeof line)
        length = sizeof line - 1;
    for (size_t i = 0; i < length; i++)
        line[i] = line[i] == '\n' ? ' ' : line[i];
    line[length++] = '\n';
    size_t at = seam->spawned;
    if (at + length > SPAWNS_MAX)
        return;
    memcpy(seam->spawns + at, line, length);
    seam->spawned = at + length;
}

int __wrap_posix_spawn(pid_t *ret_pid, const char *path,
                       const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const argv[],
                       char *const env[])
{
    int error = seam_gate(CALL_posix_spawn);
    if (error > 0)
        return error;
    if (!seam_is_watched())
        return __real_posix_spawn(ret_pid, path, actions, attributes, argv, env);
    /* Noted first: who is killed right after the start can't note it any more. */
    size_t before = seam->spawned;
    seam_lock();
    note_spawn(argv);
    seam_unlock();
    int got = __real_posix_spawn(ret_pid, path, actions, attributes, argv, env);
    if (got != 0)
        seam->spawned = before;
    return got;
}

/* A jump of the day's clock; what measures time goes on as ever. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    static const time_t jump = 2L * 60 * 60;
    if (clock == CLOCK_REALTIME)
        seam_gate(CALL_clock_gettime);
    int got = __real_clock_gettime(clock, ret_time);
    if (clock == CLOCK_REALTIME && seam_is_watched() && seam->fault.kind == FAULT_CLOCK &&
        seam->hit)
        ret_time->tv_sec += jump;
    return got;
}
