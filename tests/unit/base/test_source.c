#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/source.h"

#include <string.h>

#include "base/arena.h"
#include "base/mem.h"

static int enter(void **state)
{
    *state = rb_arena_new();
    return 0;
}

static int leave(void **state)
{
    rb_arena_free(*state);
    return 0;
}

static void expect_line(const struct rb_source *source, int line, const char *text)
{
    size_t length = 0;
    const char *start = rb_source_line(source, line, &length);
    assert_non_null(start);
    assert_int_equal(length, strlen(text));
    assert_memory_equal(start, text, length);
}

static void lines_come_without_their_newlines(void **state)
{
    static const char text[] = "one\r\n\ntwo\rtwo\nlast";
    struct rb_source *source = rb_source_new(*state, "a.yaml", text, strlen(text));
    assert_string_equal(source->path, "a.yaml");
    assert_int_equal(source->line_count, 4);
    expect_line(source, 1, "one");
    expect_line(source, 2, "");
    expect_line(source, 3, "two\rtwo");
    expect_line(source, 4, "last");
    size_t length;
    assert_null(rb_source_line(source, 0, &length));
    assert_null(rb_source_line(source, 5, &length));
}

static void the_place_behind_the_last_newline_is_a_line(void **state)
{
    struct rb_source *source = rb_source_new(*state, "a", "x\n", 2);
    assert_int_equal(source->line_count, 2);
    expect_line(source, 2, "");
    struct rb_source *empty = rb_source_new(*state, "a", "", 0);
    assert_int_equal(empty->line_count, 1);
    expect_line(empty, 1, "");
    assert_int_equal(rb_source_offset(empty, 1, 1), 0);
    assert_int_equal(rb_source_offset(empty, 7, 7), 0);
}

static void columns_count_code_points(void **state)
{
    static const char text[] = "a\n\xC3\xA4\xE2\x82\xAC"
                               "x\xFFy\n";
    static const struct {
        size_t offset;
        int line, column;
    } cases[] = {
        {0, 1, 1}, {1, 1, 2}, {2, 2, 1}, {3, 2, 1},  {4, 2, 2},  {5, 2, 2},
        {7, 2, 3}, {8, 2, 4}, {9, 2, 5}, {10, 2, 6}, {11, 3, 1}, {99, 3, 1},
    };
    struct rb_source *source = rb_source_new(*state, "a", text, strlen(text));
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        int line, column;
        rb_source_locate(source, cases[i].offset, &line, &column);
        assert_int_equal(line, cases[i].line);
        assert_int_equal(column, cases[i].column);
    }
}

static void an_offset_reads_back_from_its_line_and_column(void **state)
{
    static const char text[] = "steps:\n  - id: \xC3\xBC"
                               "ber\n\n    run: x\r\n";
    struct rb_source *source = rb_source_new(*state, "a", text, strlen(text));
    for (size_t offset = 0; offset <= strlen(text); offset++) {
        if (((unsigned char)text[offset] & 0xC0) == 0x80)
            continue;
        int line, column;
        rb_source_locate(source, offset, &line, &column);
        assert_int_equal(rb_source_offset(source, line, column), offset);
    }
}

static void places_outside_are_clamped(void **state)
{
    struct rb_source *source = rb_source_new(*state, "a", "ab\ncd", 5);
    assert_int_equal(rb_source_offset(source, 1, 99), 2);
    assert_int_equal(rb_source_offset(source, 2, 99), 5);
    assert_int_equal(rb_source_offset(source, 9, 1), 5);
    assert_int_equal(rb_source_offset(source, 0, 5), 0);
    assert_int_equal(rb_source_offset(source, 2, -5), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_come_without_their_newlines, enter, leave),
        cmocka_unit_test_setup_teardown(the_place_behind_the_last_newline_is_a_line, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(columns_count_code_points, enter, leave),
        cmocka_unit_test_setup_teardown(an_offset_reads_back_from_its_line_and_column,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(places_outside_are_clamped, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
