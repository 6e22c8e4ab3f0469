#include "effects/mail_letter.h"

#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/text.h"

enum {
    WORD_BYTES = 42, /* of text in an encoded word: 75 letters at most, RFC 2047, 2 */
    PLAIN_MOST = 60, /* of a subject that stands in its line as it is */
    LINE_MOST = 76,  /* of quoted-printable, RFC 2045, 6.7 */
};

static const char upper[] = "0123456789ABCDEF";

static void date(rb_time utc, struct rb_buf *out)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm parts;
    time_t seconds = (time_t)(utc / RB_SEC);
    gmtime_r(&seconds, &parts);
    rb_buf_printf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n", days[parts.tm_wday],
                  parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                  parts.tm_min, parts.tm_sec);
}

/* A line that a reader takes for what it says: nothing in it looks encoded. */
static bool is_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < ' ' || (unsigned char)text[i] > '~')
            return false;
    }
    return length <= PLAIN_MOST && !strstr(text, "=?");
}

/* How much of the text one encoded word takes: whole characters (RFC 2047, 5). */
static size_t word_length(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        unsigned code_point;
        int size = rb_text_decode(text + at, length - at, &code_point);
        size_t one = size > 0 ? (size_t)size : 1;
        if (at + one > WORD_BYTES)
            break;
        at += one;
    }
    return at;
}

static void subject(const struct rb_value *value, struct rb_buf *out)
{
    const char *text = rb_value_as_text(value, "");
    size_t length = rb_value_length(value);
    rb_buf_puts(out, "Subject:");
    if (is_plain(text, length)) {
        rb_buf_printf(out, " %s\r\n", text);
        return;
    }
    for (size_t at = 0; at < length;) {
        size_t word = word_length(text + at, length - at);
        rb_buf_puts(out, at > 0 ? "\r\n =?UTF-8?B?" : " =?UTF-8?B?");
        rb_base64_encode(text + at, word, out);
        rb_buf_puts(out, "?=");
        at += word;
    }
    rb_buf_puts(out, "\r\n");
}

static void recipients(const struct rb_value *to, struct rb_buf *out)
{
    rb_buf_puts(out, "To:");
    for (size_t i = 0; i < rb_value_count(to); i++)
        rb_buf_printf(out, i > 0 ? ",\r\n %s" : " %s",
                      rb_value_as_text(rb_value_at(to, i), ""));
    rb_buf_puts(out, "\r\n");
}

/* One byte of a line as quoted-printable has it: a space or tab at the end is not left bare. */
static void quote(unsigned char byte, bool last, struct rb_buf *out, size_t *column)
{
    bool space = byte == ' ' || byte == '\t';
    bool bare = space ? !last : byte > ' ' && byte <= '~' && byte != '=';
    size_t size = bare ? 1 : 3;
    if (*column + size > LINE_MOST - (last ? 0 : 1)) {
        rb_buf_puts(out, "=\r\n");
        *column = 0;
    }
    if (bare) {
        rb_buf_putc(out, (char)byte);
    } else {
        rb_buf_putc(out, '=');
        rb_buf_putc(out, upper[byte >> 4]);
        rb_buf_putc(out, upper[byte & 15]);
    }
    *column += size;
}

static void body(const char *text, size_t length, struct rb_buf *out)
{
    for (size_t at = 0, column = 0; at < length; at++) {
        bool last = at + 1 == length || text[at + 1] == '\n';
        if (text[at] == '\n') {
            rb_buf_puts(out, "\r\n");
            column = 0;
        } else {
            quote((unsigned char)text[at], last, out, &column);
        }
    }
    rb_buf_puts(out, "\r\n");
}

void rb_letter_write(const struct rb_value *request, rb_time utc, struct rb_buf *out)
{
    const struct rb_value *text = rb_value_get(request, "text");
    date(utc, out);
    rb_buf_printf(out, "From: %s\r\n", rb_value_get_text(request, "from", ""));
    recipients(rb_value_get(request, "to"), out);
    subject(rb_value_get(request, "subject"), out);
    rb_buf_printf(out, "Message-ID: %s\r\n", rb_value_get_text(request, "message_id", ""));
    /* RFC 3834, 5: nobody's holiday answers it. */
    rb_buf_puts(out, "Auto-Submitted: auto-generated\r\n"
                     "MIME-Version: 1.0\r\n"
                     "Content-Type: text/plain; charset=UTF-8\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n"
                     "\r\n");
    body(rb_value_as_text(text, ""), rb_value_length(text), out);
}
