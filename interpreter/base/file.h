#pragma once
/* Files: whole reads with a cap, exact writes, durable creation. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* Appends a regular file (nothing else: a FIFO or device is refused) of at most `cap`
 * bytes. dir_fd may be AT_FDCWD. */
bool rb_file_read(int dir_fd, const char *path, size_t cap, struct rb_buf *out,
                  struct rb_error *err) RB_MUST_CHECK;
/* Writes all bytes, through EINTR and short writes. */
bool rb_file_write_all(int fd, const void *bytes, size_t length,
                       struct rb_error *err) RB_MUST_CHECK;
/* Creates path (fails if it exists) with mode 0600 and these bytes; when `durable`, file
 * and folder are synced. A file that could not be written whole is taken away again. */
bool rb_file_create(int dir_fd, const char *path, const void *bytes, size_t length,
                    bool durable, struct rb_error *err) RB_MUST_CHECK;
/* Writes path.tmp, renames over path; not synced. */
bool rb_file_replace(int dir_fd, const char *path, const void *bytes, size_t length,
                     struct rb_error *err) RB_MUST_CHECK;
