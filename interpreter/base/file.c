#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Appends to `out` until the end of the file. */
static bool read_to_end(int fd, const char *path, size_t cap, struct rb_buf *out,
                        struct rb_error *err)
{
    char piece[16 << 10];
    size_t total = 0;
    for (;;) {
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return rb_fail_errno(err, RB_ERR_IO, "cannot read %s", path);
        if (got == 0)
            return true;
        total += (size_t)got;
        if (total > cap)
            return rb_fail(err, RB_ERR_INVALID, "%s is larger than %zu bytes", path, cap);
        rb_buf_append(out, piece, (size_t)got);
    }
}

bool rb_file_read(int dir_fd, const char *path, size_t cap, struct rb_buf *out,
                  struct rb_error *err)
{
    /* Without O_NONBLOCK the open of a FIFO would wait for its writer. */
    RB_AUTO_CLOSE int fd =
        openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return rb_fail_errno(err, errno == ENOENT ? RB_ERR_NOT_FOUND : RB_ERR_IO,
                             "cannot open %s", path);
    struct stat info;
    if (fstat(fd, &info) < 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot examine %s", path);
    if (!S_ISREG(info.st_mode))
        return rb_fail(err, RB_ERR_INVALID, "%s is not a regular file", path);

    RB_AUTO_BUF struct rb_buf bytes = {0};
    if (!read_to_end(fd, path, cap, &bytes, err))
        return false;
    rb_buf_append(out, bytes.data, bytes.length);
    return true;
}

bool rb_file_write_all(int fd, const void *bytes, size_t length, struct rb_error *err)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t put = write(fd, at, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return rb_fail_errno(err, RB_ERR_IO, "cannot write");
        at += put;
        length -= (size_t)put;
    }
    return true;
}

/* Makes the name `path` itself durable. */
static bool sync_folder(int dir_fd, const char *path, struct rb_error *err)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
    RB_AUTO_FREE char *folder = slash ? rb_strndup(path, length) : rb_strdup(".");
    RB_AUTO_CLOSE int fd = openat(dir_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot sync the folder of %s", path);
    return true;
}

bool rb_file_create(int dir_fd, const char *path, const void *bytes, size_t length,
                    bool durable, struct rb_error *err)
{
    RB_AUTO_CLOSE int fd =
        openat(dir_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot create %s", path);
    bool ok = rb_file_write_all(fd, bytes, length, err);
    if (!ok)
        rb_error_prefix(err, "%s", path);
    if (ok && durable && fsync(fd) < 0)
        ok = rb_fail_errno(err, RB_ERR_IO, "cannot sync %s", path);
    if (ok && durable)
        ok = sync_folder(dir_fd, path, err);
    if (!ok)
        unlinkat(dir_fd, path, 0);
    return ok;
}

bool rb_file_replace(int dir_fd, const char *path, const void *bytes, size_t length,
                     struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf temporary = {0};
    rb_buf_printf(&temporary, "%s.tmp", path);
    /* One may be left from a crash, or be a link that leads elsewhere. */
    if (unlinkat(dir_fd, temporary.data, 0) < 0 && errno != ENOENT)
        return rb_fail_errno(err, RB_ERR_IO, "cannot remove %s", temporary.data);
    if (!rb_file_create(dir_fd, temporary.data, bytes, length, false, err))
        return false;
    if (renameat(dir_fd, temporary.data, dir_fd, path) == 0)
        return true;
    rb_fail_errno(err, RB_ERR_IO, "cannot rename %s to %s", temporary.data, path);
    unlinkat(dir_fd, temporary.data, 0);
    return false;
}
