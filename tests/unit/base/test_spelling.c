/* An oracle of its own for what is taken out: what other programs write for a text, made from their
 * documents and not from spelling.c, has to be gone from a stream, whatever the pieces it comes in. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/redact.h"

#ifdef __SANITIZE_ADDRESS__
enum { ROUNDS = 2000 }; /* the same as the first of all */
#else
enum { ROUNDS = 10000 };
#endif
enum { LEAST = 6 };

static uint32_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)(*seed >> 16);
}

static uint32_t below(uint64_t *seed, uint32_t limit)
{
    return next(seed) % limit;
}

/* A code point, or a byte that is none. */
struct sign {
    unsigned code;
    bool raw;
};

struct text {
    struct sign signs[80];
    size_t count;
};

static void put_utf8(struct rb_buf *out, const struct sign *sign)
{
    unsigned c = sign->code;
    if (c < 0x80 || sign->raw) {
        rb_buf_putc(out, (char)c);
        return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned first[] = {0, 0xC0, 0xE0, 0xF0};
    rb_buf_putc(out, (char)(first[more] | c >> (6 * more)));
    while (more-- > 0)
        rb_buf_putc(out, (char)(0x80 | (c >> (6 * more) & 0x3F)));
}

static void bytes_of(const struct text *text, struct rb_buf *out)
{
    for (size_t i = 0; i < text->count; i++)
        put_utf8(out, &text->signs[i]);
}

/* \1 and \2 stand around it in the stream. */
static unsigned random_sign(uint64_t *seed, uint32_t kind)
{
    static const unsigned beyond[] = {0xE4, 0xDF,  0x6F22, 0x1F600,
                                      0xA0, 0x7FF, 0xFFFD, 'x'};
    static const char odd[] = "ab '\"\\/$%&<>!\t.-_~+=`(){}#;|*?^,:@[]";
    static const char plain[] = "abcxyzABCXYZ0189";
    switch (kind) {
    case 0:
        return (unsigned char)plain[below(seed, sizeof plain - 1)];
    case 1:
        return (unsigned char)odd[below(seed, sizeof odd - 1)];
    case 2:
        return beyond[below(seed, RB_COUNT(beyond))];
    case 3:
        return random_sign(seed, below(seed, 3));
    default: {
        unsigned code = 3 + below(seed, 253);
        return code == '\n' || code == '\r' ? 'x' : code;
    }
    }
}

static void random_text(uint64_t *seed, struct text *text)
{
    uint32_t kind = below(seed, 5);
    text->count = LEAST + below(seed, 60);
    for (size_t i = 0; i < text->count; i++)
        text->signs[i] = (struct sign){random_sign(seed, kind), kind == 4};
}

/* What each of the programs in the table writes for a sign. `variant`: one of its ways. */
typedef void encode(const struct text *text, size_t at, int variant, struct rb_buf *out);

static void literally(const struct text *text, size_t at, int variant, struct rb_buf *out)
{
    (void)variant;
    put_utf8(out, &text->signs[at]);
}

static void each_byte(const struct sign *sign, const char *format, struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf bytes = {0};
    put_utf8(&bytes, sign);
    for (size_t i = 0; i < bytes.length; i++)
        rb_buf_printf(out, format, (unsigned char)bytes.data[i]);
}

static bool is_one_of(unsigned code, const char *set)
{
    return code > 0 && code < 0x80 && strchr(set, (char)code);
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* What stays: RFC 3986; Python's quote(); encodeURIComponent(); application/x-www-form-urlencoded of the
 * URL standard; Python's quote_plus(); nothing. */
static void percent(const struct text *text, size_t at, int variant, struct rb_buf *out)
{
    const struct sign *sign = &text->signs[at];
    static const char *const stays[] = {ALNUM "-._~", ALNUM "-._~/", ALNUM "-_.!~*'()",
                                        ALNUM "*-._", ALNUM "_.-~",  ""};
    int way = variant / 2;
    if ((way == 3 || way == 4) && sign->code == ' ')
        rb_buf_putc(out, '+');
    else if (is_one_of(sign->code, stays[way]))
        put_utf8(out, sign);
    else
        each_byte(sign, variant % 2 ? "%%%02x" : "%%%02X", out);
}

/* ECMA-404: JSON.stringify(), Python's json.dumps(), Go's json.Marshal(), PHP's json_encode() with and without
 * JSON_UNESCAPED_UNICODE, Jinja's htmlsafe_json_dumps(). */
enum { STRINGIFY, DUMPS, MARSHAL, ENCODE, UNESCAPED, HTMLSAFE };

static void json(const struct text *text, size_t at, int variant, struct rb_buf *out)
{
    const struct sign *sign = &text->signs[at];
    unsigned c = sign->code;
    int way = variant / 2;
    const char *escape = variant % 2 ? "\\u%04x" : "\\u%04X";
    if (c == '"' || c == '\\' || ((way == ENCODE || way == UNESCAPED) && c == '/'))
        rb_buf_printf(out, "\\%c", c);
    else if (c == '\t' || c == '\n' || c == '\r')
        rb_buf_printf(out, "\\%c", c == '\t' ? 't' : c == '\n' ? 'n' : 'r');
    else if (c < ' ' || (way == MARSHAL && is_one_of(c, "<>&")) ||
             (way == HTMLSAFE && is_one_of(c, "<>&'")))
        rb_buf_printf(out, escape, c);
    else if (c < 0x80 || way == STRINGIFY || way == MARSHAL || way == UNESCAPED)
        put_utf8(out, sign);
    else if (c < 0x10000)
        rb_buf_printf(out, escape, c);
    else {
        rb_buf_printf(out, escape, 0xD7C0 + (c >> 10));
        rb_buf_printf(out, escape, 0xDC00 + (c & 0x3FF));
    }
}

/* POSIX 2.2: single quotes as shells and as Python's shlex leave and come back, double quotes;
 * backslashes, also amid a word, and $'...' of bash's printf %q, the latter with and without what is
 * beyond ASCII. */
enum { SINGLE, SHLEX, DOUBLE, BACKSLASH, INSIDE, DOLLAR, DOLLAR_BYTES };

static void dollar(const struct sign *sign, bool bytes, struct rb_buf *out)
{
    static const char letters[][2] = {
        {'\n', 'n'}, {'\t', 't'}, {'\r', 'r'}, {'\\', '\\'}, {'\'', '\''}};
    for (size_t i = 0; i < RB_COUNT(letters); i++) {
        if (sign->code == (unsigned char)letters[i][0]) {
            rb_buf_printf(out, "\\%c", letters[i][1]);
            return;
        }
    }
    if (sign->code == 0x7F || (bytes && sign->code >= 0x80))
        each_byte(sign, "\\%03o", out);
    else
        put_utf8(out, sign);
}

/* Does bash put a backslash before it? What begins a comment, or names a folder, does so in its place. */
static bool is_special(const struct text *text, size_t at, bool inside)
{
    unsigned c = text->signs[at].code;
    if (at == 0 && !inside && is_one_of(c, "#~"))
        return true;
    if (at > 0 && c == '~')
        return is_one_of(text->signs[at - 1].code, "=:");
    return is_one_of(c, " \t'\"\\|&;()<>!{}*[?]^$`,");
}

static void shell(const struct text *text, size_t at, int variant, struct rb_buf *out)
{
    const struct sign *sign = &text->signs[at];
    unsigned c = sign->code;
    if (variant >= DOLLAR)
        dollar(sign, variant == DOLLAR_BYTES, out);
    else if (variant <= SHLEX && c == '\'')
        rb_buf_puts(out, variant == SINGLE ? "'\\''" : "'\"'\"'");
    else if ((variant == DOUBLE && is_one_of(c, "$`\"\\")) ||
             (variant >= BACKSLASH && is_special(text, at, variant == INSIDE)))
        rb_buf_printf(out, "\\%c", c);
    else
        put_utf8(out, sign);
}

static const struct {
    encode *encode;
    int variants;
    bool text; /* takes no bytes that are no text */
} encoders[] = {
    {literally, 1, false}, {percent, 12, false}, {json, 12, true}, {shell, 7, true}};

/* What the stream has and what has to come of it. */
struct trial {
    struct rb_buf secret, stream, expected;
};

/* A backslash before a line end means none. */
static bool fits(const struct text *text, uint32_t which, int variant)
{
    bool ends = false;
    for (size_t i = 0; i < text->count; i++)
        ends |= text->signs[i].code == '\n';
    return !(encoders[which].text && text->signs[0].raw) &&
           !(ends && encoders[which].encode == shell &&
             (variant == BACKSLASH || variant == INSIDE));
}

static void by_sign(uint64_t *seed, const struct text *text, struct trial *trial)
{
    uint32_t which = below(seed, RB_COUNT(encoders));
    int variant = (int)below(seed, (uint32_t)encoders[which].variants);
    encode *by = fits(text, which, variant) ? encoders[which].encode : literally;
    for (size_t i = 0; i < text->count; i++)
        by(text, i, variant, &trial->stream);
    rb_buf_puts(&trial->expected, "[secret:s]");
}

/* Letters that a range of bits has to itself, of those that the whole is written with. */
struct letters {
    char text[512];
    size_t count, from, to;
};

/* `bits`: of a letter. A letter that has bits of a neighbour, too, stays. */
static void write_letters(const struct rb_buf *bytes, size_t before, size_t after, int bits,
                          const char *alphabet, struct letters *ret)
{
    size_t total = bytes->length * 8, each = (size_t)bits;
    ret->count = ret->from = ret->to = 0;
    for (size_t at = 0; at < total; at += each) {
        unsigned value = 0;
        for (size_t bit = at; bit < at + each; bit++)
            value = value << 1 |
                    (bit < total ? (unsigned char)bytes->data[bit / 8] >> (7 - bit % 8) & 1
                                 : 0);
        ret->from += at < before * 8;
        ret->to += at + each <= total - after * 8;
        ret->text[ret->count++] = alphabet[value];
    }
}

/* With line ends after each so many letters, none: 0. */
static void put_lines(const struct letters *letters, size_t width, const char *end,
                      struct trial *trial)
{
    for (size_t i = 0; i < letters->count; i++) {
        bool inside = i > letters->from && i < letters->to;
        if (width > 0 && i > 0 && i % width == 0) {
            rb_buf_puts(&trial->stream, end);
            if (!inside)
                rb_buf_puts(&trial->expected, end);
        }
        rb_buf_putc(&trial->stream, letters->text[i]);
        if (i == letters->from)
            rb_buf_puts(&trial->expected, "[secret:s]");
        if (i < letters->from || i >= letters->to)
            rb_buf_putc(&trial->expected, letters->text[i]);
    }
}

/* RFC 4648, also among other bytes, also in lines (RFC 2045, openssl, xxd). */
static void by_bits(uint64_t *seed, struct trial *trial)
{
    static const char *const alphabets[] = {ALNUM, "+/", "-_", "0123456789abcdef",
                                            "0123456789ABCDEF"};
    static const uint32_t widths[] = {0, 0, 60, 64, 76};
    RB_AUTO_BUF struct rb_buf bytes = {0};
    char alphabet[65];
    struct letters letters;
    uint32_t before = below(seed, 6), after = below(seed, 6), way = below(seed, 4);
    for (uint32_t i = 0; i < before; i++)
        rb_buf_putc(&bytes, (char)next(seed));
    rb_buf_append(&bytes, trial->secret.data, trial->secret.length);
    for (uint32_t i = 0; i < after; i++)
        rb_buf_putc(&bytes, (char)next(seed));
    if (way < 2)
        snprintf(alphabet, sizeof alphabet, "%.26s%.26s%s%s", &ALNUM[26], ALNUM, &ALNUM[52],
                 alphabets[1 + way]);
    write_letters(&bytes, before, after, way < 2 ? 6 : 4,
                  way < 2 ? alphabet : alphabets[1 + way], &letters);
    while (way == 0 && letters.count % 4) {
        letters.to += after == 0 && letters.to + 1 >= letters.count;
        letters.text[letters.count++] = '=';
    }
    if (way == 0 && after == 0)
        letters.to = letters.count;
    put_lines(&letters, widths[below(seed, RB_COUNT(widths))],
              below(seed, 2) ? "\n" : "\r\n", trial);
}

/* One of its lines in place of all of it, where it has some. */
static void choose_line(uint64_t *seed, struct text *text, struct rb_buf *secret)
{
    struct text other;
    random_text(seed, &other);
    bool first = below(seed, 2);
    const char *end = below(seed, 2) ? "\n" : "\r\n";
    bytes_of(first ? text : &other, secret);
    rb_buf_puts(secret, end);
    bytes_of(first ? &other : text, secret);
}

static void redact(uint64_t *seed, const struct trial *trial, struct rb_buf *out)
{
    struct rb_secrets secrets = {0};
    struct rb_redaction stream = {0};
    rb_secrets_put(&secrets, "s", trial->secret.data, trial->secret.length, false);
    struct rb_redactor *redactor = rb_redactor_new(&secrets);
    uint32_t most = 1 + below(seed, 50);
    for (size_t at = 0, piece; at < trial->stream.length; at += piece) {
        piece = 1 + below(seed, most);
        piece = piece < trial->stream.length - at ? piece : trial->stream.length - at;
        rb_redact(redactor, &stream, trial->stream.data + at, piece, out);
    }
    rb_redact_end(redactor, &stream, out);
    rb_redactor_free(redactor);
    rb_secrets_done(&secrets);
}

static void one_round(uint64_t number)
{
    uint64_t seed = number * UINT64_C(0x9E3779B97F4A7C15);
    struct trial trial = {0};
    struct text text;
    RB_AUTO_BUF struct rb_buf out = {0};
    bool has_lines = below(&seed, 2), is_line = !has_lines && below(&seed, 2);
    random_text(&seed, &text);
    if (has_lines)
        text.signs[1 + below(&seed, LEAST - 2)].code = '\n';
    if (is_line)
        choose_line(&seed, &text, &trial.secret);
    else
        bytes_of(&text, &trial.secret);
    rb_buf_puts(&trial.stream, "said \1");
    rb_buf_puts(&trial.expected, "said \1");
    if (!is_line && below(&seed, 3) == 0)
        by_bits(&seed, &trial);
    else
        by_sign(&seed, &text, &trial);
    rb_buf_puts(&trial.stream, "\2 so");
    rb_buf_puts(&trial.expected, "\2 so");
    redact(&seed, &trial, &out);
    if (strcmp(rb_buf_text(&out), rb_buf_text(&trial.expected)) != 0)
        fail_msg("round %llu: of <%s> came <%s>, not <%s>", (unsigned long long)number,
                 rb_buf_text(&trial.stream), rb_buf_text(&out),
                 rb_buf_text(&trial.expected));
    rb_buf_done(&trial.secret);
    rb_buf_done(&trial.stream);
    rb_buf_done(&trial.expected);
}

static void what_programs_write_for_a_secret_is_gone(void **state)
{
    (void)state;
    for (uint64_t number = 1; number <= ROUNDS; number++)
        one_round(number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_programs_write_for_a_secret_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
