#include "cli/start.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* Of libuv's loop, the journal, its helpers and what they hand on. libuv ends the process where
 * it can't have what it needs, so the lack has to be found before. */
enum { DESCRIPTORS = 64 };

static bool may_open_enough(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
        return true;
    limit.rlim_cur = DESCRIPTORS;
    return limit.rlim_max >= DESCRIPTORS && setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static bool fail_to_open(struct rb_error *err)
{
    return rb_fail(err, RB_ERR_USAGE,
                   "too few files may be open here, nothing was done; it needs %d: "
                   "ulimit -n %d",
                   DESCRIPTORS, DESCRIPTORS);
}

bool rb_start_process(struct rb_error *err)
{
    int fd;
    if (!may_open_enough())
        return fail_to_open(err);
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= 2);
    if (fd < 0)
        return fail_to_open(err);
    close(fd);
    /* What the caller left open is nobody's whom we start: nothing of ours is open yet. */
    if (close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot keep what is open from programs");
    signal(SIGPIPE, SIG_IGN);
    /* Where a file may not grow (ulimit -f), the write fails. */
    signal(SIGXFSZ, SIG_IGN);
    /* Nobody means the end of a run by them; they come from who asks for progress or new logs. */
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    return true;
}
