#pragma once
/* Locks on files that belong to the open file: such a lock goes with its last descriptor, and no
 * other open or close of the file by this process lets it go (fcntl(2), open file description
 * locks). */

#include <stdbool.h>
#include <sys/types.h>

/* Who is noted in the file as the holder of its lock; 0: nobody. */
typedef pid_t rb_ofd_holder(int fd);

/* Takes the write lock of an open file. A holder that was killed may leave it for a moment to a
 * helper it had just forked: while the noted holder is dead, or nobody is noted where `noted`
 * says that a holder notes himself, it is tried again for 3 s. False with errno; EAGAIN or
 * EACCES: somebody holds it. */
bool rb_ofd_take(int fd, rb_ofd_holder *holder, bool noted);
/* Does somebody hold it? */
bool rb_ofd_is_held(int fd);
/* Is the open file still what the name in the folder stands for? Who removes a file lets two
 * hold a lock, each on a file of its own. False with errno; ESTALE: it is another. */
bool rb_ofd_is_named(int fd, int dir, const char *name);
