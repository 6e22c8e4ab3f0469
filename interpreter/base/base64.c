#include "base/base64.h"

#include <nettle/base64.h>

#define PIECE_BYTES   ((size_t)3072) /* whole groups of 3, or there would be padding inside */
#define PIECE_LETTERS ((size_t)4096)

void rb_base64_encode(const void *bytes, size_t length, struct rb_buf *out)
{
    const unsigned char *at = bytes;
    char letters[PIECE_LETTERS];
    while (length > 0) {
        size_t count = length < PIECE_BYTES ? length : PIECE_BYTES;
        base64_encode_raw(letters, count, at);
        rb_buf_append(out, letters, BASE64_ENCODE_RAW_LENGTH(count));
        at += count;
        length -= count;
    }
    explicit_bzero(letters, sizeof letters); /* they may be a secret's */
}

static bool decode_pieces(const char *text, size_t length, struct rb_buf *out)
{
    unsigned char bytes[BASE64_DECODE_LENGTH(PIECE_LETTERS)];
    struct base64_decode_ctx context;
    base64_decode_init(&context);
    while (length > 0) {
        size_t count = length < PIECE_LETTERS ? length : PIECE_LETTERS;
        size_t written = sizeof bytes;
        if (!base64_decode_update(&context, &written, bytes, count, text))
            return false;
        rb_buf_append(out, bytes, written);
        text += count;
        length -= count;
    }
    return true;
}

bool rb_base64_decode(const char *text, size_t length, struct rb_buf *out)
{
    /* nettle is lenient: what counts is that the bytes give the same text again. */
    RB_AUTO_BUF struct rb_buf bytes = {0}, again = {0};
    if (!decode_pieces(text, length, &bytes))
        return false;
    rb_base64_encode(bytes.data, bytes.length, &again);
    if (again.length != length || memcmp(rb_buf_text(&again), text, length) != 0)
        return false;
    rb_buf_append(out, bytes.data, bytes.length);
    return true;
}
