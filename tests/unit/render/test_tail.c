#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "render/tail.h"

static void assert_tail(const char *bytes, bool cut, int max, const char *expected)
{
    struct rb_tail tail;
    RB_AUTO_BUF struct rb_buf joined = {0};
    rb_tail_of(bytes, strlen(bytes), cut, max, &tail);
    for (int i = 0; i < tail.count; i++)
        rb_buf_printf(&joined, "%s|", tail.lines[i]);
    rb_tail_done(&tail);
    assert_string_equal(rb_buf_text(&joined), expected);
}

static void the_last_lines_come_in_order_and_empty_ones_are_left_out(void **state)
{
    (void)state;
    assert_tail("a\n\nb\nc\n\n", false, 2, "b|c|");
    assert_tail("a\nb", false, 9, "a|b|");
    assert_tail("", false, 9, "");
    assert_tail("\n\n", false, 9, "");
}

static void a_line_whose_beginning_is_missing_is_left_out_unless_it_is_all(void **state)
{
    (void)state;
    assert_tail("alf\nwhole\n", true, 9, "whole|");
    assert_tail("alf", true, 9, "alf|");
}

static void assert_whole(const char *bytes, bool cut, int max, bool expected)
{
    struct rb_tail tail;
    rb_tail_of(bytes, strlen(bytes), cut, max, &tail);
    assert_int_equal(tail.whole, expected);
    rb_tail_done(&tail);
}

static void it_is_known_whether_a_line_was_left_out(void **state)
{
    (void)state;
    assert_whole("a\n\nb\n", false, 2, true);
    assert_whole("a\nb\n", false, 1, false);
    assert_whole("alf\nwhole\n", true, 9, false);
    assert_whole("alf", true, 9, false);
    assert_whole("", false, 9, true);
}

static void what_a_carriage_return_overwrites_is_shown_as_a_line_of_its_own(void **state)
{
    (void)state;
    assert_tail("10%\r20%\r30%", false, 9, "10%\\r|20%\\r|30%|");
    assert_tail("10%\r20%\r", false, 1, "20%\\r|");
}

static void lines_of_other_systems_end_as_any(void **state)
{
    (void)state;
    assert_tail("a\r\nb\r\n", false, 9, "a|b|");
}

static void tabs_reach_to_the_next_stop(void **state)
{
    (void)state;
    assert_tail("a\tb\n12345678\tc\n表\td\n", false, 9,
                "a       b|12345678        c|表      d|");
}

static void bytes_that_act_on_a_terminal_are_visible(void **state)
{
    (void)state;
    assert_tail("\033[2J\xff\a\n", false, 9, "\\e[2J\\xff\\x07|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_lines_come_in_order_and_empty_ones_are_left_out),
        cmocka_unit_test(a_line_whose_beginning_is_missing_is_left_out_unless_it_is_all),
        cmocka_unit_test(it_is_known_whether_a_line_was_left_out),
        cmocka_unit_test(what_a_carriage_return_overwrites_is_shown_as_a_line_of_its_own),
        cmocka_unit_test(lines_of_other_systems_end_as_any),
        cmocka_unit_test(tabs_reach_to_the_next_stop),
        cmocka_unit_test(bytes_that_act_on_a_terminal_are_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
