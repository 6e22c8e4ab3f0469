#include "effects/frame.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"

enum { HEADER = 4, LENGTH_MAX = 64 << 20, PIECE = 65536, TAKEN_MS = 30000 };

static uint32_t length_of(const char *header)
{
    const unsigned char *byte = (const unsigned char *)header;
    return (uint32_t)byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 |
           (uint32_t)byte[3] << 24;
}

void rb_frame_put(struct rb_buf *out, const struct rb_value *value)
{
    size_t start = out->length;
    rb_buf_append(out, "\0\0\0\0", HEADER);
    rb_json_encode(value, out);
    size_t length = out->length - start - HEADER;
    for (int i = 0; i < HEADER; i++)
        out->data[start + (size_t)i] = (char)(unsigned char)(length >> (8 * i));
}

static bool check_length(size_t length, struct rb_error *err)
{
    if (length <= LENGTH_MAX)
        return true;
    return rb_fail(err, RB_ERR_PROTOCOL, "a message of %zu bytes is over the limit of %d",
                   length, LENGTH_MAX);
}

static bool decode(const char *bytes, size_t length, const struct rb_value **ret_value,
                   struct rb_error *err)
{
    struct rb_error why;
    if (rb_json_decode(bytes, length, ret_value, &why))
        return true;
    return rb_fail(err, RB_ERR_PROTOCOL, "a message is not canonical JSON: %s",
                   why.message);
}

bool rb_frame_take(struct rb_buf *in, const struct rb_value **ret_value,
                   struct rb_error *err)
{
    uint32_t length = in->length >= HEADER ? length_of(in->data) : 0;
    if (!check_length(length, err))
        return false;
    if (in->length < HEADER || in->length - HEADER < length) {
        *ret_value = NULL;
        return true;
    }
    if (!decode(in->data + HEADER, length, ret_value, err))
        return false;
    rb_buf_drop(in, HEADER + (size_t)length);
    return true;
}

/* Was the call merely too early? Then it waits until it is worth repeating. The descriptor
 * may be in non-blocking mode because a loop uses it too, which stands still meanwhile: it does
 * not wait for ever for a peer that was stopped. */
static bool again(int fd, short events)
{
    int most = events == POLLOUT ? TAKEN_MS : -1;
    if (errno == EAGAIN && poll(&(struct pollfd){.fd = fd, .events = events}, 1, most) == 0)
        errno = ETIMEDOUT;
    return errno == EINTR || errno == EAGAIN;
}

/* Appends `count` bytes, or fewer when the stream ends. */
static bool read_bytes(int fd, size_t count, struct rb_buf *in, struct rb_error *err)
{
    char piece[PIECE];
    while (count > 0) {
        ssize_t got = read(fd, piece, count < sizeof piece ? count : sizeof piece);
        if (got < 0 && again(fd, POLLIN))
            continue;
        if (got < 0)
            return rb_fail_errno(err, RB_ERR_PROTOCOL, "cannot read a message");
        if (got == 0)
            return true;
        rb_buf_append(in, piece, (size_t)got);
        count -= (size_t)got;
    }
    return true;
}

bool rb_frame_read(int fd, const struct rb_value **ret_value, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf in = {0};
    if (!read_bytes(fd, HEADER, &in, err))
        return false;
    if (in.length == 0) {
        *ret_value = NULL;
        return true;
    }
    if (in.length == HEADER && (!check_length(length_of(in.data), err) ||
                                !read_bytes(fd, length_of(in.data), &in, err)))
        return false;
    if (in.length < HEADER || in.length - HEADER < length_of(in.data))
        return rb_fail(err, RB_ERR_PROTOCOL, "the stream ends inside a message");
    return decode(in.data + HEADER, in.length - HEADER, ret_value, err);
}

/* Appends what is there; *ret_end when nothing will be any more. */
static bool read_some(int fd, struct rb_buf *in, bool *ret_end, struct rb_error *err)
{
    char piece[PIECE];
    ssize_t got;
    while ((got = read(fd, piece, sizeof piece)) < 0 && again(fd, POLLIN))
        continue;
    if (got < 0)
        return rb_fail_errno(err, RB_ERR_PROTOCOL, "cannot read a message");
    rb_buf_append(in, piece, (size_t)got);
    *ret_end = got == 0;
    return true;
}

bool rb_frame_next(int fd, struct rb_buf *in, const struct rb_value **ret_value,
                   struct rb_error *err)
{
    const struct rb_value *value = NULL;
    bool end = false;
    while (rb_frame_take(in, &value, err)) {
        if (value || (end && in->length == 0)) {
            *ret_value = value;
            return true;
        }
        if (end)
            return rb_fail(err, RB_ERR_PROTOCOL, "the stream ends inside a message");
        if (!read_some(fd, in, &end, err))
            return false;
    }
    return false;
}

bool rb_frame_read_bytes(int fd, char *bytes, size_t count, struct rb_error *err)
{
    while (count > 0) {
        ssize_t got = read(fd, bytes, count);
        if (got < 0 && again(fd, POLLIN))
            continue;
        if (got <= 0)
            return rb_fail_errno(err, RB_ERR_PROTOCOL,
                                 "cannot read what follows a message");
        bytes += got;
        count -= (size_t)got;
    }
    return true;
}

bool rb_frame_write_bytes(int fd, const char *bytes, size_t count, struct rb_error *err)
{
    while (count > 0) {
        ssize_t put = send(fd, bytes, count, MSG_NOSIGNAL);
        if (put < 0 && again(fd, POLLOUT))
            continue;
        if (put < 0)
            return rb_fail_errno(err, RB_ERR_PROTOCOL, "cannot send a message");
        bytes += put;
        count -= (size_t)put;
    }
    return true;
}

bool rb_frame_write(int fd, const struct rb_value *value, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_frame_put(&out, value);
    if (!check_length(out.length - HEADER, err))
        return false;
    return rb_frame_write_bytes(fd, out.data, out.length, err);
}
