#include "render/out.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

void rb_out_init(struct rb_out *out, int fd)
{
    *out = (struct rb_out){.fd = fd};
    signal(SIGPIPE, SIG_IGN);
}

static bool wait_writable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    return poll(&poll_fd, 1, -1) >= 0 || errno == EINTR;
}

bool rb_out_write(struct rb_out *out, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0 && !out->broken) {
        ssize_t count = write(out->fd, at, length);
        if (count >= 0) {
            at += count;
            length -= (size_t)count;
            continue;
        }
        if (errno == EINTR || (errno == EAGAIN && wait_writable(out->fd)))
            continue;
        out->broken = true;
        return false;
    }
    return true;
}

void rb_out_drain(struct rb_out *out, struct rb_buf *bytes)
{
    while (bytes->length > 0 && !out->broken) {
        ssize_t count = write(out->fd, bytes->data, bytes->length);
        if (count > 0)
            rb_buf_drop(bytes, (size_t)count);
        else if (count < 0 && errno == EAGAIN)
            return;
        else if (count < 0 && errno != EINTR)
            out->broken = true;
    }
    if (out->broken)
        rb_buf_clear(bytes);
}
