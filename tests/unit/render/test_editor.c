#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "render/editor.h"

static enum rb_edit feed(struct rb_editor *editor, const char *bytes)
{
    return rb_editor_feed(editor, bytes, strlen(bytes));
}

static void assert_line(struct rb_editor *editor, const char *expected)
{
    RB_AUTO_FREE char *line = rb_editor_line(editor);
    assert_string_equal(line, expected);
    rb_editor_done(editor);
}

static void enter_ends_a_line_and_space_around_it_is_not_part_of_it(void **state)
{
    (void)state;
    struct rb_editor editor = {0};
    assert_int_equal(feed(&editor, "  yes "), RB_EDIT_MORE);
    assert_int_equal(feed(&editor, "\r"), RB_EDIT_LINE);
    assert_line(&editor, "yes");
}

static void backspace_takes_a_whole_character(void **state)
{
    (void)state;
    struct rb_editor editor = {0};
    feed(&editor, "aé表\x7f\x7f\x08");
    assert_line(&editor, "");
    feed(&editor, "\x7fx");
    assert_line(&editor, "x");
}

static void a_word_and_a_line_can_be_taken_back(void **state)
{
    (void)state;
    struct rb_editor editor = {0};
    feed(&editor, "one two  \x17");
    assert_string_equal(rb_buf_text(&editor.text), "one ");
    feed(&editor, "three\x15"
                  "four");
    assert_line(&editor, "four");
}

static void a_paste_can_not_end_the_line_but_at_its_end(void **state)
{
    (void)state;
    struct rb_editor editor = {0};
    assert_int_equal(feed(&editor, "y\ny\ny"), RB_EDIT_MORE);
    assert_int_equal(feed(&editor, "\n"), RB_EDIT_LINE);
    assert_line(&editor, "y y y");
}

static void ctrl_d_ends_only_an_empty_line(void **state)
{
    (void)state;
    struct rb_editor editor = {0};
    assert_int_equal(feed(&editor, "\x04"), RB_EDIT_END);
    assert_int_equal(feed(&editor, "a\x04"), RB_EDIT_MORE);
    assert_int_equal(feed(&editor, "\x04"), RB_EDIT_MORE);
    assert_line(&editor, "a");
}

static void keys_and_control_characters_leave_nothing(void **state)
{
    (void)state;
    struct rb_editor editor = {0};
    feed(&editor, "a\033[A\033[1;5D\033OP\033[3~b\001\002\033");
    feed(&editor, "c\td");
    assert_line(&editor, "abc d");
}

static void a_character_may_come_in_two_reads_and_half_of_one_is_dropped(void **state)
{
    (void)state;
    struct rb_editor editor = {0};
    feed(&editor, "\xc3");
    feed(&editor, "\xa9");
    feed(&editor, "\xe8\xa1");
    assert_line(&editor, "é");
}

static void a_line_has_an_end(void **state)
{
    (void)state;
    struct rb_editor editor = {0};
    for (int i = 0; i < 1000; i++)
        feed(&editor, "0123456789");
    assert_int_equal(editor.text.length, 4000);
    rb_editor_done(&editor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enter_ends_a_line_and_space_around_it_is_not_part_of_it),
        cmocka_unit_test(backspace_takes_a_whole_character),
        cmocka_unit_test(a_word_and_a_line_can_be_taken_back),
        cmocka_unit_test(a_paste_can_not_end_the_line_but_at_its_end),
        cmocka_unit_test(ctrl_d_ends_only_an_empty_line),
        cmocka_unit_test(keys_and_control_characters_leave_nothing),
        cmocka_unit_test(a_character_may_come_in_two_reads_and_half_of_one_is_dropped),
        cmocka_unit_test(a_line_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
