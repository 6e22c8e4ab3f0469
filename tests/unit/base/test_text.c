#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* UTF-8 by the book, apart from the code under test; also of what must not be encoded. */
static int encode(unsigned code_point, char ret_bytes[4])
{
    unsigned char *at = (unsigned char *)ret_bytes;
    if (code_point < 0x80) {
        at[0] = (unsigned char)code_point;
        return 1;
    }
    int size = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (int i = size - 1; i > 0; i--, code_point >>= 6)
        at[i] = (unsigned char)(0x80 | (code_point & 0x3F));
    at[0] = (unsigned char)((0xF00 >> size & 0xF0) | code_point);
    return size;
}

static void expect_visible(const char *bytes, size_t length, const char *shown)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_text_visible(bytes, length, false, &out);
    assert_string_equal(rb_buf_text(&out), shown);
}

static void every_code_point_decodes_to_itself(void **state)
{
    (void)state;
    for (unsigned code_point = 0; code_point <= 0x10FFFF; code_point++) {
        char bytes[4];
        unsigned decoded = 0;
        int size = encode(code_point, bytes);
        bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
        int got = rb_text_decode(bytes, (size_t)size, &decoded);
        if (got != (surrogate ? 0 : size) || (!surrogate && decoded != code_point))
            fail_msg("U+%04X", code_point);
        if (size > 1)
            assert_int_equal(rb_text_decode(bytes, (size_t)size - 1, &decoded), 0);
    }
}

static void overlong_and_broken_sequences_are_not_decoded(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC0\xAF",
        "\xC1\xBF",
        "\xE0\x80\x80",
        "\xE0\x9F\xBF",
        "\xF0\x80\x80\x80",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFE",
        "\xFF",
        "\xC3",
        "\xC3(",
        "\xE2\x82",
        "\xE2(\xA1",
        "\xE2\x82(",
        "\xF0\x90\x8D",
        "\xF0(\x8C\xBC",
        "\xF0\x90(\xBC",
        "\xF0\x90\x8D(",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
    };
    for (size_t i = 0; i < RB_COUNT(wrong); i++) {
        unsigned code_point = 42;
        assert_int_equal(rb_text_decode(wrong[i], strlen(wrong[i]), &code_point), 0);
        assert_int_equal(code_point, 42);
        assert_int_equal(rb_text_valid_utf8(wrong[i], strlen(wrong[i])), 0);
    }
    unsigned code_point;
    assert_int_equal(rb_text_decode("", 0, &code_point), 0);
}

static void the_valid_prefix_ends_before_the_first_bad_byte(void **state)
{
    (void)state;
    assert_int_equal(rb_text_valid_utf8("a\xC3\xA4\0b", 5), 5);
    assert_int_equal(rb_text_valid_utf8("a\xC3\xA4\xC3", 4), 3);
    assert_int_equal(rb_text_valid_utf8("", 0), 0);
}

static void c0_and_del_are_shown_as_escapes(void **state)
{
    (void)state;
    for (int byte = 0; byte < 0x20; byte++) {
        char bytes[3] = {'a', (char)byte, 'b'}, shown[16];
        const char *name = byte == '\n'   ? "\\n"
                           : byte == '\r' ? "\\r"
                           : byte == '\t' ? "\\t"
                           : byte == 0x1B ? "\\e"
                                          : NULL;
        if (name)
            snprintf(shown, sizeof shown, "a%sb", name);
        else
            snprintf(shown, sizeof shown, "a\\x%02xb", byte);
        expect_visible(bytes, 3, shown);
    }
    expect_visible("\x7F", 1, "\\x7f");
}

static void every_hidden_code_point_is_shown_as_its_number(void **state)
{
    (void)state;
    static const unsigned ranges[][2] = {
        {0x80, 0x9F},     {0xAD, 0xAD},       {0x61C, 0x61C},     {0x180E, 0x180E},
        {0x200B, 0x200F}, {0x2028, 0x202E},   {0x2060, 0x206F},   {0xFEFF, 0xFEFF},
        {0xFFF9, 0xFFFB}, {0xE0001, 0xE0001}, {0xE0020, 0xE007F},
    };
    for (size_t i = 0; i < RB_COUNT(ranges); i++) {
        for (unsigned code_point = ranges[i][0]; code_point <= ranges[i][1]; code_point++) {
            char bytes[4], shown[16];
            size_t size = (size_t)encode(code_point, bytes);
            snprintf(shown, sizeof shown, code_point > 0xFFFF ? "\\U%08x" : "\\u%04x",
                     code_point);
            expect_visible(bytes, size, shown);
        }
    }
}

static void bytes_that_are_not_utf8_are_shown_one_by_one(void **state)
{
    (void)state;
    for (int byte = 0x80; byte <= 0xFF; byte++) {
        char bytes[2] = {(char)byte, 'a'}, shown[16];
        snprintf(shown, sizeof shown, "\\x%02xa", byte);
        expect_visible(bytes, 2, shown);
    }
    expect_visible("\xED\xA0\x80", 3, "\\xed\\xa0\\x80");
    expect_visible("\xC0\x9B[2J", 5, "\\xc0\\x9b[2J");
    expect_visible("\xE2\x80", 2, "\\xe2\\x80");
    expect_visible("\xE0\x80\x9B", 3, "\\xe0\\x80\\x9b");
}

static void text_stays_as_it_is(void **state)
{
    (void)state;
    static const char text[] =
        "C:\\dir ~ \xC3\xA4 \xE6\x97\xA5 \xF0\x9F\x98\x80 \xE2\x9C\x94\xEF\xB8\x8F";
    expect_visible(text, strlen(text), text);
    expect_visible("", 0, "");
}

static void no_byte_of_the_result_can_act_on_a_terminal(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    uint32_t seed = 1;
    for (int i = 0; i < 300000; i++) {
        seed = seed * 1664525 + 1013904223;
        char encoded[4];
        if (seed >> 30 == 0)
            rb_buf_append(&bytes, encoded, (size_t)encode((seed >> 8) % 0x3000, encoded));
        else
            rb_buf_putc(&bytes, (char)(seed >> 16));
    }
    RB_AUTO_BUF struct rb_buf once = {0}, twice = {0};
    rb_text_visible(bytes.data, bytes.length, false, &once);
    for (size_t at = 0; at < once.length;) {
        unsigned code_point = 0;
        int size = rb_text_decode(once.data + at, once.length - at, &code_point);
        assert_true(size > 0);
        assert_true(code_point >= 0x20 && (code_point < 0x7F || code_point > 0x9F));
        assert_false(rb_text_hidden(code_point));
        at += (size_t)size;
    }
    rb_text_visible(once.data, once.length, false, &twice);
    assert_string_equal(rb_buf_text(&twice), rb_buf_text(&once));
}

static void kept_lines_keep_newline_and_tab_and_nothing_else(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf out = {0};
    static const char text[] = "a\tb\r\nc\n\x0B\x0C\x1B\xC2\x85\xE2\x80\xA8";
    rb_text_visible(text, strlen(text), true, &out);
    assert_string_equal(rb_buf_text(&out), "a\tb\\r\nc\n\\x0b\\x0c\\e\\u0085\\u2028");
}

static void widths_are_those_of_terminals(void **state)
{
    (void)state;
    static const struct {
        unsigned code_point;
        int width;
    } cases[] = {
        {'a', 1},     {0xE4, 1},   {0x300, 0},  {0x36F, 0},   {0x370, 1},    {0x1100, 2},
        {0x1161, 0},  {0x200D, 0}, {0x2500, 1}, {0x2714, 1},  {0x231A, 2},   {0x3042, 2},
        {0x65E5, 2},  {0xAC00, 2}, {0xFE0F, 0}, {0xFF21, 2},  {0xFF61, 1},   {0x1F600, 2},
        {0x20000, 2}, {0x0E31, 0}, {0x2705, 2}, {0xE0100, 0}, {0x10FFFF, 1},
    };
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        if (rb_text_width(cases[i].code_point) != cases[i].width)
            fail_msg("U+%04X", cases[i].code_point);
    }
}

static void the_nearest_name_is_found(void **state)
{
    (void)state;
    static const char *const keys[] = {"run",        "exec",  "gate", "timeout",
                                       "on_failure", "title", NULL};
    static const struct {
        const char *word, *nearest;
    } cases[] = {
        {"gaet", "gate"},
        {"gat", "gate"},
        {"gatee", "gate"},
        {"Gate", "gate"},
        {"timout", "timeout"},
        {"tiemuot", "timeout"},
        {"on_fialure", "on_failure"},
        {"onfailure", "on_failure"},
        {"ru", "run"},
        {"gate", "gate"},
        {"gore", NULL},
        {"xyz", NULL},
        {"deploy", NULL},
        {"", NULL},
        {"titles", "title"},
    };
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        const char *nearest = rb_text_nearest(cases[i].word, keys);
        if (cases[i].nearest ? !nearest || strcmp(nearest, cases[i].nearest) != 0
                             : nearest != NULL)
            fail_msg("%s: %s", cases[i].word, nearest ? nearest : "nothing");
    }
}

static void of_equally_near_names_the_first_is_taken(void **state)
{
    (void)state;
    static const char *const keys[] = {"abcx", "abcy", "abc", NULL};
    assert_string_equal(rb_text_nearest("abcz", keys), "abcx");
    assert_string_equal(rb_text_nearest("abc", keys), "abc");
}

static void endless_words_are_nobodys_misspelling(void **state)
{
    (void)state;
    char word[5000];
    memset(word, 'a', sizeof word);
    word[sizeof word - 1] = '\0';
    static const char *const keys[] = {"a", NULL};
    const char *const long_keys[] = {word, "b", NULL};
    assert_null(rb_text_nearest(word, keys));
    assert_string_equal(rb_text_nearest("b", long_keys), "b");
}

static void a_prefix_is_recognised(void **state)
{
    (void)state;
    assert_true(rb_text_starts("params.x", "params."));
    assert_true(rb_text_starts("params.", "params."));
    assert_true(rb_text_starts("x", ""));
    assert_false(rb_text_starts("param", "params."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_decodes_to_itself),
        cmocka_unit_test(overlong_and_broken_sequences_are_not_decoded),
        cmocka_unit_test(the_valid_prefix_ends_before_the_first_bad_byte),
        cmocka_unit_test(c0_and_del_are_shown_as_escapes),
        cmocka_unit_test(every_hidden_code_point_is_shown_as_its_number),
        cmocka_unit_test(bytes_that_are_not_utf8_are_shown_one_by_one),
        cmocka_unit_test(text_stays_as_it_is),
        cmocka_unit_test(no_byte_of_the_result_can_act_on_a_terminal),
        cmocka_unit_test(kept_lines_keep_newline_and_tab_and_nothing_else),
        cmocka_unit_test(widths_are_those_of_terminals),
        cmocka_unit_test(the_nearest_name_is_found),
        cmocka_unit_test(of_equally_near_names_the_first_is_taken),
        cmocka_unit_test(endless_words_are_nobodys_misspelling),
        cmocka_unit_test(a_prefix_is_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
