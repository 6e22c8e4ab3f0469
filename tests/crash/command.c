#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "seam_own.h"
#include "trial.h"

/* main() of the program, by the name that the build gives it here. */
int runbook_main(int argc, char **argv);

enum { LONGEST_MS = 60000, WORDS_MAX = 20 };

static void open_as(int fd, const char *path, int flags)
{
    int opened = open(path, flags | O_CLOEXEC, 0600);
    if (opened < 0 || dup2(opened, fd) < 0)
        _exit(98);
    close(opened);
}

static _Noreturn void be_program(const struct lab *lab, const char *const *words)
{
    char *argv[WORDS_MAX] = {"runbook"}, path[512];
    int argc = 1;
    for (; words[argc - 1] && argc < WORDS_MAX - 1; argc++)
        argv[argc] = rb_strdup(words[argc - 1]);
    open_as(0, "/dev/null", O_RDONLY);
    snprintf(path, sizeof path, "%s/out", lab->world);
    open_as(1, path, O_WRONLY | O_CREAT | O_APPEND);
    snprintf(path, sizeof path, "%s/err", lab->world);
    open_as(2, path, O_WRONLY | O_CREAT | O_APPEND);
    snprintf(path, sizeof path, "%s/bin:/usr/bin:/bin", lab->world);
    setenv("PATH", path, 1);
    setenv("HOME", lab->world, 1);
    unsetenv("SLACK_WEBHOOK");
    if (chdir(lab->repository) != 0)
        _exit(98);
    seam_enter();
    exit(runbook_main(argc, argv));
}

static void aim(const struct fault *fault)
{
    seam->fault = fault ? *fault : (struct fault){0};
    seam->hit = 0;
    seam->dead = false;
    atomic_flag_clear(&seam->lock);
    memset(seam->count, 0, sizeof seam->count);
    memset(seam->allocated, 0, sizeof seam->allocated);
}

static int wait_for(pid_t pid)
{
    int status, fd = pidfd_open(pid, 0);
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    while (poll(&ended, 1, LONGEST_MS) < 0 && errno == EINTR)
        continue;
    close(fd);
    if (!ended.revents)
        kill(pid, SIGABRT);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int command_run(const struct lab *lab, const struct fault *fault, const char *const *words)
{
    aim(fault);
    fflush(NULL);
    pid_t pid = __real_fork();
    if (pid == 0)
        be_program(lab, words);
    return wait_for(pid);
}

/* A helper is a fork of ours, and no other program. */
static bool is_helper(pid_t pid)
{
    char path[64], theirs[512] = "", ours[512] = "";
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    return readlink("/proc/self/exe", ours, sizeof ours - 1) > 0 &&
           readlink(path, theirs, sizeof theirs - 1) > 0 && strcmp(ours, theirs) == 0;
}

/* What is left is ours: we are the reaper of all below us. Returns how many were killed. */
static size_t kill_children(bool helpers_only)
{
    char path[64], *at, *end;
    RB_AUTO_BUF struct rb_buf text = {0};
    char piece[4096];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (ssize_t got; (got = read(fd, piece, sizeof piece)) > 0;)
        rb_buf_append(&text, piece, (size_t)got);
    close(fd);
    size_t count = 0;
    for (at = text.data; at && *at; at = end) {
        pid_t pid = (pid_t)strtol(at, &end, 10);
        if (end == at)
            break;
        if (helpers_only && !is_helper(pid))
            continue;
        kill(pid, SIGKILL);
        count++;
    }
    return count;
}

void command_kill_all(void)
{
    while (kill_children(false) > 0) {
        while (waitpid(-1, NULL, 0) > 0)
            continue;
    }
}

void command_kill_helpers(void)
{
    while (kill_children(true) > 0) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
    }
}

bool command_wait_all(void)
{
    enum { STEP_US = 500 };
    for (int waited = 0; waited < LONGEST_MS * 1000; waited += STEP_US) {
        pid_t got = waitpid(-1, NULL, WNOHANG);
        if (got < 0)
            return true;
        if (got == 0)
            usleep(STEP_US);
    }
    command_kill_all();
    return false;
}
