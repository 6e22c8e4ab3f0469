#include "render/tty.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"

/* A signal handler has no other way to know. */
static volatile sig_atomic_t taken_fd = -1, draws;
static struct termios before;
static pid_t owner; /* helpers are forked off with all of this, and own no terminal */
static int opened_fd = -1;

void rb_terminal_restore(void)
{
    static const char show_cursor[] = "\033[?2026l\033[?25h";
    int fd = taken_fd, error = errno;
    if (fd < 0 || getpid() != owner)
        return;
    taken_fd = -1;
    tcsetattr(fd, TCSANOW, &before);
    ssize_t written = draws ? write(fd, show_cursor, sizeof show_cursor - 1) : 0;
    (void)written;
    errno = error;
}

static void crashed(int number)
{
    rb_terminal_restore();
    raise(number); /* the default action: SA_RESETHAND */
}

void rb_tty_open(int fd)
{
    static const int crashes[] = {SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    if (tcgetattr(fd, &before) != 0)
        return;
    opened_fd = fd;
    owner = getpid();
    (void)at_quick_exit(rb_terminal_restore); /* out of memory */
    struct sigaction action = {.sa_handler = crashed, .sa_flags = (int)SA_RESETHAND};
    for (size_t i = 0; i < RB_COUNT(crashes); i++)
        sigaction(crashes[i], &action, NULL);
}

bool rb_tty_is_ours(int fd)
{
    pid_t foreground = tcgetpgrp(fd);
    return foreground < 0 || foreground == getpgrp();
}

bool rb_tty_take(int fd, bool lines)
{
    if (fd != opened_fd || !rb_tty_is_ours(fd))
        return false;
    struct termios modes = before;
    if (!lines) {
        modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON);
        modes.c_iflag &= ~(tcflag_t)IXON; /* Ctrl-S would hold up the run */
        modes.c_cc[VMIN] = 1;
        modes.c_cc[VTIME] = 0;
    }
    draws = !lines;
    taken_fd = fd;
    return tcsetattr(fd, TCSANOW, &modes) == 0;
}

void rb_tty_hide(int fd, bool hidden)
{
    struct termios modes;
    if (fd != taken_fd || draws || tcgetattr(fd, &modes) != 0)
        return;
    modes.c_lflag &= ~(tcflag_t)ECHO;
    if (!hidden)
        modes.c_lflag |= before.c_lflag & ECHO;
    tcsetattr(fd, TCSANOW, &modes);
}

void rb_tty_discard_input(int fd)
{
    tcflush(fd, TCIFLUSH);
}
