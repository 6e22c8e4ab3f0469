#pragma once
/* Source text with lines, and spans into it. */

#include <stddef.h>

#define RB_SOURCE_MAX (16u << 20) /* bytes of a file that an author writes */

struct rb_source {
    const char *path; /* as the user named it */
    const char *text; /* NUL-terminated */
    size_t length;
    const size_t *lines; /* byte offset of the start of each line */
    int line_count;
};

/* A place: lines and columns count from 1; columns count code points. `end` is one past the
 * last; zero line means "no place". */
struct rb_span {
    const struct rb_source *source;
    int line, column, end_line, end_column;
};

struct rb_arena;

/* Copies path and text into the arena and indexes the lines. */
struct rb_source *rb_source_new(struct rb_arena *arena, const char *path, const char *text,
                                size_t length);
/* The text of a line without its newline (LF or CR LF); *ret_length in bytes. Line from 1;
 * NULL past the end. */
const char *rb_source_line(const struct rb_source *source, int line, size_t *ret_length);
/* Line and column of a byte offset. */
void rb_source_locate(const struct rb_source *source, size_t offset, int *ret_line,
                      int *ret_column);
/* The byte offset of a line and column (clamped to the text). */
size_t rb_source_offset(const struct rb_source *source, int line, int column);
