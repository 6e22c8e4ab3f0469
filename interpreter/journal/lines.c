#include "journal/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 << 10 };

void rb_lines_init(struct rb_lines *lines, int fd, int64_t offset, int64_t size, size_t max)
{
    *lines = (struct rb_lines){.fd = fd, .offset = offset, .size = size, .max = max};
}

void rb_lines_done(struct rb_lines *lines)
{
    rb_buf_done(&lines->buf);
}

/* Reads up to `length` bytes at `offset`: 0 only at an error. */
static size_t read_at(int fd, char *bytes, size_t length, int64_t offset,
                      struct rb_error *err)
{
    for (;;) {
        ssize_t got = pread(fd, bytes, length, offset);
        if (got > 0)
            return (size_t)got;
        if (got == 0)
            rb_fail(err, RB_ERR_IO, "the file became shorter while it was read");
        else if (errno == EINTR)
            continue;
        else
            rb_fail_errno(err, RB_ERR_IO, "cannot read");
        return 0;
    }
}

static bool fill(struct rb_lines *lines, struct rb_error *err)
{
    char chunk[CHUNK];
    rb_buf_drop(&lines->buf, lines->used);
    lines->used = 0;
    int64_t at = lines->offset + (int64_t)lines->buf.length;
    int64_t left = lines->size - at;
    size_t want = left < CHUNK ? (size_t)left : CHUNK;
    size_t got = read_at(lines->fd, chunk, want, at, err);
    rb_buf_append(&lines->buf, chunk, got);
    return got > 0;
}

static bool all_zero(const char *bytes, size_t length)
{
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

/* A file system may leave zeros where a crash cut off what was appended: is that all there is
 * behind the first `max` bytes? */
static enum rb_lines_found judge_long(struct rb_lines *lines, struct rb_error *err)
{
    struct rb_buf *buf = &lines->buf;
    int64_t at = lines->offset + (int64_t)buf->length;
    bool zero = all_zero(buf->data + lines->max, buf->length - lines->max);
    char chunk[CHUNK];
    while (zero && at < lines->size) {
        int64_t left = lines->size - at;
        size_t want = left < (int64_t)sizeof chunk ? (size_t)left : sizeof chunk;
        size_t got = read_at(lines->fd, chunk, want, at, err);
        if (got == 0)
            return RB_LINES_FAILED;
        zero = all_zero(chunk, got);
        at += (int64_t)got;
    }
    return zero ? RB_LINES_TORN : RB_LINES_TOO_LONG;
}

enum rb_lines_found rb_lines_next(struct rb_lines *lines, const char **ret_line,
                                  size_t *ret_length, struct rb_error *err)
{
    size_t looked = 0;
    for (;;) {
        size_t held = lines->buf.length - lines->used;
        const char *line = rb_buf_text(&lines->buf) + lines->used;
        const char *end = memchr(line + looked, '\n', held - looked);
        size_t length = end ? (size_t)(end - line) : held;
        if (length > lines->max)
            return judge_long(lines, err);
        if (end) {
            *ret_line = line;
            *ret_length = length;
            lines->used += length + 1;
            lines->offset += (int64_t)length + 1;
            return RB_LINES_LINE;
        }
        if (lines->offset + (int64_t)held == lines->size)
            return held > 0 ? RB_LINES_TORN : RB_LINES_END;
        looked = held;
        if (!fill(lines, err))
            return RB_LINES_FAILED;
    }
}

bool rb_lines_has_hole(const char *line, size_t length)
{
    static const char zeros[8];
    return memmem(line, length, zeros, sizeof zeros);
}
