/* floor_step WHAT COUNT FILE: what a durable step can't cost less than. WHAT is any of
 *
 *     t  spawn /bin/true and wait for it
 *     h  the same with `sh -c true`
 *     s  append a line to FILE and sync it, before the program is spawned */

#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* About as long as the line of an event. */
static const char line[] =
    "{\"d\":{\"attempt\":1,\"class\":\"write\",\"req\":\"sha256:"
    "0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef\",\"step\":\"s1\"},\"mono\":4889490032,\"seq\":3}\n";

static bool sync_line(int file)
{
    ssize_t length = sizeof line - 1;
    return write(file, line, (size_t)length) == length && fdatasync(file) == 0;
}

static bool spawn(char *const *argv)
{
    pid_t pid;
    int status;
    return posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) == 0 &&
           waitpid(pid, &status, 0) == pid && status == 0;
}

int main(int argc, char **argv)
{
    static char *const program[] = {"/bin/true", NULL};
    static char *const shell[] = {"/bin/sh", "-c", "true", NULL};
    if (argc != 4)
        return 2;
    const char *what = argv[1];
    int file = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    bool good = file >= 0;
    for (long left = strtol(argv[2], NULL, 10); left > 0 && good; left--) {
        good = (!strchr(what, 's') || sync_line(file)) &&
               (!strchr(what, 't') || spawn(program)) &&
               (!strchr(what, 'h') || spawn(shell));
    }
    return good ? 0 : 1;
}
