#pragma once
/* Files that decide what is done, when somebody else may have written them. */

#include "base/error.h"

/* False when others can change the file at `path`, or put another in its place: anyone can
 * write to it, or to a folder on the way to it, from the root on and through every link; where such
 * a folder is sticky, as /tmp is, what the way goes through there has to be the caller's own or
 * root's. A file of another user in a folder where only he can write is his, and fine. What only a
 * group can write, as a checkout under umask 002, is its own business. A path with no
 * regular file is left to whoever reads it. RB_ERR_INVALID. */
bool rb_trust_file(const char *path, struct rb_error *err) RB_MUST_CHECK;

/* The same for a file that says who may approve, `what` in the message: a group can neither write
 * it nor put another in its place. RB_ERR_INVALID. */
bool rb_trust_file_of_one(const char *path, const char *what,
                          struct rb_error *err) RB_MUST_CHECK;
