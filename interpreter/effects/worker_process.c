#include "effects/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

/* Descriptors of the worker: its socket, the folder of the run, and above them the few that
 * it opens to read a blob. */
enum { SOCKET = 3, RUN_DIR = 4, FIRST_FREE = 5, DESCRIPTORS = 16 };

/* The handlers of the interpreter write to descriptors that are no longer ours. */
static void reset_signals(void)
{
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
}

/* Both may stand where the other is to go. */
static bool place_descriptors(int socket, int run_dir)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int s = fcntl(socket, F_DUPFD_CLOEXEC, DESCRIPTORS);
    int d = run_dir < 0 ? -1 : fcntl(run_dir, F_DUPFD_CLOEXEC, DESCRIPTORS);
    if (null < 0 || s < 0 || (run_dir >= 0 && d < 0))
        return false;
    for (int fd = 0; fd < SOCKET; fd++) {
        if (fd != null && dup2(null, fd) < 0)
            return false;
    }
    if (dup3(s, SOCKET, O_CLOEXEC) < 0 || (d >= 0 && dup3(d, RUN_DIR, O_CLOEXEC) < 0))
        return false;
    return close_range(d >= 0 ? FIRST_FREE : RUN_DIR, ~0u, 0) == 0;
}

static bool set_limits(void)
{
    const struct rlimit none = {0, 0}, few = {DESCRIPTORS, DESCRIPTORS};
    return setrlimit(RLIMIT_CORE, &none) == 0 && setrlimit(RLIMIT_NOFILE, &few) == 0;
}

/* A session of its own, so that Ctrl-C at the terminal and its hang-up are not for us. */
static _Noreturn void be_worker(rb_worker_main *main, int socket, int run_dir, pid_t parent,
                                const sigset_t *mask)
{
    reset_signals();
    setsid();
    bool good = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
                place_descriptors(socket, run_dir) && set_limits();
    sigprocmask(SIG_SETMASK, mask, NULL);
    _exit(good ? main(SOCKET, run_dir < 0 ? -1 : RUN_DIR) : 1);
}

bool rb_worker_process_start(rb_worker_main *main, int run_dir,
                             struct rb_worker_process *ret_process, struct rb_error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot make a socket for the Lua worker");
    RB_AUTO_CLOSE int ours = ends[0], theirs = ends[1];
    sigset_t all, mask, none;
    sigfillset(&all);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &all, &mask);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        be_worker(main, theirs, run_dir, parent, &none);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (pid < 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot start the Lua worker");
    *ret_process = (struct rb_worker_process){pid, rb_take_descriptor(&ours)};
    return true;
}

void rb_worker_process_end(struct rb_worker_process *process)
{
    if (process->pid > 0) {
        kill(process->pid, SIGKILL);
        while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    rb_close_descriptor(&process->fd);
    *process = (struct rb_worker_process){0, -1};
}
