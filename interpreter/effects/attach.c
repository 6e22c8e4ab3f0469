#include "effects/attach.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "effects/clock.h"
#include "effects/frame.h"
#include "effects/notes.h"
#include "effects/supervisor_main.h"
#include "journal/folder.h"

enum { BACKLOG = 16 };

/* It answers within microseconds, unless it was stopped: then it is told to go on, which does no
 * harm to who is only slow, because it writes a large output to a slow disk. Who does not go on is
 * lost like one that was killed, and that is what is done with it. */
static const struct {
    int ms, signal;
} patience[] = {{1000, SIGCONT}, {60000, SIGKILL}, {5000, 0}};

static bool open_socket(int *ret_socket, struct rb_error *err)
{
    *ret_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return *ret_socket >= 0 ||
           rb_fail_errno(err, RB_ERR_IO, "a socket for the supervisor can't be made");
}

static bool connect_to(int run_dir, int *ret_socket, struct rb_error *err)
{
    struct sockaddr_un address = rb_folder_supervisor(run_dir);
    if (!open_socket(ret_socket, err))
        return false;
    if (connect(*ret_socket, (struct sockaddr *)&address, sizeof address) == 0)
        return true;
    rb_fail_errno(err, RB_ERR_IO, "the supervisor can't be reached");
    rb_close_descriptor(ret_socket);
    return false;
}

enum waited { READY, TOO_LONG, INTERRUPTED };

/* Signals that are to end the run are seen and left to their handler. */
static enum waited wait_readable(int fd, int ends, int ms)
{
    struct pollfd polls[] = {{.fd = fd, .events = POLLIN}, {.fd = ends, .events = POLLIN}};
    rb_time until = rb_clock_mono() + ms * RB_MS;
    for (rb_time left; (left = until - rb_clock_mono()) > 0;) {
        int ready = poll(polls, RB_COUNT(polls), (int)(left / RB_MS) + 1);
        if (ready > 0)
            return polls[0].revents ? READY : INTERRUPTED;
    }
    return TOO_LONG;
}

/* A signal that comes while all is well is for the run, once there is a supervisor. */
static enum waited wait_patiently(int fd, int run_dir)
{
    enum waited waited = TOO_LONG;
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, &before);
    int ends = signalfd(-1, &set, SFD_CLOEXEC);
    for (size_t i = 0; i < RB_COUNT(patience) && waited == TOO_LONG; i++) {
        waited = wait_readable(fd, i > 0 ? ends : -1, patience[i].ms);
        if (waited == TOO_LONG && patience[i].signal)
            rb_note_signal_supervisor(run_dir, patience[i].signal);
    }
    if (ends >= 0)
        close(ends);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return waited;
}

/* Sets *ret_running to NULL when nobody greets: it was about to end. */
static bool wait_for_greeting(int fd, int run_dir, const struct rb_value **ret_running,
                              struct rb_error *err)
{
    struct rb_error gone;
    RB_AUTO_VALUE const struct rb_value *greeting = NULL;
    enum waited waited = wait_patiently(fd, run_dir);
    if (waited != READY)
        return rb_fail(err, waited == INTERRUPTED ? RB_ERR_INTERRUPTED : RB_ERR_PROTOCOL,
                       "the supervisor of this run doesn't answer%s",
                       waited == INTERRUPTED ? "; interrupted while waiting for it" : "");
    if (!rb_frame_read(fd, &greeting, &gone))
        greeting = NULL;
    const struct rb_value *running = rb_value_get(greeting, "running");
    *ret_running = rb_value_ref(running);
    return true;
}

/* One that is alive: *ret_socket is -1 when there is none. */
static bool find(int run_dir, int *ret_socket, const struct rb_value **ret_running,
                 struct rb_error *err)
{
    int fd;
    struct rb_error unreachable;
    *ret_socket = -1;
    if (!connect_to(run_dir, &fd, &unreachable)) {
        if (unreachable.sys == ENOENT || unreachable.sys == ECONNREFUSED)
            return true;
        return rb_fail(err, unreachable.code, "%s", unreachable.message);
    }
    bool good = wait_for_greeting(fd, run_dir, ret_running, err);
    if (good && *ret_running)
        *ret_socket = fd;
    else
        close(fd);
    return good;
}

static bool listen_at(int run_dir, int *ret_listener, struct rb_error *err)
{
    struct sockaddr_un address = rb_folder_supervisor(run_dir);
    if (!open_socket(ret_listener, err))
        return false;
    rb_attach_remove(run_dir);
    if (bind(*ret_listener, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(*ret_listener, BACKLOG) == 0)
        return true;
    rb_fail_errno(err, RB_ERR_IO,
                  "the socket of the supervisor can't be made in the run's "
                  "folder");
    rb_close_descriptor(ret_listener);
    return false;
}

/* Twice, so that it is nobody's child: who started it may end, or wait for children of its
 * own. No signal may reach the handlers of the interpreter in the copy. */
static bool fork_supervisor(int listener, int run_dir, struct rb_error *err)
{
    sigset_t all, before;
    int status;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t middle = fork();
    if (middle == 0) {
        setsid();
        pid_t pid = fork();
        if (pid == 0)
            rb_supervisor_main(listener, run_dir);
        _exit(pid < 0 ? errno : 0);
    }
    if (middle < 0)
        rb_fail_errno(err, RB_ERR_IO, "the supervisor can't be started");
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (middle < 0)
        return false;
    while (waitpid(middle, &status, 0) < 0) {
        if (errno != EINTR)
            return rb_fail_errno(err, RB_ERR_IO, "the supervisor can't be started");
    }
    return status == 0 || rb_fail(err, RB_ERR_IO, "the supervisor can't be started: %s",
                                  strerror(WEXITSTATUS(status)));
}

/* We are in the queue before it runs: it never sees a time without an interpreter, in which it
 * would have to end. */
static bool start(int run_dir, int *ret_socket, struct rb_error *err)
{
    RB_AUTO_CLOSE int listener = -1;
    if (!listen_at(run_dir, &listener, err) || !connect_to(run_dir, ret_socket, err))
        return false;
    if (fork_supervisor(listener, run_dir, err))
        return true;
    rb_close_descriptor(ret_socket);
    return false;
}

bool rb_attach(int run_dir, int *ret_socket, const struct rb_value **ret_running,
               struct rb_error *err)
{
    int fd;
    const struct rb_value *running = NULL;
    if (!find(run_dir, &fd, &running, err))
        return false;
    if (fd < 0) {
        if (!start(run_dir, &fd, err))
            return false;
        if (!wait_for_greeting(fd, run_dir, &running, err) || !running) {
            close(fd);
            return running ||
                   rb_fail(err, RB_ERR_PROTOCOL, "the supervisor could not start");
        }
    }
    *ret_socket = fd;
    *ret_running = running;
    return true;
}

void rb_attach_remove(int run_dir)
{
    unlinkat(run_dir, RB_SUPERVISOR_NAME, 0);
}
