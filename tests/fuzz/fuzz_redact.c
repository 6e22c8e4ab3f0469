/* Any secrets, and any stream in any pieces: what comes out has none of their spellings left, does
 * not depend on the pieces, and is what went in where nothing was taken out. The first line of the
 * input is a secret, its second another, the third says how the pieces are cut. */

#include "base/redact.h"
#include "base/spelling.h"
#include "fuzz.h"

enum { LONGEST = 200 };

static bool has(const char *bytes, size_t length, const char *part, size_t part_length)
{
    return part_length > 0 && memmem(bytes, length, part, part_length);
}

/* What stood apart may look like a secret together with the marker between it, and a marker has
 * words of its own. */
static bool is_like_marker(const char *bytes, size_t length)
{
    static const char markers[] = "[secret:a][secret:b]";
    return memchr(bytes, '[', length) || memchr(bytes, ']', length) ||
           has(markers, sizeof markers - 1, bytes, length);
}

static void assert_absent(void *context, const char *bytes, size_t length, bool wraps)
{
    const struct rb_buf *out = context;
    (void)wraps;
    if (length >= RB_SPELLING_SHORTEST && !is_like_marker(bytes, length))
        assert(!has(rb_buf_text(out), out->length, bytes, length));
}

static void cut(const struct rb_redactor *redactor, const char *bytes, size_t length,
                const char *sizes, size_t count, struct rb_buf *out)
{
    struct rb_redaction stream = {0};
    for (size_t at = 0, i = 0; at < length; i++) {
        size_t piece = 1 + (count > 0 ? (unsigned char)sizes[i % count] % 32 : 0);
        piece = piece < length - at ? piece : length - at;
        rb_redact(redactor, &stream, bytes + at, piece, out);
        at += piece;
    }
    rb_redact_end(redactor, &stream, out);
}

/* A name loses nothing but the case of its letters and its secrets. */
static void check_name(const struct rb_secrets *secrets, const struct rb_redactor *redactor,
                       const char *bytes, size_t length)
{
    RB_AUTO_BUF struct rb_buf name = {0};
    rb_redact_name(redactor, bytes, length, &name);
    if (!has(rb_buf_text(&name), name.length, "[secret:", 8))
        assert(name.length == length);
    for (size_t i = 0; i < secrets->count; i++) {
        if (!secrets->items[i].unmasked)
            assert_absent(&name, secrets->items[i].bytes, secrets->items[i].length, false);
    }
}

static void check(const struct rb_secrets *secrets, const struct fuzz_lines *rest,
                  const char *sizes, size_t count)
{
    struct rb_redactor *redactor = rb_redactor_new(secrets);
    RB_AUTO_BUF struct rb_buf whole = {0}, pieces = {0};
    size_t length = rest->at < rest->end ? (size_t)(rest->end - rest->at) : 0;
    rb_redact_text(redactor, rest->at, length, &whole);
    cut(redactor, rest->at, length, sizes, count, &pieces);
    assert(whole.length == pieces.length);
    assert(memcmp(rb_buf_text(&whole), rb_buf_text(&pieces), whole.length) == 0);
    if (!has(rb_buf_text(&whole), whole.length, "[secret:", 8))
        assert(whole.length == length);
    for (size_t i = 0; i < secrets->count; i++)
        rb_spellings(secrets->items[i].bytes, secrets->items[i].length, assert_absent,
                     &whole);
    check_name(secrets, redactor, rest->at, length);
    rb_redactor_free(redactor);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct fuzz_lines lines = fuzz_lines_of(bytes, length);
    struct rb_secrets secrets = {0};
    const char *line, *sizes = NULL;
    size_t size, count = 0;
    for (char name = 'a'; name < 'c' && fuzz_line_next(&lines, &line, &size); name++) {
        size_t used = size < LONGEST ? size : LONGEST;
        rb_secrets_put(&secrets, (char[]){name, 0}, line, used,
                       used < RB_SPELLING_SHORTEST);
    }
    if (fuzz_line_next(&lines, &line, &size)) {
        sizes = line;
        count = size;
    }
    check(&secrets, &lines, sizes, count);
    rb_secrets_done(&secrets);
    return 0;
}
