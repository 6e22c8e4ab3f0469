#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "render/row.h"

static const struct rb_paint utf8 = {.utf8 = true}, ascii = {0},
                             colour = {.utf8 = true, .colour = true};

static void assert_row(const struct rb_paint *paint, int limit, const char *text,
                       const char *expected, int width)
{
    struct rb_row row = {.limit = limit};
    rb_row_add(&row, paint, RB_INK_PLAIN, text);
    assert_string_equal(rb_buf_text(&row.text), expected);
    assert_int_equal(row.width, width);
    rb_row_done(&row);
}

static void what_fits_is_kept_and_what_does_not_is_cut_with_a_mark(void **state)
{
    (void)state;
    assert_row(&utf8, 5, "12345", "12345", 5);
    assert_row(&utf8, 5, "123456", "1234…", 5);
    assert_row(&utf8, 0, "123456", "123456", 6);
    assert_row(&ascii, 5, "123456", "1234~", 5);
}

static void a_wide_character_is_never_cut_in_half(void **state)
{
    (void)state;
    assert_row(&utf8, 6, "表示幅", "表示幅", 6);
    assert_row(&utf8, 5, "表示幅", "表示…", 5);
    assert_row(&utf8, 4, "表示幅", "表…", 3);
    assert_row(&utf8, 3, "e\u0301te", "e\u0301te", 3);
}

static void other_encodings_get_no_byte_beyond_ascii(void **state)
{
    (void)state;
    assert_row(&ascii, 0, "é\U0001f680", "\\u00e9\\U0001f680", 16);
}

static void nothing_follows_a_cut(void **state)
{
    (void)state;
    struct rb_row row = {.limit = 4};
    rb_row_add(&row, &utf8, RB_INK_PLAIN, "12345");
    rb_row_add(&row, &utf8, RB_INK_PLAIN, "x");
    rb_row_pad(&row, 9);
    assert_string_equal(rb_buf_text(&row.text), "123…");
    rb_row_done(&row);
}

static void colour_takes_no_room_and_is_always_ended(void **state)
{
    (void)state;
    struct rb_row row = {.limit = 4};
    rb_row_add(&row, &colour, RB_INK_BAD, "12345");
    assert_string_equal(rb_buf_text(&row.text), "\033[31m123…\033[0m");
    assert_int_equal(row.width, 4);
    rb_row_done(&row);
}

static void a_mark_is_a_glyph_or_a_word_never_a_colour_alone(void **state)
{
    (void)state;
    struct rb_row glyph = {0}, word = {0};
    rb_row_mark(&glyph, &utf8, RB_MARK_FAILED);
    rb_row_mark(&word, &ascii, RB_MARK_FAILED);
    assert_string_equal(rb_buf_text(&glyph.text), "✗");
    assert_string_equal(rb_buf_text(&word.text), "FAIL");
    rb_row_done(&glyph);
    rb_row_done(&word);
}

static void assert_wrapped(int limit, int indent, const char *text, const char *expected)
{
    struct rb_rows rows = {0};
    RB_AUTO_BUF struct rb_buf joined = {0};
    rb_row_add(rb_rows_new(&rows, limit), &utf8, RB_INK_PLAIN, "- ");
    rb_rows_wrap(&rows, &utf8, RB_INK_PLAIN, indent, text);
    for (int i = 0; i < rows.count; i++) {
        assert_true(rows.items[i].width <= limit);
        rb_buf_printf(&joined, "%s|", rb_buf_text(&rows.items[i].text));
    }
    rb_rows_done(&rows);
    assert_string_equal(rb_buf_text(&joined), expected);
}

static void text_goes_on_in_rows_below_broken_between_words(void **state)
{
    (void)state;
    assert_wrapped(10, 2, "one two three", "- one two|  three|");
    assert_wrapped(10, 2, "onetwothreefour", "- onetwoth|  reefour|");
    assert_wrapped(10, 4, "one two", "-   one|    two|");
    assert_wrapped(10, 2, "", "- |");
    assert_wrapped(6, 20, "ab cd", "-  ab|   cd|");
    assert_wrapped(5, 2, "表示幅", "- 表|  示|  幅|");
}

static void the_environment_says_what_the_terminal_reads(void **state)
{
    (void)state;
    unsetenv("LC_ALL");
    unsetenv("LC_CTYPE");
    setenv("LANG", "de_DE.UTF-8", 1);
    assert_true(rb_paint_is_utf8());
    setenv("LC_ALL", "C", 1);
    assert_false(rb_paint_is_utf8());
    setenv("LC_ALL", "", 1);
    assert_true(rb_paint_is_utf8());
    unsetenv("LANG");
    assert_false(rb_paint_is_utf8());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_kept_and_what_does_not_is_cut_with_a_mark),
        cmocka_unit_test(a_wide_character_is_never_cut_in_half),
        cmocka_unit_test(other_encodings_get_no_byte_beyond_ascii),
        cmocka_unit_test(nothing_follows_a_cut),
        cmocka_unit_test(colour_takes_no_room_and_is_always_ended),
        cmocka_unit_test(a_mark_is_a_glyph_or_a_word_never_a_colour_alone),
        cmocka_unit_test(text_goes_on_in_rows_below_broken_between_words),
        cmocka_unit_test(the_environment_says_what_the_terminal_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
