#include "journal/ofd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

enum { PASSING_TRIES = 300, PASSING_NS = 10 * 1000 * 1000 }; /* 3 s */

static int set_lock(int fd, int command, short *type)
{
    struct flock lock = {.l_type = *type, .l_whence = SEEK_SET};
    int got = fcntl(fd, command, &lock);
    *type = lock.l_type;
    return got;
}

static bool is_passing(int fd, rb_ofd_holder *holder, bool noted)
{
    pid_t pid = holder(fd);
    if (pid <= 0)
        return noted;
    return kill(pid, 0) != 0 && errno == ESRCH;
}

bool rb_ofd_take(int fd, rb_ofd_holder *holder, bool noted)
{
    for (int tries = 0;; tries++) {
        short type = F_WRLCK;
        if (set_lock(fd, F_OFD_SETLK, &type) == 0)
            return true;
        int why = errno;
        bool held = why == EAGAIN || why == EACCES;
        if (!held || tries == PASSING_TRIES || !is_passing(fd, holder, noted)) {
            errno = why;
            return false;
        }
        nanosleep(&(struct timespec){.tv_nsec = PASSING_NS}, NULL);
    }
}

bool rb_ofd_is_held(int fd)
{
    short type = F_WRLCK;
    return set_lock(fd, F_OFD_GETLK, &type) == 0 && type != F_UNLCK;
}

bool rb_ofd_is_named(int fd, int dir, const char *name)
{
    struct stat held, named;
    if (fstat(fd, &held) != 0 || fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (held.st_ino == named.st_ino && held.st_dev == named.st_dev)
        return true;
    errno = ESTALE;
    return false;
}
