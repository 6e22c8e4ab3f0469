#pragma once
/* Files and folders of a run. What is there may be hostile: no link is followed in any part of a
 * path, and what is not a regular file is not opened. What is made is for its owner alone,
 * whatever the umask. Paths are relative, with folders separated by '/'. */

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/error.h"

#define RB_JOURNAL_NAME "journal.jsonl"
/* Where the supervisor of the run listens while it lives (effects/attach.h). */
#define RB_SUPERVISOR_NAME "supervisor.sock"
/* That place, by way of the folder's descriptor, which has to stay open: a path of a socket has at
 * most 108 bytes. */
struct sockaddr_un rb_folder_supervisor(int run_dir);

/* One part of a path: no '/', not "." or "..", no control characters. */
bool rb_folder_is_name(const char *name);

/* Makes a folder, 0700; RB_ERR_IO with sys EEXIST when there is something of that name. */
bool rb_folder_make(int dir, const char *path, struct rb_error *err) RB_MUST_CHECK;
bool rb_folder_open(int dir, const char *path, int *ret_fd,
                    struct rb_error *err) RB_MUST_CHECK;
/* Opens an existing regular file. RB_ERR_NOT_FOUND, or RB_ERR_RECORD for what is not one. */
bool rb_folder_file(int dir, const char *path, int flags, struct stat *ret_stat,
                    int *ret_fd, struct rb_error *err) RB_MUST_CHECK;
/* Fails where other names lead to the file too, so that it could be written behind our back. */
bool rb_folder_single_link(const char *name, const struct stat *st,
                           struct rb_error *err) RB_MUST_CHECK;
/* Reads all of it, at most `cap` bytes; or what stands from `start` on, in bytes. */
bool rb_folder_read_from(int fd, const char *path, off_t start, size_t cap,
                         struct rb_buf *out, struct rb_error *err) RB_MUST_CHECK;
bool rb_folder_read(int fd, const char *path, size_t cap, struct rb_buf *out,
                    struct rb_error *err) RB_MUST_CHECK;
/* Creates a file that must not exist, open for reading and writing. */
bool rb_folder_create(int dir, const char *path, mode_t mode, int *ret_fd,
                      struct rb_error *err) RB_MUST_CHECK;
/* Makes the names in the folder durable; "" is `dir` itself. */
bool rb_folder_sync(int dir, const char *path, struct rb_error *err) RB_MUST_CHECK;
