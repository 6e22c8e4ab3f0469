#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/redact.h"
#include "base/spelling.h"

enum { ROUNDS = 10000, SECRETS_MOST = 4, LINE_LEAST = 20 };

/* A generator of its own, so that every machine tries the same. */
static uint32_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

static uint32_t below(uint64_t *seed, uint32_t limit)
{
    return next(seed) % limit;
}

/* One spelling of a secret. */
struct word {
    struct rb_buf text;
    bool wraps;
    unsigned name;
};

struct words {
    struct word *items;
    size_t count, capacity;
    unsigned name;
};

static void keep_word(void *context, const char *bytes, size_t length, bool wraps)
{
    struct words *words = context;
    RB_GROW(words->items, words->count, words->capacity);
    struct word *word = &words->items[words->count++];
    *word = (struct word){.wraps = wraps, .name = words->name};
    rb_buf_append(&word->text, bytes, length);
}

static void free_words(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        rb_buf_done(&words->items[i].text);
    free(words->items);
}

static void random_value(uint64_t *seed, struct rb_buf *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFXYZ0123456789",
                      odd[] = "ab '\"\\/$%&<>!\t.-_~+=`(){}#;|*?",
                      *const signs[] = {"ä", "ß", "漢", "😀", "é", "x"};
    uint32_t kind = below(seed, 5), length = 6 + below(seed, 40);
    while (out->length < length) {
        switch (kind) {
        case 0:
            rb_buf_putc(out, plain[below(seed, sizeof plain - 1)]);
            break;
        case 1:
            rb_buf_putc(out, odd[below(seed, sizeof odd - 1)]);
            break;
        case 2:
            rb_buf_putc(out, (char)next(seed));
            break;
        case 3:
            rb_buf_puts(out, signs[below(seed, RB_COUNT(signs))]);
            break;
        default:
            rb_buf_putc(out, below(seed, 9) ? plain[below(seed, 45)] : '\n');
        }
    }
}

/* Secrets that have to do with each other: the beginning, the end, or the middle of one is a
 * part of another. */
static void related_value(uint64_t *seed, const struct rb_secret *other, struct rb_buf *out)
{
    size_t from = below(seed, (uint32_t)other->length / 2 + 1);
    size_t length = 1 + below(seed, (uint32_t)(other->length - from));
    if (below(seed, 2))
        random_value(seed, out);
    rb_buf_append(out, other->bytes + from, length);
    if (out->length < 6 || below(seed, 2))
        random_value(seed, out);
}

static void make_secrets(uint64_t *seed, struct rb_secrets *secrets, struct words *words)
{
    uint32_t count = 1 + below(seed, SECRETS_MOST);
    for (uint32_t i = 0; i < count; i++) {
        RB_AUTO_BUF struct rb_buf value = {0};
        if (i > 0 && below(seed, 2))
            related_value(seed, &secrets->items[i - 1], &value);
        else
            random_value(seed, &value);
        rb_secrets_put(secrets, (char[]){'S', (char)('0' + i), 0}, value.data, value.length,
                       false);
        words->name = i;
        rb_spellings(value.data, value.length, keep_word, words);
    }
}

static void put_wrapped(uint64_t *seed, const struct word *word, struct rb_buf *out)
{
    uint32_t width = LINE_LEAST + below(seed, 60), column = below(seed, width);
    const char *ends = below(seed, 2) ? "\n" : "\r\n";
    for (size_t i = 0; i < word->text.length; i++, column++) {
        if (i > 0 && column >= width) {
            rb_buf_puts(out, ends);
            column = 0;
        }
        rb_buf_putc(out, word->text.data[i]);
    }
}

/* Words, beginnings and ends of words, words inside each other, and what has nothing to do with
 * them. */
static void make_stream(uint64_t *seed, const struct words *words, struct rb_buf *out)
{
    uint32_t parts = below(seed, 12);
    for (uint32_t i = 0; i < parts; i++) {
        const struct word *word = &words->items[below(seed, (uint32_t)words->count)];
        size_t length = word->text.length;
        size_t cut = below(seed, (uint32_t)length);
        switch (below(seed, 6)) {
        case 0:
            rb_buf_append(out, word->text.data, cut);
            break;
        case 1:
            rb_buf_append(out, word->text.data + cut, length - cut);
            break;
        case 2:
            for (uint32_t k = below(seed, 30); k > 0; k--)
                rb_buf_putc(out, (char)(' ' + below(seed, 95)));
            break;
        case 3:
            if (word->wraps) {
                put_wrapped(seed, word, out);
                break;
            }
            /* fall through */
        default:
            rb_buf_append(out, word->text.data, length);
        }
    }
}

static bool is_line_end(char byte)
{
    return byte == '\n' || byte == '\r';
}

/* Where the word that begins here ends, 0: none does. */
static size_t match(const struct rb_buf *text, size_t at, const struct word *word)
{
    int breaks = 0;
    for (size_t i = 0; i < word->text.length; at++) {
        if (at == text->length)
            return 0;
        if (text->data[at] == word->text.data[i]) {
            breaks = 0;
            i++;
        } else if (!word->wraps || i == 0 || !is_line_end(text->data[at]) ||
                   breaks++ == 2) {
            return 0;
        }
    }
    return at;
}

/* The same by trying every word at every place: what a redaction has to give. */
static void redact_slowly(const struct rb_buf *text, const struct words *words,
                          struct rb_buf *out)
{
    size_t *ends = rb_alloc((text->length + 1) * sizeof *ends);
    unsigned *names = rb_alloc((text->length + 1) * sizeof *names);
    size_t *lengths = rb_alloc((text->length + 1) * sizeof *lengths);
    for (size_t at = 0; at < text->length; at++) {
        for (size_t i = 0; i < words->count; i++) {
            size_t end = match(text, at, &words->items[i]);
            if (end <= ends[at])
                continue;
            ends[at] = end;
            names[at] = words->items[i].name;
            lengths[at] = end - at;
        }
    }
    for (size_t at = 0; at < text->length;) {
        if (ends[at] == 0) {
            rb_buf_putc(out, text->data[at++]);
            continue;
        }
        size_t end = ends[at], longest = lengths[at];
        unsigned name = names[at];
        for (at++; at < end; at++) {
            if (lengths[at] > longest) {
                longest = lengths[at];
                name = names[at];
            }
            end = ends[at] > end ? ends[at] : end;
        }
        rb_buf_printf(out, "[secret:S%u]", name);
    }
    free(ends);
    free(names);
    free(lengths);
}

static void redact_in_pieces(uint64_t *seed, const struct rb_redactor *redactor,
                             const struct rb_buf *text, struct rb_buf *out)
{
    struct rb_redaction stream = {0};
    uint32_t most = below(seed, 3) ? 1 + below(seed, 64) : 1;
    for (size_t at = 0; at < text->length;) {
        size_t piece = 1 + below(seed, most);
        piece = piece < text->length - at ? piece : text->length - at;
        rb_redact(redactor, &stream, text->data + at, piece, out);
        at += piece;
    }
    rb_redact_end(redactor, &stream, out);
}

/* Markers of neighbours may look as if a word stood there: a secret of signs like theirs. */
static bool remains(const struct rb_buf *out, const struct word *word)
{
    if (strpbrk(rb_buf_text(&word->text), "[]:"))
        return false;
    return memmem(rb_buf_text(out), out->length, word->text.data, word->text.length);
}

static void one_round(uint64_t seed)
{
    struct rb_secrets secrets = {0};
    struct words words = {0};
    RB_AUTO_BUF struct rb_buf text = {0}, out = {0}, expected = {0};
    make_secrets(&seed, &secrets, &words);
    struct rb_redactor *redactor = rb_redactor_new(&secrets);
    make_stream(&seed, &words, &text);
    redact_in_pieces(&seed, redactor, &text, &out);
    redact_slowly(&text, &words, &expected);
    assert_int_equal(out.length, expected.length);
    assert_memory_equal(rb_buf_text(&out), rb_buf_text(&expected), out.length);
    for (size_t i = 0; i < words.count; i++)
        assert_false(remains(&out, &words.items[i]));
    rb_redactor_free(redactor);
    rb_secrets_done(&secrets);
    free_words(&words);
}

static void nothing_is_left_whatever_the_secrets_and_the_pieces(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++)
        one_round(seed);
}

static struct rb_redactor *redactor_of(const char *const *values)
{
    struct rb_secrets secrets = {0};
    for (size_t i = 0; values[i]; i++)
        rb_secrets_put(&secrets, (char[]){(char)('a' + i), 0}, values[i], strlen(values[i]),
                       false);
    struct rb_redactor *redactor = rb_redactor_new(&secrets);
    rb_secrets_done(&secrets);
    return redactor;
}

static void gives(const char *const *values, const char *text, const char *expected)
{
    RB_AUTO_BUF struct rb_buf whole = {0}, single = {0};
    struct rb_redactor *redactor = redactor_of(values);
    struct rb_redaction stream = {0};
    rb_redact_text(redactor, text, strlen(text), &whole);
    for (const char *at = text; *at; at++)
        rb_redact(redactor, &stream, at, 1, &single);
    rb_redact_end(redactor, &stream, &single);
    rb_redactor_free(redactor);
    assert_string_equal(rb_buf_text(&whole), expected);
    assert_string_equal(rb_buf_text(&single), expected);
}

#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void the_longest_of_those_that_overlap_gives_the_name(void **state)
{
    (void)state;
    gives(VALUES("abcdef", "abcdefghij"), "<abcdefghij>", "<[secret:b]>");
    gives(VALUES("abcdef", "abcdefghij"), "<abcdefghi>", "<[secret:a]ghi>");
    gives(VALUES("abcdefgh", "ghijkl"), "<abcdefghijkl>", "<[secret:a]>");
    gives(VALUES("abcdef", "efghijkl"), "<abcdefghijkl>", "<[secret:b]>");
    gives(VALUES("abcdef", "uvwxyz"), "abcdefuvwxyz", "[secret:a][secret:b]");
    gives(VALUES("aaaaaa"), "<aaaaaaaaaaaaaaaaaaaaaaaa>", "<[secret:a]>");
}

static void the_spellings_of_well_known_programs_are_known(void **state)
{
    (void)state;
    const char *const *value = VALUES("pass/w0rd &'\"ä");
    gives(value, "cGFzcy93MHJkICYnIsOk", "[secret:a]");           /* base64 */
    gives(value, "eHBhc3MvdzByZCAmJyLDpHk=", "eH[secret:a]Hk=");  /* between two bytes */
    gives(value, "eHlwYXNzL3cwcmQgJiciw6Q=", "eHl[secret:a]");    /* after two bytes */
    gives(value, "706173732f7730726420262722c3a4", "[secret:a]"); /* xxd -p */
    gives(value, "pass%2Fw0rd%20%26%27%22%C3%A4", "[secret:a]"); /* curl --data-urlencode */
    gives(value, "pass%2fw0rd+%26%27%22%c3%a4", "[secret:a]");   /* a form */
    gives(value, "pass%2Fw0rd%20%26'%22%C3%A4", "[secret:a]");   /* encodeURIComponent */
    gives(value, "pass/w0rd &'\\\"\\u00e4", "[secret:a]");       /* json.dumps */
    gives(value, "pass/w0rd \\u0026'\\\"ä", "[secret:a]");       /* Go's json */
    gives(value, "pass\\/w0rd &'\\\"\\u00e4", "[secret:a]");     /* PHP's */
    gives(value, "'pass/w0rd &'\\''\"ä'", "'[secret:a]'");       /* bash -x */
    gives(value, "'pass/w0rd &'\"'\"'\"ä'", "'[secret:a]'");     /* shlex.quote */
    gives(value, "pass/w0rd\\ \\&\\'\\\"ä", "[secret:a]");       /* printf %q */
    gives(VALUES("one line\ntwo"), "$'one line\\ntwo'", "$'[secret:a]'");
}

static void lines_are_secrets_and_short_ones_are_not(void **state)
{
    (void)state;
    const char *const *value = VALUES("-----BEGIN\r\nMIIEvQ/x\nabc\n-----END");
    gives(value, "3: MIIEvQ/x\n4: abc\n", "3: [secret:a]\n4: abc\n");
    gives(value, "-----BEGIN\n", "[secret:a]\n");
}

static void what_stands_behind_the_host_of_a_url_is_secret_too(void **state)
{
    (void)state;
    const char *const values[] = {"https://hooks.example.org/services/T01/B02/xyz",
                                  "https://example.org/api/v1", NULL};
    gives(values, "404: /services/T01/B02/xyz at hooks.example.org",
          "404: [secret:a] at hooks.example.org");
    gives(values, "{\"path\": \"\\/services\\/T01\\/B02\\/xyz\"}",
          "{\"path\": \"[secret:a]\"}");
    gives(values, "https://hooks.example.org/services/T01/B02/xyz is gone",
          "[secret:a] is gone");
    gives(values, "GET /api/v1", "GET /api/v1");
}

static void base64_in_lines_is_found(void **state)
{
    (void)state;
    gives(VALUES("a secret that is longer than one line"),
          "Ojo6Ojo6OmEgc2VjcmV0\nIHRoYXQgaXMgbG9uZ2VyIHRo\r\nYW4gb25lIGxpbmU7\n",
          "Ojo6Ojo6Om[secret:a]U7\n");
}

static void names(const char *const *values, const char *name, const char *expected)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    struct rb_redactor *redactor = redactor_of(values);
    rb_redact_name(redactor, name, strlen(name), &out);
    rb_redactor_free(redactor);
    assert_string_equal(rb_buf_text(&out), expected);
}

static void a_name_is_searched_as_it_came_and_in_lower_case(void **state)
{
    (void)state;
    const char *const *value = VALUES("Zq8-Token-W");
    names(value, "X-Zq8-Token-W", "x-[secret:a]");
    names(value, "x-zq8-token-w-Y", "x-[secret:a]-y");
    names(value, "X-WnE4LVRva2VuLVc", "x-[secret:a]c"); /* base64 */
    names(value, "Content-Type", "content-type");
    names(VALUES("1234"), "X-1234", "x-1234");
    /* The word of ours that a secret may be is a word still. */
    struct rb_redactor *redactor = redactor_of(VALUES("headers"));
    RB_AUTO_VALUE const struct rb_value *plain =
        rb_value_map("headers", rb_value_text("headers"), NULL);
    RB_AUTO_VALUE const struct rb_value *out = rb_redact_value(redactor, plain);
    rb_redactor_free(redactor);
    assert_string_equal(rb_value_get_text(out, "headers", ""), "[secret:a]");
}

static void without_a_secret_everything_passes(void **state)
{
    (void)state;
    struct rb_secrets secrets = {0};
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_secrets_put(&secrets, "pin", "1234", 4, true);
    assert_null(rb_redactor_new(&secrets));
    rb_redact_text(NULL, "1234\0", 5, &out);
    assert_memory_equal(out.data, "1234\0", 5);
    rb_secrets_done(&secrets);
}

static void what_is_held_is_no_more_than_may_be_a_secret(void **state)
{
    (void)state;
    struct rb_redactor *redactor =
        redactor_of(VALUES("abcdefgh", "aaaaaaaaaaaaaaaaaaaaaaaaaa"));
    struct rb_redaction stream = {0};
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_redact(redactor, &stream, "Password: ", 10, &out);
    assert_string_equal(rb_buf_text(&out), "Password: ");
    rb_redact(redactor, &stream, "xabc", 4, &out);
    assert_string_equal(rb_buf_text(&out), "Password: x");
    for (int i = 0; i < 100000; i++)
        rb_redact(redactor, &stream, "a", 1, &out);
    assert_true(stream.held.length <= 26);
    rb_redact_end(redactor, &stream, &out);
    assert_string_equal(rb_buf_text(&out), "Password: xabc[secret:b]");
    rb_redactor_free(redactor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_whatever_the_secrets_and_the_pieces),
        cmocka_unit_test(the_longest_of_those_that_overlap_gives_the_name),
        cmocka_unit_test(the_spellings_of_well_known_programs_are_known),
        cmocka_unit_test(lines_are_secrets_and_short_ones_are_not),
        cmocka_unit_test(what_stands_behind_the_host_of_a_url_is_secret_too),
        cmocka_unit_test(base64_in_lines_is_found),
        cmocka_unit_test(a_name_is_searched_as_it_came_and_in_lower_case),
        cmocka_unit_test(without_a_secret_everything_passes),
        cmocka_unit_test(what_is_held_is_no_more_than_may_be_a_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
