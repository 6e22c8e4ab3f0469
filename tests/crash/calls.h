/* Every call by which the program touches disk, clock, chance, processes and memory. The linker
 * puts a wrapper in front of each (meson.build reads the names here), in which a test counts it,
 * fails it, ends the process, or notes what it changed; test_shape.py holds that nothing touches
 * the world by a call that isn't here.
 *
 *   CALL(result, name, class, errors, parameters, arguments)   wrapped as seam.c does with all
 *   CODE(...)   the same of a call that returns its error instead of setting errno
 *   ALLOC(name, parameters, arguments)    an allocation, counted apart from the others
 *   OWN(name, class, errors)    wrapped by hand in seam_disk.c or seam_process.c
 *
 * The errors are what the manual page of the call lists, as far as it can happen here. */

OWN(openat64, CHANGES, ERRORS(EIO, EMFILE, ENOSPC))
OWN(open64, READS, ERRORS(EIO, EMFILE))
OWN(fcntl64, READS, ERRORS(ENOLCK))
OWN(write, CHANGES, ERRORS(EIO, ENOSPC, EINTR))
OWN(pwrite64, CHANGES, ERRORS(EIO, ENOSPC, EINTR))
OWN(ftruncate64, CHANGES, ERRORS(EIO))
OWN(posix_fallocate64, CHANGES, ERRORS(ENOSPC))
OWN(fsync, SYNCS, ERRORS(EIO))
OWN(fdatasync, SYNCS, ERRORS(EIO))
OWN(renameat, CHANGES, ERRORS(EIO, ENOSPC))
OWN(unlinkat, CHANGES, ERRORS(EIO))
OWN(mkdirat, CHANGES, ERRORS(EIO, ENOSPC))
OWN(mkdir, CHANGES, ERRORS(EIO, ENOSPC))
OWN(fchmod, CHANGES, ERRORS(EIO))
CALL(int, fchmodat, READS, ERRORS(EIO), (int dir, const char *path, mode_t mode, int flags),
     (dir, path, mode, flags))
CALL(int, chmod, READS, ERRORS(EIO), (const char *path, mode_t mode), (path, mode))
CALL(ssize_t, read, READS, ERRORS(EIO, EINTR), (int fd, void *bytes, size_t size),
     (fd, bytes, size))
CALL(ssize_t, pread64, READS, ERRORS(EIO, EINTR),
     (int fd, void *bytes, size_t size, off_t at), (fd, bytes, size, at))
CALL(int, fstat64, READS, ERRORS(EIO), (int fd, struct stat *st), (fd, st))
CALL(int, fstatat64, READS, ERRORS(EIO),
     (int dir, const char *path, struct stat *st, int flags), (dir, path, st, flags))
CALL(int, faccessat, READS, ERRORS(EIO), (int dir, const char *path, int mode, int flags),
     (dir, path, mode, flags))
CALL(ssize_t, readlink, READS, ERRORS(EACCES, ENOENT),
     (const char *path, char *target, size_t size), (path, target, size))
CALL(off_t, lseek64, READS, ERRORS(EINVAL), (int fd, off_t at, int whence),
     (fd, at, whence))
CALL(int, sync_file_range, READS, ERRORS(EIO),
     (int fd, off_t at, off_t count, unsigned flags), (fd, at, count, flags))
CALL(int, memfd_create, READS, ERRORS(ENOMEM, EMFILE), (const char *name, unsigned flags),
     (name, flags))
CALL(void *, dlopen, READS, NONE, (const char *name, int flags), (name, flags))

OWN(clock_gettime, CLOCK, NONE)
CALL(int, nanosleep, CLOCK, ERRORS(EINTR),
     (const struct timespec *time, struct timespec *left), (time, left))
CALL(int, timerfd_create, CLOCK, ERRORS(EMFILE), (int clock, int flags), (clock, flags))
CALL(int, timerfd_settime, CLOCK, NONE,
     (int fd, int flags, const struct itimerspec *at, struct itimerspec *old),
     (fd, flags, at, old))
CALL(int, getentropy, CHANCE, ERRORS(EIO), (void *bytes, size_t size), (bytes, size))

OWN(fork, HELPERS, ERRORS(EAGAIN, ENOMEM))
OWN(posix_spawn, HELPERS, ERRORS(EAGAIN, ENOMEM))
CALL(pid_t, waitpid, HELPERS, ERRORS(EINTR), (pid_t pid, int *status, int flags),
     (pid, status, flags))
CALL(int, pipe2, HELPERS, ERRORS(EMFILE), (int ends[2], int flags), (ends, flags))
CALL(int, socket, HELPERS, ERRORS(EMFILE), (int family, int type, int protocol),
     (family, type, protocol))
CALL(int, socketpair, HELPERS, ERRORS(EMFILE),
     (int family, int type, int protocol, int ends[2]), (family, type, protocol, ends))
CALL(int, bind, HELPERS, ERRORS(EADDRINUSE, ENOSPC),
     (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size))
CALL(int, listen, HELPERS, ERRORS(EADDRINUSE), (int fd, int backlog), (fd, backlog))
CALL(int, connect, HELPERS, ERRORS(ECONNREFUSED),
     (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size))
CALL(int, accept4, HELPERS, ERRORS(EMFILE),
     (int fd, struct sockaddr *address, socklen_t *size, int flags),
     (fd, address, size, flags))
CALL(ssize_t, send, HELPERS, ERRORS(EPIPE, EINTR),
     (int fd, const void *bytes, size_t size, int flags), (fd, bytes, size, flags))
CALL(ssize_t, recv, HELPERS, ERRORS(ECONNRESET, EINTR),
     (int fd, void *bytes, size_t size, int flags), (fd, bytes, size, flags))
CALL(int, poll, HELPERS, ERRORS(EINTR), (struct pollfd * polls, nfds_t count, int ms),
     (polls, count, ms))
CALL(int, signalfd, HELPERS, ERRORS(EMFILE), (int fd, const sigset_t *set, int flags),
     (fd, set, flags))

CALL(void *, mmap64, MEMORY, ERRORS(ENOMEM),
     (void *at, size_t size, int rights, int flags, int fd, off_t offset),
     (at, size, rights, flags, fd, offset))
ALLOC(malloc, (size_t size), (size))
ALLOC(calloc, (size_t count, size_t size), (count, size))
ALLOC(realloc, (void *old, size_t size), (old, size))
