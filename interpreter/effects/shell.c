#include "effects/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "effects/clock.h"
#include "effects/launch.h"

struct rb_shell {
    uv_signal_t child;
    int tty;
    pid_t pid; /* of its process group too; 0: it has ended */
    bool stands;
    rb_time began;
    rb_shell_ended *ended;
    void *context;
};

/* Whoever is not in the foreground is stopped for it, unless the signal is blocked. */
static void give_terminal(int tty, pid_t group)
{
    sigset_t stop, before;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTTOU);
    sigprocmask(SIG_BLOCK, &stop, &before);
    tcsetpgrp(tty, group);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* A job of the shell may have it, whose shell is no more. The one that began us may have it too, if
 * it took it: that one is not to be robbed. */
static void take_terminal(int tty)
{
    if (tcgetpgrp(tty) != getsid(0))
        give_terminal(tty, getpgrp());
}

/* Nobody else would make it go on: whoever was to see that it stopped has to see the question. */
void rb_shell_tend(struct rb_shell *shell)
{
    if (!shell->stands || shell->pid == 0)
        return;
    if (tcgetpgrp(shell->tty) == getpgrp())
        give_terminal(shell->tty, shell->pid);
    if (tcgetpgrp(shell->tty) != shell->pid)
        return;
    shell->stands = false;
    kill(-shell->pid, SIGCONT);
}

static void died(uv_signal_t *handle, int number)
{
    struct rb_shell *shell = handle->data;
    int status;
    (void)number;
    if (shell->pid == 0 || waitpid(shell->pid, &status, WNOHANG | WUNTRACED) != shell->pid)
        return;
    if (WIFSTOPPED(status)) {
        shell->stands = true;
        rb_shell_tend(shell);
        return;
    }
    shell->pid = 0;
    take_terminal(shell->tty);
    RB_AUTO_VALUE const struct rb_value *outcome =
        rb_value_map("exit", WIFEXITED(status) ? rb_value_int(WEXITSTATUS(status)) : NULL,
                     "signal", WIFSIGNALED(status) ? rb_value_int(WTERMSIG(status)) : NULL,
                     "duration_us", rb_value_int(rb_clock_mono() - shell->began), NULL);
    shell->ended(shell->context, outcome);
}

/* What the child needs, made ready before it is forked off. */
struct start {
    struct rb_launch launch;
    struct rb_buf path;
    int tty, failed; /* where it says why it could not begin */
    pid_t parent;
};

/* It ends with the interpreter: whoever has the terminal then, and an interactive shell that takes it once
 * more when it ends, would leave that one without. */
static bool take_place(const struct start *start)
{
    bool good = setpgid(0, 0) == 0 && tcsetpgrp(start->tty, getpid()) == 0 &&
                prctl(PR_SET_PDEATHSIG, SIGHUP) == 0 && getppid() == start->parent &&
                (!start->launch.cwd || fchdir(start->launch.folder) == 0) &&
                close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) == 0;
    for (int fd = 0; good && fd < 3; fd++)
        good = dup2(start->tty, fd) == fd;
    return good;
}

/* Signals are blocked until here, also the one for whoever is not in the foreground. */
static _Noreturn void be_shell(const struct start *start)
{
    char *const argv[] = {start->path.data, NULL};
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    bool good = take_place(start);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (good)
        execve(start->path.data, argv, start->launch.env);
    int code = errno;
    ssize_t written = write(start->failed, &code, sizeof code);
    _exit(written == sizeof code ? 127 : 126);
}

static bool has_begun(pid_t pid, int pipe, const char *path, struct rb_error *err)
{
    int code = 0;
    ssize_t length;
    while ((length = read(pipe, &code, sizeof code)) < 0 && errno == EINTR)
        continue;
    if (length <= 0)
        return true;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return rb_fail(err, RB_ERR_IO, "%s can't be executed: %s", path, strerror(code));
}

static bool fork_off(struct start *start, pid_t *ret_pid, struct rb_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return rb_fail_errno(err, RB_ERR_IO, "a pipe for the shell can't be made");
    RB_AUTO_CLOSE int ours = ends[0], theirs = ends[1];
    sigset_t all, mask;
    sigfillset(&all);
    start->failed = theirs;
    start->parent = getpid();
    sigprocmask(SIG_SETMASK, &all, &mask);
    pid_t pid = fork();
    if (pid == 0)
        be_shell(start);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    rb_close_descriptor(&theirs);
    theirs = -1;
    if (pid < 0)
        return rb_fail_errno(err, RB_ERR_IO, "a process for the shell can't be made");
    if (!has_begun(pid, ours, rb_buf_text(&start->path), err))
        return false;
    *ret_pid = pid;
    return true;
}

static bool launch(const struct rb_value *request, pid_t *ret_pid, struct rb_error *err)
{
    static const struct rb_secrets none;
    struct start start = {0};
    /* Anew: ours is one that does not block. */
    RB_AUTO_CLOSE int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (tty < 0)
        return rb_fail_errno(err, RB_ERR_IO, "the terminal can't be opened");
    if (!rb_launch_init(&start.launch, request, &none, err))
        return false;
    start.tty = tty;
    const char *program = rb_value_get_text(request, "shell", "");
    bool good = rb_launch_find(&start.launch, program, &start.path, err) &&
                fork_off(&start, ret_pid, err);
    rb_buf_done(&start.path);
    rb_launch_done(&start.launch);
    return good;
}

bool rb_shell_start(uv_loop_t *loop, int tty, const struct rb_value *request,
                    rb_shell_ended *ended, void *context, struct rb_shell **ret_shell,
                    struct rb_error *err)
{
    struct rb_shell *shell = rb_alloc(sizeof *shell);
    shell->tty = tty;
    shell->ended = ended;
    shell->context = context;
    shell->began = rb_clock_mono();
    shell->child.data = shell;
    uv_signal_init(loop, &shell->child);
    uv_signal_start(&shell->child, died, SIGCHLD);
    if (launch(request, &shell->pid, err)) {
        *ret_shell = shell;
        return true;
    }
    shell->pid = 0;
    take_terminal(tty);
    rb_shell_free(shell);
    return false;
}

void rb_shell_hang_up(struct rb_shell *shell)
{
    if (shell->pid == 0)
        return;
    kill(-shell->pid, SIGHUP);
    kill(-shell->pid, SIGCONT);
}

static void closed(uv_handle_t *handle)
{
    free(handle->data);
}

void rb_shell_free(struct rb_shell *shell)
{
    if (!shell)
        return;
    if (shell->pid > 0)
        take_terminal(shell->tty);
    uv_close((uv_handle_t *)&shell->child, closed);
}
