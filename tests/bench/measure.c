/* measure FILE PROGRAM [ARGUMENT...]: runs a program and writes one line about it to FILE:
 *
 *     start_ns elapsed_ns cpu_us maxrss_kb others_maxrss_kb status
 *
 * The start is of CLOCK_MONOTONIC; the elapsed time ends with the program, the rest counts
 * with all that it left behind (a supervisor outlives its interpreter by a moment).
 * A driver in Python can't do this: the peak memory of a child begins at that of its parent. */

#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static int64_t now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * INT64_C(1000000000) + at.tv_nsec;
}

static int64_t cpu_of(const struct rusage *use)
{
    return (use->ru_utime.tv_sec + use->ru_stime.tv_sec) * INT64_C(1000000) +
           use->ru_utime.tv_usec + use->ru_stime.tv_usec;
}

int main(int argc, char **argv)
{
    pid_t program, ended;
    if (argc < 3 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        return 2;
    int64_t start = now(), elapsed = 0, cpu = 0;
    long own = 0, others = 0;
    int status = 0, how;
    struct rusage use;
    if (posix_spawnp(&program, argv[2], NULL, NULL, argv + 2, environ) != 0)
        return 2;
    while ((ended = wait4(-1, &how, 0, &use)) > 0) {
        cpu += cpu_of(&use);
        if (ended == program) {
            elapsed = now() - start;
            own = use.ru_maxrss;
            status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
        } else if (use.ru_maxrss > others) {
            others = use.ru_maxrss;
        }
    }
    FILE *file = fopen(argv[1], "we");
    if (!file || fprintf(file, "%" PRId64 " %" PRId64 " %" PRId64 " %ld %ld %d\n", start,
                         elapsed, cpu, own, others, status) < 0)
        return 2;
    return fclose(file) == 0 ? 0 : 2;
}
