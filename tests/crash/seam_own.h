#pragma once
/* What the wrappers that are written by hand share: the numbers of the calls, the calls
 * themselves, and what one wrapper tells another. */

#include <spawn.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "seam.h"

#define CALL(result, name, class, errors, params, args) CALL_##name,
#define ALLOC(name, params, args)                       CALL_##name,
#define OWN(name, class, errors)                        CALL_##name,
enum {
#include "calls.h"
};
#undef CALL
#undef ALLOC
#undef OWN

/* Declares what the linker calls the wrapped function and its wrapper. */
#define REAL(result, name, ...) result __real_##name(__VA_ARGS__)
#define WRAPPED(result, name, ...)   \
    REAL(result, name, __VA_ARGS__); \
    result __wrap_##name(__VA_ARGS__)

WRAPPED(int, openat64, int dir, const char *path, int flags, ...);
WRAPPED(int, open64, const char *path, int flags, ...);
WRAPPED(int, fcntl64, int fd, int command, ...);
WRAPPED(ssize_t, write, int fd, const void *bytes, size_t size);
WRAPPED(ssize_t, pwrite64, int fd, const void *bytes, size_t size, off_t at);
WRAPPED(int, ftruncate64, int fd, off_t size);
WRAPPED(int, posix_fallocate64, int fd, off_t at, off_t size);
WRAPPED(int, fsync, int fd);
WRAPPED(int, fdatasync, int fd);
WRAPPED(int, renameat, int from, const char *path, int to, const char *new_path);
WRAPPED(int, unlinkat, int dir, const char *path, int flags);
WRAPPED(int, mkdirat, int dir, const char *path, mode_t mode);
WRAPPED(int, mkdir, const char *path, mode_t mode);
WRAPPED(int, fchmod, int fd, mode_t mode);
WRAPPED(int, clock_gettime, clockid_t clock, struct timespec *ret_time);
WRAPPED(pid_t, fork, void);
WRAPPED(int, posix_spawn, pid_t *ret_pid, const char *path,
        const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
        char *const argv[], char *const env[]);
REAL(int, fstat64, int fd, struct stat *ret_stat);
REAL(int, fstatat64, int dir, const char *path, struct stat *ret_stat, int flags);
REAL(int, memfd_create, const char *name, unsigned flags);
REAL(off_t, lseek64, int fd, off_t at, int whence);

/* A folder was made, or was there: its name is that of the step whose programs come next. */
void seam_note_folder(const char *name);
/* A file was made: when it is the note of a start, what comes next is a write. */
void seam_note_start(const char *name);
/* A file was given this name, or lost it: with the note of an end, or without that of its start,
 * a write is under way no more. */
void seam_note_end(const char *name, bool gone);
