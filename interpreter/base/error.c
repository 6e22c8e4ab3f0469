#include "base/error.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

/* A message that is too long loses its middle: what was tried stands at its head and why it
 * did not work at its end. */
#define GAP  "..."
#define HEAD ((size_t)240)

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

static void set_message(struct rb_error *err, const char *text, size_t length)
{
    if (length < sizeof err->message) {
        memcpy(err->message, text, length + 1);
        return;
    }
    size_t head = HEAD;
    while (head > 0 && continues(text[head]))
        head--;
    size_t tail = length - (sizeof err->message - 1 - HEAD - strlen(GAP));
    while (continues(text[tail]))
        tail++;
    char *end = err->message;
    end = mempcpy(end, text, head);
    end = mempcpy(end, GAP, strlen(GAP));
    memcpy(end, text + tail, length - tail + 1);
}

/* `text` ": " `cause` as the message; either may hold anything. */
static bool fill(struct rb_error *err, const struct rb_buf *text, const char *cause)
{
    RB_AUTO_BUF struct rb_buf shown = {0};
    rb_text_visible(rb_buf_text(text), text->length, false, &shown);
    if (cause) {
        rb_buf_puts(&shown, ": ");
        rb_text_visible(cause, strlen(cause), false, &shown);
    }
    set_message(err, rb_buf_text(&shown), shown.length);
    return false;
}

bool(rb_fail)(struct rb_error *err, enum rb_error_code code, const char *format, ...)
{
    if (!err)
        return false;
    RB_AUTO_BUF struct rb_buf text = {0};
    va_list args;
    va_start(args, format);
    rb_buf_vprintf(&text, format, args);
    va_end(args);
    err->code = code;
    err->sys = 0;
    return fill(err, &text, NULL);
}

bool(rb_fail_errno)(struct rb_error *err, enum rb_error_code code, const char *format, ...)
{
    int sys = errno;
    if (!err)
        return false;
    RB_AUTO_BUF struct rb_buf text = {0};
    va_list args;
    va_start(args, format);
    rb_buf_vprintf(&text, format, args);
    va_end(args);
    err->code = code == RB_OK ? RB_ERR_IO : code;
    err->sys = sys;
    char reason[128];
    return fill(err, &text, strerror_r(sys, reason, sizeof reason));
}

bool(rb_error_prefix)(struct rb_error *err, const char *format, ...)
{
    if (!err)
        return false;
    RB_AUTO_BUF struct rb_buf text = {0};
    va_list args;
    va_start(args, format);
    rb_buf_vprintf(&text, format, args);
    va_end(args);
    char cause[sizeof err->message];
    memcpy(cause, err->message, sizeof cause);
    return fill(err, &text, cause);
}

int rb_error_exit_status(enum rb_error_code code)
{
    switch (code) {
    case RB_OK:
        return 0;
#define X(name, text, status) \
    case name:                \
        return status;
        RB_ERROR_CODES(X)
#undef X
    }
    return 70;
}

const char *rb_error_code_text(enum rb_error_code code)
{
    switch (code) {
    case RB_OK:
        return "no error";
#define X(name, text, status) \
    case name:                \
        return text;
        RB_ERROR_CODES(X)
#undef X
    }
    return "unknown error";
}
