#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/value.h"

#include <math.h>
#include <stdio.h>

static void kinds_are_told_apart(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *number = rb_value_number(1.5);
    RB_AUTO_VALUE const struct rb_value *text = rb_value_text("x");
    RB_AUTO_VALUE const struct rb_value *list = rb_value_list(NULL);
    RB_AUTO_VALUE const struct rb_value *map = rb_value_map(NULL);
    RB_AUTO_VALUE const struct rb_value *large = rb_value_int(1 << 30);
    const struct rb_value *const values[] = {
        rb_value_null(), rb_value_bool(true), large, number, text, list, map};
    static const char *const names[] = {"null",   "boolean", "integer", "number",
                                        "string", "list",    "map"};
    for (size_t i = 0; i < RB_COUNT(values); i++) {
        assert_int_equal(rb_value_kind(values[i]), i);
        assert_string_equal(rb_kind_name((enum rb_kind)i), names[i]);
        for (size_t j = 0; j < RB_COUNT(values); j++) {
            assert_int_equal(rb_value_is(values[i], (enum rb_kind)j), i == j);
            assert_int_equal(rb_value_equal(values[i], values[j]), i == j);
        }
    }
}

static void looking_at_nothing_finds_nothing(void **state)
{
    (void)state;
    assert_int_equal(rb_value_kind(NULL), RB_NULL);
    assert_true(rb_value_is(NULL, RB_NULL));
    assert_true(rb_value_equal(NULL, rb_value_null()));
    assert_true(rb_value_equal(rb_value_null(), NULL));
    assert_false(rb_value_equal(NULL, rb_value_bool(false)));
    assert_int_equal(rb_value_count(NULL), 0);
    assert_int_equal(rb_value_length(NULL), 0);
    assert_null(rb_value_at(NULL, 0));
    assert_null(rb_value_get(NULL, "x"));
    assert_null(rb_value_key_at(NULL, 0));
    assert_null(rb_value_member_at(NULL, 0));
    assert_int_equal(rb_value_as_int(NULL, 7), 7);
    assert_null(rb_value_ref(NULL));
    rb_value_unref(NULL);
}

static void a_value_of_another_kind_gives_the_default(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *text = rb_value_text("5");
    RB_AUTO_VALUE const struct rb_value *number = rb_value_number(2.5);
    assert_int_equal(rb_value_as_int(text, -1), -1);
    assert_int_equal(rb_value_as_int(number, -1), -1);
    assert_true(rb_value_as_bool(text, true));
    assert_true(rb_value_as_number(text, 0.5) == 0.5);
    assert_true(rb_value_as_number(number, 0) == 2.5);
    assert_true(rb_value_as_number(rb_value_int(3), 0) == 3.0);
    assert_string_equal(rb_value_as_text(number, "none"), "none");
    assert_int_equal(rb_value_count(text), 0);
    assert_int_equal(rb_value_length(number), 0);
    assert_null(rb_value_at(text, 0));
    assert_null(rb_value_get(text, "5"));
}

static void integers_of_any_size_keep_their_value(void **state)
{
    (void)state;
    static const int64_t numbers[] = {0, 1, 15, 16, -1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < RB_COUNT(numbers); i++) {
        RB_AUTO_VALUE const struct rb_value *value = rb_value_int(numbers[i]);
        assert_int_equal(rb_value_as_int(value, 42), numbers[i]);
    }
}

static void strings_hold_any_bytes(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *value = rb_value_string("a\0\xFF", 3);
    assert_int_equal(rb_value_length(value), 3);
    assert_memory_equal(rb_value_as_text(value, ""), "a\0\xFF", 4);
    RB_AUTO_VALUE const struct rb_value *shorter = rb_value_text("a");
    assert_false(rb_value_equal(value, shorter));
    RB_AUTO_VALUE const struct rb_value *empty = rb_value_string(NULL, 0);
    assert_string_equal(rb_value_as_text(empty, "none"), "");
    RB_AUTO_VALUE const struct rb_value *formatted = rb_value_textf("%s.%03d", "step", 7);
    assert_string_equal(rb_value_as_text(formatted, ""), "step.007");
}

static void lists_keep_their_order(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *list =
        rb_value_list(rb_value_text("a"), rb_value_int(2), rb_value_null(), NULL);
    assert_int_equal(rb_value_count(list), 3);
    assert_string_equal(rb_value_as_text(rb_value_at(list, 0), ""), "a");
    assert_int_equal(rb_value_as_int(rb_value_at(list, 1), 0), 2);
    assert_true(rb_value_is(rb_value_at(list, 2), RB_NULL));
    assert_null(rb_value_at(list, 3));
}

static void members_are_sorted_by_the_bytes_of_their_keys(void **state)
{
    (void)state;
    static const char *const sorted[] = {"",   "$a", "A", "a",       "aa",
                                         "ab", "b",  "~", "\xC3\xA4"};
    struct rb_map_builder builder = {0};
    for (size_t i = 0; i < RB_COUNT(sorted); i++) { /* 4 is prime to 9: all, in disorder */
        size_t place = (i * 4 + 2) % RB_COUNT(sorted);
        rb_map_add(&builder, sorted[place], rb_value_int((int64_t)place));
    }
    RB_AUTO_VALUE const struct rb_value *map = rb_map_end(&builder);
    assert_int_equal(rb_value_count(map), RB_COUNT(sorted));
    for (size_t i = 0; i < RB_COUNT(sorted); i++) {
        assert_string_equal(rb_value_as_text(rb_value_key_at(map, i), "none"), sorted[i]);
        assert_int_equal(rb_value_as_int(rb_value_member_at(map, i), -1), i);
        assert_int_equal(rb_value_get_int(map, sorted[i], -1), i);
    }
    assert_null(rb_value_get(map, "c"));
    assert_null(rb_value_get(map, "aaa"));
    assert_null(rb_value_getn(map, "aa\0", 3));
    assert_non_null(rb_value_getn(map, "aab", 2));
}

static void the_last_of_equal_keys_wins(void **state)
{
    (void)state;
    struct rb_map_builder builder = {0};
    for (int i = 0; i < 1000; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%d", i % 10);
        rb_map_add(&builder, key, rb_value_int(i));
    }
    RB_AUTO_VALUE const struct rb_value *map = rb_map_end(&builder);
    assert_int_equal(rb_value_count(map), 10);
    assert_int_equal(rb_value_get_int(map, "k3", 0), 993);
    RB_AUTO_VALUE const struct rb_value *pair =
        rb_value_map("a", rb_value_int(1), "a", rb_value_int(2), NULL);
    assert_int_equal(rb_value_count(pair), 1);
    assert_int_equal(rb_value_get_int(pair, "a", 0), 2);
}

static void an_absent_member_is_left_out(void **state)
{
    (void)state;
    const struct rb_value *none = NULL;
    RB_AUTO_VALUE const struct rb_value *map =
        rb_value_map("b", none, "a", rb_value_bool(true), "c", rb_value_text("x"), NULL);
    assert_int_equal(rb_value_count(map), 2);
    assert_null(rb_value_get(map, "b"));
    assert_true(rb_value_get_bool(map, "a", false));
    assert_string_equal(rb_value_get_text(map, "c", ""), "x");
    assert_string_equal(rb_value_get_text(map, "d", "none"), "none");
}

static void a_builder_is_empty_again_after_its_end(void **state)
{
    (void)state;
    struct rb_list_builder items = {0};
    rb_list_add(&items, rb_value_int(1));
    rb_value_unref(rb_list_end(&items));
    RB_AUTO_VALUE const struct rb_value *list = rb_list_end(&items);
    assert_int_equal(rb_value_count(list), 0);
    struct rb_map_builder members = {0};
    rb_map_addn(&members, "key", 1, rb_value_int(1));
    RB_AUTO_VALUE const struct rb_value *map = rb_map_end(&members);
    assert_int_equal(rb_value_get_int(map, "k", 0), 1);
    assert_null(members.members);
}

static void one_map_is_laid_over_another(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *base =
        rb_value_map("a", rb_value_int(1), "b", rb_value_int(2), NULL);
    RB_AUTO_VALUE const struct rb_value *over =
        rb_value_map("b", rb_value_int(3), "c", rb_value_int(4), NULL);
    RB_AUTO_VALUE const struct rb_value *merged = rb_value_merge(base, over);
    assert_int_equal(rb_value_count(merged), 3);
    assert_int_equal(rb_value_get_int(merged, "a", 0), 1);
    assert_int_equal(rb_value_get_int(merged, "b", 0), 3);
    assert_int_equal(rb_value_get_int(merged, "c", 0), 4);
    assert_int_equal(rb_value_get_int(base, "b", 0), 2);
    RB_AUTO_VALUE const struct rb_value *left = rb_value_merge(base, NULL);
    RB_AUTO_VALUE const struct rb_value *right = rb_value_merge(NULL, over);
    RB_AUTO_VALUE const struct rb_value *nothing = rb_value_merge(NULL, NULL);
    assert_true(rb_value_equal(left, base));
    assert_true(rb_value_equal(right, over));
    assert_true(rb_value_is(nothing, RB_MAP));
}

static void a_value_lives_as_long_as_it_is_referenced(void **state)
{
    (void)state;
    const struct rb_value *inner = rb_value_text("inner");
    const struct rb_value *list = rb_value_list(rb_value_ref(inner), NULL);
    const struct rb_value *again = rb_value_ref(list);
    rb_value_unref(list);
    assert_ptr_equal(rb_value_at(again, 0), inner);
    rb_value_unref(again);
    assert_string_equal(rb_value_as_text(inner, ""), "inner");
    rb_value_unref(inner);
}

static void equality_looks_into_lists_and_maps(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *a =
        rb_value_map("l", rb_value_list(rb_value_int(1), rb_value_text("x"), NULL), NULL);
    RB_AUTO_VALUE const struct rb_value *same =
        rb_value_map("l", rb_value_list(rb_value_int(1), rb_value_text("x"), NULL), NULL);
    RB_AUTO_VALUE const struct rb_value *deeper =
        rb_value_map("l", rb_value_list(rb_value_int(1), rb_value_text("y"), NULL), NULL);
    RB_AUTO_VALUE const struct rb_value *longer =
        rb_value_map("l", rb_value_list(rb_value_int(1), NULL), NULL);
    RB_AUTO_VALUE const struct rb_value *renamed =
        rb_value_map("m", rb_value_list(rb_value_int(1), rb_value_text("x"), NULL), NULL);
    assert_true(rb_value_equal(a, same));
    assert_false(rb_value_equal(a, deeper));
    assert_false(rb_value_equal(a, longer));
    assert_false(rb_value_equal(a, renamed));
}

static bool equal_numbers(double left, double right)
{
    RB_AUTO_VALUE const struct rb_value *a = rb_value_number(left);
    RB_AUTO_VALUE const struct rb_value *b = rb_value_number(right);
    return rb_value_equal(a, b);
}

static void equal_numbers_are_written_the_same(void **state)
{
    (void)state;
    assert_true(equal_numbers(0.1, 0.1));
    assert_true(equal_numbers(NAN, -NAN));
    assert_false(equal_numbers(0.0, -0.0));
    assert_false(equal_numbers(1.0, NAN));
    RB_AUTO_VALUE const struct rb_value *number = rb_value_number(1.0);
    assert_false(rb_value_equal(number, rb_value_int(1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(looking_at_nothing_finds_nothing),
        cmocka_unit_test(a_value_of_another_kind_gives_the_default),
        cmocka_unit_test(integers_of_any_size_keep_their_value),
        cmocka_unit_test(strings_hold_any_bytes),
        cmocka_unit_test(lists_keep_their_order),
        cmocka_unit_test(members_are_sorted_by_the_bytes_of_their_keys),
        cmocka_unit_test(the_last_of_equal_keys_wins),
        cmocka_unit_test(an_absent_member_is_left_out),
        cmocka_unit_test(a_builder_is_empty_again_after_its_end),
        cmocka_unit_test(one_map_is_laid_over_another),
        cmocka_unit_test(a_value_lives_as_long_as_it_is_referenced),
        cmocka_unit_test(equality_looks_into_lists_and_maps),
        cmocka_unit_test(equal_numbers_are_written_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
