#include "base/spelling.h"

#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/text.h"

/* No spelling writes more for a byte: '"'"'. */
enum { GROWTH = 6, SLACK = 16, PATH_SHORTEST = 20 };

/* One text and the buffer that its spellings are written into, which never has to grow: what it
 * would leave behind could not be wiped. */
struct writer {
    const char *bytes;
    size_t length;
    char *padded; /* room for the text behind two bytes */
    struct rb_buf out;
    rb_spelling_take *take;
    void *context;
};

static void give(struct writer *w, bool wraps)
{
    w->take(w->context, rb_buf_text(&w->out), w->out.length, wraps);
    rb_buf_clear(&w->out);
}

static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

static void put_hex(struct rb_buf *out, unsigned char byte, const char *digits)
{
    rb_buf_putc(out, digits[byte >> 4]);
    rb_buf_putc(out, digits[byte & 15]);
}

static void hexadecimal(struct writer *w, const char *digits)
{
    for (size_t i = 0; i < w->length; i++)
        put_hex(&w->out, (unsigned char)w->bytes[i], digits);
    give(w, true);
}

static void to_url_alphabet(struct rb_buf *text)
{
    for (size_t i = 0; i < text->length; i++) {
        if (text->data[i] == '+')
            text->data[i] = '-';
        else if (text->data[i] == '/')
            text->data[i] = '_';
    }
}

/* The letters that say nothing of what stands before the text, and at its end nothing of what
 * follows; or, where nothing follows, all of them. */
static void base64(struct writer *w, size_t before, bool at_end, bool url)
{
    static const size_t mixed[] = {0, 2, 3}; /* letters with bits of what stands before */
    struct rb_buf *out = &w->out;
    memcpy(w->padded + before, w->bytes, w->length);
    rb_base64_encode(w->padded, before + w->length, out);
    if (!at_end)
        out->length = (before + w->length) * 8 / 6;
    if (url)
        to_url_alphabet(out);
    w->take(w->context, out->data + mixed[before], out->length - mixed[before], true);
    rb_buf_clear(out);
}

static void base64_everywhere(struct writer *w)
{
    for (size_t before = 0; before < 3; before++) {
        for (int variant = 0; variant < 4; variant++)
            base64(w, before, variant & 1, variant & 2);
    }
}

static bool is_alphanumeric(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

/* `left`: what is left alone besides letters and digits; NULL: nothing at all is. */
static void percent(struct writer *w, const char *left, bool form, const char *digits)
{
    for (size_t i = 0; i < w->length; i++) {
        unsigned char byte = (unsigned char)w->bytes[i];
        if (form && byte == ' ') {
            rb_buf_putc(&w->out, '+');
        } else if (left && (is_alphanumeric(byte) || (byte && strchr(left, byte)))) {
            rb_buf_putc(&w->out, (char)byte);
        } else {
            rb_buf_putc(&w->out, '%');
            put_hex(&w->out, byte, digits);
        }
    }
    give(w, false);
}

static void percent_everywhere(struct writer *w, const char *digits)
{
    percent(w, "-._~", false, digits);
    percent(w, "-._~/", false, digits);
    percent(w, "-._~!'()*", false, digits);
    percent(w, "-._*", true, digits);
    percent(w, "-._~", true, digits);
    percent(w, NULL, false, digits);
}

struct json {
    bool ascii;        /* what is not ASCII is escaped */
    const char *plain; /* what is escaped by a backslash besides what has to be */
    const char *html;  /* what is written \u00XX */
    const char *digits;
};

static void put_unicode(struct rb_buf *out, unsigned unit, const char *digits)
{
    rb_buf_append(out, "\\u", 2);
    put_hex(out, (unsigned char)(unit >> 8), digits);
    put_hex(out, (unsigned char)unit, digits);
}

static void put_json_ascii(struct rb_buf *out, unsigned char byte, const struct json *json)
{
    static const char escaped[] = "\"\\\b\t\n\f\r", letters[] = "\"\\btnfr";
    const char *found = byte ? strchr(escaped, byte) : NULL;
    if (found || (byte && strchr(json->plain, byte))) {
        rb_buf_putc(out, '\\');
        rb_buf_putc(out, found ? letters[found - escaped] : (char)byte);
    } else if (byte < 0x20 || strchr(json->html, byte)) {
        put_unicode(out, byte, json->digits);
    } else {
        rb_buf_putc(out, (char)byte);
    }
}

static void put_json_units(struct rb_buf *out, unsigned code_point, const char *digits)
{
    if (code_point > 0xFFFF) {
        put_unicode(out, 0xD800 + ((code_point - 0x10000) >> 10), digits);
        put_unicode(out, 0xDC00 + ((code_point - 0x10000) & 0x3FF), digits);
    } else {
        put_unicode(out, code_point, digits);
    }
}

static void json(struct writer *w, const struct json *json)
{
    for (size_t i = 0; i < w->length;) {
        unsigned code_point;
        int size = rb_text_decode(w->bytes + i, w->length - i, &code_point);
        if (size <= 1)
            put_json_ascii(&w->out, (unsigned char)w->bytes[i], json);
        else if (json->ascii)
            put_json_units(&w->out, code_point, json->digits);
        else
            rb_buf_append(&w->out, w->bytes + i, (size_t)size);
        i += size > 0 ? (size_t)size : 1;
    }
    give(w, false);
}

static void json_everywhere(struct writer *w, const char *digits)
{
    static const char html[] = "<>&", more[] = "<>&'\177";
    json(w, &(struct json){false, "", "", digits});
    json(w, &(struct json){true, "", "", digits});
    json(w, &(struct json){false, "", html, digits});
    json(w, &(struct json){true, "", more, digits});
    json(w, &(struct json){false, "/", "", digits});
    json(w, &(struct json){true, "/", "", digits});
}

/* In single quotes: how the quote itself is written is the only difference. */
static void shell_single(struct writer *w, const char *quote)
{
    for (size_t i = 0; i < w->length; i++) {
        if (w->bytes[i] == '\'')
            rb_buf_puts(&w->out, quote);
        else
            rb_buf_putc(&w->out, w->bytes[i]);
    }
    give(w, false);
}

/* A backslash before each of these; of letters and digits none has a need. */
static void shell_backslash(struct writer *w, const char *special)
{
    for (size_t i = 0; i < w->length; i++) {
        if (w->bytes[i] && strchr(special, w->bytes[i]))
            rb_buf_putc(&w->out, '\\');
        rb_buf_putc(&w->out, w->bytes[i]);
    }
    give(w, false);
}

/* bash's %q: `#` and `~` only where they begin a word, and `~` behind these two. `begins`: the text
 * does. */
static void shell_word(struct writer *w, bool begins)
{
    static const char special[] = " \t!\"$&'()*,;<>?[\\]^`{|}";
    for (size_t i = 0; i < w->length; i++) {
        char byte = w->bytes[i], before = i > 0 ? w->bytes[i - 1] : '\0';
        bool first = (byte == '#' || byte == '~') && i == 0 && begins;
        bool folder = byte == '~' && (before == '=' || before == ':');
        if (first || folder || (byte && strchr(special, byte)))
            rb_buf_putc(&w->out, '\\');
        rb_buf_putc(&w->out, byte);
    }
    give(w, false);
}

/* $'...' as bash's %q, ${x@Q} and xtrace write it. */
static void shell_escapes(struct writer *w, bool bytes)
{
    static const char escaped[] = "\a\b\t\n\v\f\r\033\\'", letters[] = "abtnvfrE\\'";
    for (size_t i = 0; i < w->length; i++) {
        unsigned char byte = (unsigned char)w->bytes[i];
        const char *found = byte ? strchr(escaped, byte) : NULL;
        if (found) {
            rb_buf_putc(&w->out, '\\');
            rb_buf_putc(&w->out, letters[found - escaped]);
        } else if (byte < 0x20 || byte == 0x7F || (bytes && byte >= 0x80)) {
            rb_buf_printf(&w->out, "\\%03o", byte);
        } else {
            rb_buf_putc(&w->out, (char)byte);
        }
    }
    give(w, false);
}

static void shell_everywhere(struct writer *w)
{
    shell_single(w, "'\\''");
    shell_single(w, "'\"'\"'");
    shell_backslash(w, "\"\\$`");
    shell_backslash(w, " \t!\"#$&'()*,;<>?[\\]^`{|}~");
    shell_backslash(w, " \t!\"#$&'()*;<>?[\\]^`{|}~");
    shell_word(w, true);
    shell_word(w, false);
    shell_escapes(w, false);
    shell_escapes(w, true);
}

static void whole(const char *bytes, size_t length, rb_spelling_take *take, void *context)
{
    if (length < RB_SPELLING_SHORTEST)
        return;
    size_t capacity = length * GROWTH + SLACK, padded = length + 2;
    struct rb_buf out = {.data = rb_alloc(capacity), .capacity = capacity};
    struct writer w = {bytes, length, rb_alloc(padded), out, take, context};
    take(context, bytes, length, false);
    base64_everywhere(&w);
    shell_everywhere(&w);
    for (int i = 0; i < 2; i++) {
        const char *digits = i == 0 ? lower : upper;
        hexadecimal(&w, digits);
        percent_everywhere(&w, digits);
        json_everywhere(&w, digits);
    }
    explicit_bzero(w.padded, padded);
    explicit_bzero(out.data, capacity);
    free(w.padded);
    free(out.data);
}

static void lines(const char *bytes, size_t length, rb_spelling_take *take, void *context)
{
    const char *end = bytes + length;
    while (bytes < end) {
        const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t line = (size_t)((stop ? stop : end) - bytes);
        size_t shown = line > 0 && bytes[line - 1] == '\r' ? line - 1 : line;
        whole(bytes, shown, take, context);
        bytes += line + 1;
    }
}

/* A URL that is a secret is one by what stands behind its host, which is all that the server sees
 * of it and may say again. A short path says little, and stands in much else. */
static void behind_host(const char *bytes, size_t length, rb_spelling_take *take,
                        void *context)
{
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t begin = strlen(schemes[i]);
        if (length < begin || memcmp(bytes, schemes[i], begin) != 0)
            continue;
        const char *path = memchr(bytes + begin, '/', length - begin);
        size_t left = path ? length - (size_t)(path - bytes) : 0;
        if (left >= PATH_SHORTEST)
            whole(path, left, take, context);
    }
}

void rb_spellings(const char *bytes, size_t length, rb_spelling_take *take, void *context)
{
    whole(bytes, length, take, context);
    if (memchr(bytes, '\n', length))
        lines(bytes, length, take, context);
    behind_host(bytes, length, take, context);
}
