/* The calls that change the disk, and what is noted of each. */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "seam_own.h"

/* The folder that the last part of the path is in. */
static uint64_t parent_of(int dir, const char *path, char ret_name[96])
{
    char parent[512];
    struct stat st = {0};
    const char *slash = strrchr(path, '/');
    snprintf(ret_name, 96, "%s", slash ? slash + 1 : path);
    snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path) : 1,
             slash ? path : ".");
    return __real_fstatat64(dir, parent[0] ? parent : "/", &st, 0) == 0 ? st.st_ino : 0;
}

static uint64_t node_at(int dir, const char *path)
{
    struct stat st = {0};
    return __real_fstatat64(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_ino : 0;
}

static struct disk_op of_file(enum disk_op_kind kind, int fd)
{
    struct stat st = {0};
    struct disk_op op = {.kind = kind};
    if (__real_fstat64(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
        op.node = st.st_ino;
    op.offset = st.st_size;
    op.folder = S_ISDIR(st.st_mode);
    return op;
}

static int fail(int error)
{
    errno = error;
    return -1;
}

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* A machine that was started anew has another. */
static int open_boot_id(void)
{
    int fd = __real_memfd_create("boot_id", MFD_CLOEXEC);
    if (fd >= 0 && __real_write(fd, seam->boot, strlen(seam->boot)) > 0)
        __real_lseek64(fd, 0, SEEK_SET);
    return fd;
}

static int open_watched(int dir, const char *path, int flags, mode_t mode)
{
    struct disk_op op = {.kind = DISK_CREATE};
    bool is_new = false;
    if (seam->fake_boot && strcmp(path, BOOT_ID) == 0)
        return open_boot_id();
    if (!(flags & O_CREAT))
        return __real_openat64(dir, path, flags, mode);
    seam_lock();
    op.dir = parent_of(dir, path, op.name);
    is_new = node_at(dir, path) == 0;
    int fd = __real_openat64(dir, path, flags, mode);
    if (fd >= 0 && is_new) {
        op.node = of_file(DISK_CREATE, fd).node;
        op.offset = mode;
        disk_note(&op, NULL);
        seam_note_start(op.name);
    }
    seam_unlock();
    return fd;
}

int __wrap_openat64(int dir, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    int error = seam_gate(CALL_openat64);
    if (error > 0)
        return fail(error);
    return seam_is_watched() ? open_watched(dir, path, flags, mode)
                             : __real_openat64(dir, path, flags, mode);
}

int __wrap_open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    int error = seam_gate(CALL_open64);
    if (error > 0)
        return fail(error);
    return seam_is_watched() ? open_watched(AT_FDCWD, path, flags, mode)
                             : __real_open64(path, flags, mode);
}

/* Every command that is used here has an int or a pointer behind it, or nothing. */
int __wrap_fcntl64(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    bool locks = command == F_OFD_SETLK || command == F_OFD_SETLKW;
    int error = locks ? seam_gate(CALL_fcntl64) : 0;
    return error > 0 ? fail(error) : __real_fcntl64(fd, command, argument);
}

static ssize_t note_write(int fd, const void *bytes, ssize_t put, int64_t at)
{
    struct disk_op op = of_file(DISK_WRITE, fd);
    op.offset = at;
    op.length = put > 0 ? (size_t)put : 0;
    if (op.node && op.length > 0)
        disk_note(&op, bytes);
    return put;
}

/* Half of it, when the test cuts writes short. */
static size_t cut(int verdict, size_t size)
{
    bool half = verdict == SEAM_SHORT || verdict == SEAM_TORN;
    return half && size > 1 ? size / 2 : size;
}

/* After the half that was written the disk takes nothing more. */
static void tear(int verdict)
{
    if (verdict != SEAM_TORN)
        return;
    seam->fault.kind = FAULT_ERROR;
    seam->fault.error = EIO;
    seam->fault.for_ever = true;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    int verdict = seam_gate(CALL_write);
    if (verdict > 0)
        return fail(verdict);
    if (!seam_is_watched())
        return __real_write(fd, bytes, size);
    seam_lock();
    struct disk_op before = of_file(DISK_WRITE, fd);
    bool appends = __real_fcntl64(fd, F_GETFL, NULL) & O_APPEND;
    int64_t at = appends ? before.offset : __real_lseek64(fd, 0, SEEK_CUR);
    ssize_t put = note_write(fd, bytes, __real_write(fd, bytes, cut(verdict, size)), at);
    tear(verdict);
    seam_unlock();
    return put;
}

ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
    int verdict = seam_gate(CALL_pwrite64);
    if (verdict > 0)
        return fail(verdict);
    if (!seam_is_watched())
        return __real_pwrite64(fd, bytes, size, at);
    seam_lock();
    ssize_t put =
        note_write(fd, bytes, __real_pwrite64(fd, bytes, cut(verdict, size), at), at);
    tear(verdict);
    seam_unlock();
    return put;
}

/* Makes a call on a descriptor, and notes what it did. */
#define NOTED(fd, op_kind, value, call)           \
    do {                                          \
        if (!seam_is_watched())                   \
            return call;                          \
        seam_lock();                              \
        struct disk_op op = of_file(op_kind, fd); \
        int got = call;                           \
        op.offset = value;                        \
        if (got == 0 && op.node)                  \
            disk_note(&op, NULL);                 \
        seam_unlock();                            \
        return got;                               \
    } while (0)

int __wrap_ftruncate64(int fd, off_t size)
{
    int error = seam_gate(CALL_ftruncate64);
    if (error > 0)
        return fail(error);
    NOTED(fd, DISK_SIZE, size, __real_ftruncate64(fd, size));
}

int __wrap_posix_fallocate64(int fd, off_t at, off_t size)
{
    int error = seam_gate(CALL_posix_fallocate64);
    if (error > 0)
        return error;
    NOTED(fd, DISK_SIZE, at + size, __real_posix_fallocate64(fd, at, size));
}

int __wrap_fchmod(int fd, mode_t mode)
{
    int error = seam_gate(CALL_fchmod);
    if (error > 0)
        return fail(error);
    NOTED(fd, DISK_MODE, mode, __real_fchmod(fd, mode));
}

/* The real one would only take time: what a power cut leaves is worked out from the log. */
static int sync_watched(int fd)
{
    NOTED(fd, DISK_SYNC, 0, 0);
}

int __wrap_fsync(int fd)
{
    int verdict = seam_gate(CALL_fsync);
    if (verdict > 0)
        return fail(verdict);
    return verdict == SEAM_LIE ? 0
           : seam_is_watched() ? sync_watched(fd)
                               : __real_fsync(fd);
}

int __wrap_fdatasync(int fd)
{
    int verdict = seam_gate(CALL_fdatasync);
    if (verdict > 0)
        return fail(verdict);
    return verdict == SEAM_LIE ? 0
           : seam_is_watched() ? sync_watched(fd)
                               : __real_fdatasync(fd);
}

int __wrap_renameat(int from, const char *path, int to, const char *new_path)
{
    int error = seam_gate(CALL_renameat);
    if (error > 0)
        return fail(error);
    if (!seam_is_watched())
        return __real_renameat(from, path, to, new_path);
    seam_lock();
    struct disk_op op = {.kind = DISK_RENAME, .node = node_at(from, path)};
    op.old_dir = parent_of(from, path, op.old_name);
    op.dir = parent_of(to, new_path, op.name);
    int got = __real_renameat(from, path, to, new_path);
    if (got == 0) {
        disk_note(&op, NULL);
        seam_note_end(op.name, false);
    }
    seam_unlock();
    return got;
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
    int error = seam_gate(CALL_unlinkat);
    if (error > 0)
        return fail(error);
    if (!seam_is_watched())
        return __real_unlinkat(dir, path, flags);
    seam_lock();
    struct disk_op op = {.kind = DISK_UNLINK, .node = node_at(dir, path)};
    op.dir = parent_of(dir, path, op.name);
    int got = __real_unlinkat(dir, path, flags);
    if (got == 0) {
        disk_note(&op, NULL);
        seam_note_end(op.name, true);
    }
    seam_unlock();
    return got;
}

static int make_folder(int dir, const char *path, mode_t mode)
{
    seam_lock();
    struct disk_op op = {.kind = DISK_CREATE, .folder = true, .offset = mode};
    op.dir = parent_of(dir, path, op.name);
    int got = __real_mkdirat(dir, path, mode);
    op.node = got == 0 ? node_at(dir, path) : 0;
    if (got == 0)
        disk_note(&op, NULL);
    seam_note_folder(op.name);
    seam_unlock();
    return got;
}

int __wrap_mkdirat(int dir, const char *path, mode_t mode)
{
    int error = seam_gate(CALL_mkdirat);
    if (error > 0)
        return fail(error);
    return seam_is_watched() ? make_folder(dir, path, mode)
                             : __real_mkdirat(dir, path, mode);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    int error = seam_gate(CALL_mkdir);
    if (error > 0)
        return fail(error);
    return seam_is_watched() ? make_folder(AT_FDCWD, path, mode) : __real_mkdir(path, mode);
}
