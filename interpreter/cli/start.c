#include "cli/start.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* Of libuv's loop, the journal, its helpers and what they hand on. libuv ends the process where
 * it can't have what it needs, so the lack has to be found before. */
static const rlim_t DESCRIPTORS = 64;

static bool may_open_enough(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
        return true;
    limit.rlim_cur = DESCRIPTORS;
    return limit.rlim_max >= DESCRIPTORS && setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

bool rb_start_process(void)
{
    int fd;
    if (!may_open_enough())
        return false;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= 2);
    if (fd < 0)
        return false;
    close(fd);
    signal(SIGPIPE, SIG_IGN);
    /* Nobody means the end of a run by them; they come from who asks for progress or new logs. */
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    return true;
}
