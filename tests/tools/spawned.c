/* Preloaded: a line in $SPAWNED for each program that this process starts, its words divided by unit
 * separators. Only a process of the program itself has that variable, never what it starts. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int spawner(pid_t *, const char *, const posix_spawn_file_actions_t *,
                    const posix_spawnattr_t *, char *const[], char *const[]);

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const argv[], char *const env[])
{
    char line[4096];
    size_t length = 0;
    const char *file = getenv("SPAWNED");
    for (int i = 0; argv[i] && length < sizeof line - 1; i++)
        length += (size_t)snprintf(line + length, sizeof line - length, "%s%s",
                                   i ? "\x1f" : "", argv[i]);
    length = length < sizeof line - 1 ? length : sizeof line - 1;
    for (size_t i = 0; i < length; i++)
        line[i] = line[i] == '\n' ? ' ' : line[i];
    line[length++] = '\n';
    int fd = file ? open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) {
        (void)!write(fd, line, length);
        close(fd);
    }
    return ((spawner *)dlsym(RTLD_NEXT, "posix_spawn"))(pid, path, actions, attributes,
                                                        argv, env);
}
