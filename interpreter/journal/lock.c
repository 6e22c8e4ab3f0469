#include "journal/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/folder.h"
#include "journal/ofd.h"
#include "journal/store_inner.h"

#define LOCK_NAME "lock"

/* The file says who holds the lock, for the message of whoever does not get it. */
static pid_t holder_of(int fd)
{
    char text[24] = "";
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    return got > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static bool fail_held(const struct rb_run *run, int fd, struct rb_error *err)
{
    long pid = holder_of(fd);
    if (pid <= 0)
        return rb_fail(err, RB_ERR_LOCKED, "another process is at work on %s", run->id);
    return rb_fail(err, RB_ERR_LOCKED, "process %ld is at work on %s", pid, run->id);
}

/* As wide as any pid, so that it needs no truncation, nor room on a full disk. What counts is the
 * lock: that its holder could not be noted is no reason to fail. */
static void sign(int fd)
{
    char pid[24];
    int length = snprintf(pid, sizeof pid, "%10ld\n", (long)getpid());
    ssize_t put = pwrite(fd, pid, (size_t)length, 0);
    (void)put;
}

static bool check_same(const struct rb_run *run, int fd, struct rb_error *err)
{
    if (rb_ofd_is_named(fd, run->dir, LOCK_NAME))
        return true;
    if (errno == ESTALE)
        return rb_fail(err, RB_ERR_LOCKED, "the lock of %s was replaced just now", run->id);
    return rb_fail_errno(err, RB_ERR_IO, "cannot look at the lock of %s", run->id);
}

static bool open_file(const struct rb_run *run, int *ret_fd, struct rb_error *err)
{
    struct stat st;
    struct rb_error why = {0};
    if (rb_folder_file(run->dir, LOCK_NAME, O_RDWR, &st, ret_fd, &why))
        return true;
    if (why.code == RB_ERR_NOT_FOUND)
        return rb_folder_create(run->dir, LOCK_NAME, 0600, ret_fd, err);
    if (err)
        *err = why;
    return rb_error_prefix(err, "run %s", run->id);
}

bool rb_run_lock(struct rb_run *run, struct rb_error *err)
{
    RB_AUTO_CLOSE int fd = -1;
    if (!rb_run_check_folders(run, err) || !open_file(run, &fd, err))
        return false;
    if (!rb_ofd_take(fd, holder_of, false)) {
        if (errno == EAGAIN || errno == EACCES)
            return fail_held(run, fd, err);
        return rb_fail_errno(err, RB_ERR_IO, "cannot lock %s", run->path);
    }
    if (!check_same(run, fd, err))
        return false;
    sign(fd);
    run->lock = rb_take_descriptor(&fd);
    return true;
}

bool rb_run_is_live(const struct rb_run *run)
{
    struct stat st;
    RB_AUTO_CLOSE int fd = -1;
    if (!rb_folder_file(run->dir, LOCK_NAME, O_RDONLY, &st, &fd, NULL))
        return false;
    return rb_ofd_is_held(fd);
}
