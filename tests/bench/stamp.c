/* stamp FILE: notes when it runs, in nanoseconds of CLOCK_MONOTONIC. The first effect of a
 * runbook that is timed from its start. */

#include <stdio.h>
#include <time.h>

int main(int argc, char **argv)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    FILE *file = argc == 2 ? fopen(argv[1], "we") : NULL;
    if (!file || fprintf(file, "%lld%09ld\n", (long long)at.tv_sec, at.tv_nsec) < 0)
        return 2;
    return fclose(file) == 0 ? 0 : 2;
}
