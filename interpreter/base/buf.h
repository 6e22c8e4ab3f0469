#pragma once
/* A growing byte buffer. Always NUL-terminated after the first append; may hold NULs. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct rb_buf {
    char *data; /* NULL while empty and never appended to */
    size_t length;
    size_t capacity;
};

void rb_buf_done(struct rb_buf *buf); /* frees, zeroes; accepts zeroed */
void rb_buf_append(struct rb_buf *buf, const void *bytes, size_t length);
void rb_buf_puts(struct rb_buf *buf, const char *text);
void rb_buf_putc(struct rb_buf *buf, char c);
void rb_buf_put_int(struct rb_buf *buf, int64_t number); /* decimal */
void rb_buf_printf(struct rb_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void rb_buf_vprintf(struct rb_buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void rb_buf_clear(struct rb_buf *buf);              /* length 0, memory kept */
void rb_buf_drop(struct rb_buf *buf, size_t count); /* removes the first count bytes */
const char *rb_buf_text(const struct rb_buf *buf);  /* never NULL: "" when empty */
char *rb_buf_take(struct rb_buf *buf); /* caller frees; buf is zeroed; never NULL */

#define RB_AUTO_BUF RB_CLEANUP(rb_buf_done)
