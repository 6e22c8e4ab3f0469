#pragma once
/* The lines of a file, one after the other, in bounded memory whatever the file holds. */

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct rb_lines {
    int fd;         /* borrowed; read by position */
    int64_t offset; /* of the next line */
    int64_t size;   /* where reading ends, whatever was appended since */
    size_t max;     /* bytes of a line; a longer one is not loaded */
    struct rb_buf buf;
    size_t used; /* bytes of buf that were given out */
};

enum rb_lines_found {
    RB_LINES_LINE,
    RB_LINES_END,
    RB_LINES_TORN, /* what is left has no newline, or is nothing but zeros */
    RB_LINES_TOO_LONG,
    RB_LINES_FAILED, /* *err: it could not be read */
};

/* Reads from `offset`, the start of a line, to `size`. */
void rb_lines_init(struct rb_lines *lines, int fd, int64_t offset, int64_t size,
                   size_t max);
void rb_lines_done(struct rb_lines *lines);

/* The line without its newline, borrowed until the next call; the offset then stands behind it. */
enum rb_lines_found rb_lines_next(struct rb_lines *lines, const char **ret_line,
                                  size_t *ret_length, struct rb_error *err);

/* No line holds a NUL. A power cut may keep what was written later and lose what was written
 * before it: then zeros stand there, and not a single one. */
bool rb_lines_has_hole(const char *line, size_t length);
