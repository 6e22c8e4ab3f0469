#include "services.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "trial.h"

enum { WORKERS_MAX = 16, WORD = 16 };

static const char *const kinds[SERVICES] = {NULL, "web", "database"};

/* One end for each worker; the services have the others. */
static int sockets[SERVICES][WORKERS_MAX];
static FILE *answers[SERVICES]; /* to a worker */

static _Noreturn void be_services(const char *repository, enum service kind,
                                  const int *theirs, int workers)
{
    char script[512], numbers[WORKERS_MAX][WORD];
    const char *argv[WORKERS_MAX + 4] = {"python3", script, kinds[kind]};
    snprintf(script, sizeof script, "%s/tests/crash/services.py", repository);
    for (int i = 0; i < workers; i++) {
        fcntl(theirs[i], F_SETFD, 0);
        snprintf(numbers[i], WORD, "%d", theirs[i]);
        argv[3 + i] = numbers[i];
    }
    execv("/usr/bin/python3", (char *const *)argv);
    perror("/usr/bin/python3");
    _exit(127);
}

/* By a process between, so that it is nobody's child to wait for. */
static bool start(const char *repository, enum service kind, int workers)
{
    int theirs[WORKERS_MAX], ends[2];
    for (int i = 0; i < workers; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
            return false;
        sockets[kind][i] = ends[0];
        theirs[i] = ends[1];
    }
    pid_t between = fork();
    if (between == 0) {
        if (fork() == 0)
            be_services(repository, kind, theirs, workers);
        _exit(0);
    }
    for (int i = 0; i < workers; i++)
        close(theirs[i]);
    return between > 0 && waitpid(between, NULL, 0) == between;
}

bool services_start(const char *repository, const char *only, int workers)
{
    bool good = true, started[SERVICES] = {[NO_SERVICE] = true};
    for (int i = 0; i < scene_count; i++) {
        enum service kind = scenes[i].service;
        if (started[kind] || (only && strcmp(only, scenes[i].name) != 0))
            continue;
        started[kind] = true;
        good = start(repository, kind, workers) && good;
    }
    return good;
}

/* A line of the answer to what was asked last, without its end; false after the last one. */
static bool next_line(FILE *from, char *ret_line, int size)
{
    if (!fgets(ret_line, size, from))
        return false;
    ret_line[strcspn(ret_line, "\n")] = '\0';
    return *ret_line != '\0';
}

/* Returns where the answer comes from. */
static FILE *ask(const struct lab *lab, enum service kind, const char *word,
                 const char *rest)
{
    char line[512];
    int fd = sockets[kind][lab->worker];
    int length = snprintf(line, sizeof line, "%s %s\n", word, rest);
    if (!answers[kind])
        answers[kind] = fdopen(fd, "r");
    send(fd, line, (size_t)length, MSG_NOSIGNAL);
    return answers[kind];
}

static void set_variable(char *line)
{
    char *value = strchr(line, '=');
    *value = '\0';
    setenv(line + 1, value + 1, 1);
}

bool service_begin(const struct lab *lab, const struct scene *scene)
{
    char line[512], path[300];
    int lines = 0;
    if (scene->service == NO_SERVICE)
        return true;
    snprintf(path, sizeof path, "%s/params.yaml", lab->world);
    FILE *params = fopen(path, "we");
    if (!params)
        return false;
    FILE *answer = ask(lab, scene->service, "begin", lab->world);
    for (; next_line(answer, line, sizeof line); lines++) {
        if (*line == '$')
            set_variable(line);
        else
            fprintf(params, "%s\n", line);
    }
    return fclose(params) == 0 && lines > 0;
}

/* One that does not say must not count as nothing done. */
static int ask_count(const struct lab *lab, enum service kind, const char *what)
{
    char line[64];
    FILE *answer = ask(lab, kind, "count", what);
    if (!next_line(answer, line, sizeof line)) {
        fprintf(stderr, "crash: the %s does not say how often %s was done\n", kinds[kind],
                what);
        _exit(1);
    }
    int count = (int)strtol(line, NULL, 10);
    next_line(answer, line, sizeof line);
    return count;
}

void service_tell(const struct lab *lab, const struct scene *scene, struct rb_buf *effects)
{
    for (size_t i = 0; i < RB_COUNT(scene->arrivals) && scene->arrivals[i].step; i++) {
        const struct arrival *arrival = &scene->arrivals[i];
        int count = ask_count(lab, scene->service, arrival->what);
        for (int nth = 1; nth <= count; nth++)
            rb_buf_printf(effects, "write\x1f%s.%d\x1f%s\n", arrival->step, nth,
                          arrival->what);
    }
}
