#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>

void rb_buf_done(struct rb_buf *buf)
{
    free(buf->data);
    *buf = (struct rb_buf){0};
}

/* Room for `more` bytes and the NUL. */
static void reserve(struct rb_buf *buf, size_t more)
{
    if (more >= SIZE_MAX / 2 - buf->length)
        rb_out_of_memory();
    size_t needed = buf->length + more + 1;
    if (needed <= buf->capacity)
        return;
    size_t capacity = buf->capacity ? buf->capacity : 64;
    while (capacity < needed)
        capacity *= 2;
    buf->data = rb_realloc(buf->data, capacity, 1);
    buf->capacity = capacity;
}

void rb_buf_append(struct rb_buf *buf, const void *bytes, size_t length)
{
    reserve(buf, length);
    if (length > 0)
        memcpy(buf->data + buf->length, bytes, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

void rb_buf_puts(struct rb_buf *buf, const char *text)
{
    rb_buf_append(buf, text, strlen(text));
}

void rb_buf_putc(struct rb_buf *buf, char c)
{
    reserve(buf, 1);
    buf->data[buf->length++] = c;
    buf->data[buf->length] = '\0';
}

void rb_buf_put_int(struct rb_buf *buf, int64_t number)
{
    char text[20], *at = text + sizeof text;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do
        *--at = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0)
        *--at = '-';
    rb_buf_append(buf, at, (size_t)(text + sizeof text - at));
}

void rb_buf_printf(struct rb_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    rb_buf_vprintf(buf, format, args);
    va_end(args);
}

void rb_buf_vprintf(struct rb_buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    reserve(buf, 0);
    size_t room = buf->capacity - buf->length;
    int length = vsnprintf(buf->data + buf->length, room, format, args);
    if (length < 0)
        abort();
    if ((size_t)length >= room) {
        reserve(buf, (size_t)length);
        vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
    }
    va_end(again);
    buf->length += (size_t)length;
}

void rb_buf_clear(struct rb_buf *buf)
{
    buf->length = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

void rb_buf_drop(struct rb_buf *buf, size_t count)
{
    if (count >= buf->length) {
        rb_buf_clear(buf);
        return;
    }
    buf->length -= count;
    memmove(buf->data, buf->data + count, buf->length + 1);
}

const char *rb_buf_text(const struct rb_buf *buf)
{
    return buf->data ? buf->data : "";
}

char *rb_buf_take(struct rb_buf *buf)
{
    char *text = buf->data ? buf->data : rb_strdup("");
    *buf = (struct rb_buf){0};
    return text;
}
