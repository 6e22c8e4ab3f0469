#include "journal/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "journal/folder.h"

#define LOCK_NAME "lock"

enum { PASSING_TRIES = 300, PASSING_NS = 10 * 1000 * 1000 }; /* 3 s */

/* An OFD lock belongs to the open file: it goes with its last descriptor, and no other open or
 * close of the file by this process lets it go. */
static int set_lock(int fd, int command, short *type)
{
    struct flock lock = {.l_type = *type, .l_whence = SEEK_SET};
    int got = fcntl(fd, command, &lock);
    *type = lock.l_type;
    return got;
}

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

/* Who removes the file lets two hold a lock, each on a file of its own. */
static bool check_same(const struct rb_run *run, int fd, struct rb_error *err)
{
    struct stat held, named;
    if (fstat(fd, &held) != 0 ||
        fstatat(run->dir, LOCK_NAME, &named, AT_SYMLINK_NOFOLLOW) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot look at the lock of %s", run->id);
    if (held.st_ino != named.st_ino || held.st_dev != named.st_dev)
        return rb_fail(err, RB_ERR_LOCKED, "the lock of %s was replaced just now", run->id);
    return true;
}

/* A process that was killed just after it forked a helper leaves the lock with the helper, until
 * that one has closed what it inherited: then the noted holder is dead, and a moment is enough. */
static bool is_passing(int fd)
{
    pid_t holder = holder_of(fd);
    return holder > 0 && kill(holder, 0) != 0 && errno == ESRCH;
}

static int take_lock(int fd)
{
    for (int tries = 0;; tries++) {
        short type = F_WRLCK;
        if (set_lock(fd, F_OFD_SETLK, &type) == 0)
            return 0;
        int why = errno;
        bool held = why == EAGAIN || why == EACCES;
        if (!held || tries == PASSING_TRIES || !is_passing(fd)) {
            errno = why;
            return -1;
        }
        nanosleep(&(struct timespec){.tv_nsec = PASSING_NS}, NULL);
    }
}

bool rb_run_lock(struct rb_run *run, struct rb_error *err)
{
    struct stat st;
    RB_AUTO_CLOSE int fd = -1;
    if (!rb_folder_file(run->dir, LOCK_NAME, O_RDWR, &st, &fd, NULL) &&
        !rb_folder_create(run->dir, LOCK_NAME, 0600, &fd, err))
        return false;
    if (take_lock(fd) != 0) {
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
    short type = F_WRLCK;
    return set_lock(fd, F_OFD_GETLK, &type) == 0 && type != F_UNLCK;
}
