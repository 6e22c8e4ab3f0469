#include "journal/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool rb_folder_is_name(const char *name)
{
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (const char *c = name; *c; c++) {
        if (*c == '/' || (unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    }
    return true;
}

/* What openat says about a link depends on what it was to open. */
static bool fail_open(const char *path, struct rb_error *err)
{
    if (errno == ENOENT)
        return rb_fail(err, RB_ERR_NOT_FOUND, "there is no %s", path);
    if (errno == ELOOP || errno == ENOTDIR || errno == ENXIO)
        return rb_fail(err, RB_ERR_RECORD, "%s is a link, or not what it should be", path);
    return rb_fail_errno(err, RB_ERR_IO, "cannot open %s", path);
}

bool rb_folder_make(int dir, const char *path, struct rb_error *err)
{
    if (mkdirat(dir, path, 0700) != 0 || fchmodat(dir, path, 0700, 0) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot create the folder %s", path);
    return true;
}

bool rb_folder_open(int dir, const char *path, int *ret_fd, struct rb_error *err)
{
    RB_AUTO_CLOSE int at = -1;
    for (const char *part = path; *part;) {
        size_t length = strcspn(part, "/");
        RB_AUTO_FREE char *name = rb_strndup(part, length);
        int next = openat(at >= 0 ? at : dir, name,
                          O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0)
            return fail_open(path, err);
        rb_close_descriptor(&at);
        at = next;
        part += length + (part[length] == '/');
    }
    if (at < 0)
        at = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    if (at < 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot open the folder");
    *ret_fd = rb_take_descriptor(&at);
    return true;
}

/* The folder that holds the last part of the path. */
static bool open_parent(int dir, const char *path, const char **ret_name, int *ret_fd,
                        struct rb_error *err)
{
    const char *slash = strrchr(path, '/');
    RB_AUTO_FREE char *parent = rb_strndup(path, slash ? (size_t)(slash - path) : 0);
    *ret_name = slash ? slash + 1 : path;
    return rb_folder_open(dir, parent, ret_fd, err);
}

/* O_NONBLOCK: opening a FIFO must not wait for its other end. */
bool rb_folder_file(int dir, const char *path, int flags, struct stat *ret_stat,
                    int *ret_fd, struct rb_error *err)
{
    const char *name = NULL;
    RB_AUTO_CLOSE int parent = -1;
    if (!open_parent(dir, path, &name, &parent, err))
        return false;
    RB_AUTO_CLOSE int fd =
        openat(parent, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return fail_open(path, err);
    struct stat st;
    if (fstat(fd, &st) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot look at %s", path);
    if (!S_ISREG(st.st_mode))
        return rb_fail(err, RB_ERR_RECORD, "%s is not a regular file", path);
    *ret_stat = st;
    *ret_fd = rb_take_descriptor(&fd);
    return true;
}

bool rb_folder_single_link(const char *name, const struct stat *st, struct rb_error *err)
{
    if (st->st_nlink != 1)
        return rb_fail(
            err, RB_ERR_RECORD,
            "%s is hard-linked: it has %lu names, and could be written by another", name,
            (unsigned long)st->st_nlink);
    return true;
}

struct sockaddr_un rb_folder_supervisor(int run_dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path,
             "/proc/self/fd/%d/" RB_SUPERVISOR_NAME, run_dir);
    return address;
}

bool rb_folder_read_from(int fd, const char *path, off_t start, size_t cap,
                         struct rb_buf *out, struct rb_error *err)
{
    char piece[16 << 10];
    RB_AUTO_BUF struct rb_buf bytes = {0};
    for (ssize_t got;
         (got = pread(fd, piece, sizeof piece, start + (off_t)bytes.length)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return rb_fail_errno(err, RB_ERR_IO, "cannot read %s", path);
        if ((size_t)got > cap - bytes.length)
            return rb_fail(err, RB_ERR_RECORD, "%s is larger than %zu bytes", path, cap);
        rb_buf_append(&bytes, piece, (size_t)got);
    }
    rb_buf_append(out, rb_buf_text(&bytes), bytes.length);
    return true;
}

bool rb_folder_read(int fd, const char *path, size_t cap, struct rb_buf *out,
                    struct rb_error *err)
{
    return rb_folder_read_from(fd, path, 0, cap, out, err);
}

bool rb_folder_create(int dir, const char *path, mode_t mode, int *ret_fd,
                      struct rb_error *err)
{
    const char *name = NULL;
    RB_AUTO_CLOSE int parent = -1;
    if (!open_parent(dir, path, &name, &parent, err))
        return false;
    RB_AUTO_CLOSE int fd =
        openat(parent, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0 || fchmod(fd, mode) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot create %s", path);
    *ret_fd = rb_take_descriptor(&fd);
    return true;
}

bool rb_folder_sync(int dir, const char *path, struct rb_error *err)
{
    RB_AUTO_CLOSE int fd = -1;
    if (!rb_folder_open(dir, path, &fd, err))
        return false;
    if (fsync(fd) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot sync the folder %s", path);
    return true;
}
