#pragma once
/* The modes of the controlling terminal: no echo and no line discipline while a run is shown, so
 * that what is typed does not tear the picture; signals from keys stay on. */

#include <stdbool.h>

/* Remembers the modes that `fd` has now, and sees to it that a crash (QUIT, ABRT, SEGV, BUS,
 * FPE, ILL, no more memory) puts them back. One terminal a process. */
void rb_tty_open(int fd);
/* Takes the terminal, where this process is in its foreground; false where it is not. In
 * `lines` mode the terminal edits and echoes lines itself. */
bool rb_tty_take(int fd, bool lines);
/* In `lines` mode too what is typed is not echoed, until it may be again. */
void rb_tty_hide(int fd, bool hidden);
bool rb_tty_is_ours(int fd); /* in the foreground? */
/* Throws away what was typed and not read. */
void rb_tty_discard_input(int fd);

/* Puts the modes and the cursor back. Safe in a signal handler, and to be called at any time. */
void rb_terminal_restore(void);
