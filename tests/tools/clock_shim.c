/* For tests: clocks that are moved by a file, which $CLOCK_SHIM names: two numbers of seconds, by which
 * the wall clock and the one since the boot (CLOCK_BOOTTIME) are ahead. Both together: the machine slept.
 * Built with gcc -shared and preloaded. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long ahead(clockid_t clock)
{
    const char *path = getenv("CLOCK_SHIM");
    char text[64] = "";
    long wall = 0, boot = 0;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof text - 1) > 0)
        sscanf(text, "%ld %ld", &wall, &boot);
    close(fd);
    return clock == CLOCK_REALTIME ? wall : boot;
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
    int result = (int)syscall(SYS_clock_gettime, clock, ts);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME))
        ts->tv_sec += ahead(clock);
    return result;
}
