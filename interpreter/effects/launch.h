#pragma once
/* Starting a program: nothing is inherited but what is named here. An error of these functions
 * has the errno in `sys`, and says in a sentence what is missing. */

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/value.h"

/* What all programs of a request have in common. */
struct rb_launch {
    char **env;       /* NULL-terminated */
    const char *path; /* PATH of that environment; NULL: it has none */
    const char *cwd;  /* NULL: ours */
    int folder;       /* cwd, opened; AT_FDCWD: ours */
    int *files;       /* in memory; variables have their paths */
    size_t file_count, file_room;
};

/* Takes over nothing: `env` and `cwd` of the request are borrowed, and the secrets in the
 * environment and in files are copied until rb_launch_done. */
bool rb_launch_init(struct rb_launch *launch, const struct rb_value *request,
                    const struct rb_secrets *secrets, struct rb_error *err) RB_MUST_CHECK;
void rb_launch_done(struct rb_launch *launch);

/* Appends the path of the program: as it is when it holds a '/', else from PATH. */
bool rb_launch_find(const struct rb_launch *launch, const char *program,
                    struct rb_buf *ret_path, struct rb_error *err) RB_MUST_CHECK;

/* In a session of its own, signals as at a login; 0, 1 and 2 are copies of the three, and those of
 * the launch's files are all that it has besides. */
bool rb_launch_start(const struct rb_launch *launch, const char *path,
                     const struct rb_value *argv, const int fds[3], pid_t *ret_pid,
                     struct rb_error *err) RB_MUST_CHECK;
