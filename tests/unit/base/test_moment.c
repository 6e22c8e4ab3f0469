#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"

static void reads(const char *text, enum rb_moment_kind kind, const char *point,
                  rb_time offset)
{
    struct rb_moment moment;
    if (!rb_moment_parse(text, &moment))
        fail_msg("`%s` is not read", text);
    assert_int_equal(moment.kind, kind);
    assert_int_equal(moment.offset, offset);
    char utc[28];
    rb_time_format(moment.utc, utc);
    utc[19] = '\0';
    assert_string_equal(kind == RB_MOMENT_ABSOLUTE ? utc : moment.local, point);
}

static void a_point_has_its_distance_from_utc(void **state)
{
    (void)state;
    reads("2025-11-24T10:00:00Z", RB_MOMENT_ABSOLUTE, "2025-11-24T10:00:00", 0);
    reads("2025-11-24T10:00:00+02:00", RB_MOMENT_ABSOLUTE, "2025-11-24T08:00:00", 0);
    reads("2025-11-24 10:00-01:30", RB_MOMENT_ABSOLUTE, "2025-11-24T11:30:00", 0);
    reads("2025-11-24T10:00Z", RB_MOMENT_ABSOLUTE, "2025-11-24T10:00:00", 0);
}

static void a_time_without_it_is_that_of_a_place(void **state)
{
    (void)state;
    reads("2025-11-24T10:00", RB_MOMENT_LOCAL, "2025-11-24T10:00:00", 0);
    reads("2025-11-24 10:00:07", RB_MOMENT_LOCAL, "2025-11-24T10:00:07", 0);
    reads("2024-02-29 00:00", RB_MOMENT_LOCAL, "2024-02-29T00:00:00", 0);
    reads("09:30", RB_MOMENT_OF_DAY, "09:30:00", 0);
    reads(" 23:59:59 ", RB_MOMENT_OF_DAY, "23:59:59", 0);
}

static void durations_are_added_and_taken_off(void **state)
{
    (void)state;
    const rb_time hour = 3600 * RB_SEC;
    reads("2025-11-24T10:00:00Z - 48h", RB_MOMENT_ABSOLUTE, "2025-11-24T10:00:00",
          -48 * hour);
    reads("2025-11-24T10:00:00Z-48h", RB_MOMENT_ABSOLUTE, "2025-11-24T10:00:00",
          -48 * hour);
    reads("2025-11-24T10:00:00+02:00-1h30m + 2d", RB_MOMENT_ABSOLUTE, "2025-11-24T08:00:00",
          48 * hour - 3 * hour / 2);
    reads("22:00 -  30m", RB_MOMENT_OF_DAY, "22:00:00", -hour / 2);
}

static void anything_else_is_none(void **state)
{
    static const char *const texts[] = {
        "",
        "tomorrow",
        "2025-11-24",
        "2025-02-29 10:00",
        "24:00",
        "9:00",
        "09:60",
        "2025-11-24T10:00:00Z - 48",
        "10:00 - ",
        "- 48h",
        "2025-11-24T10:00:00Z * 2h",
        "48h",
        "10:00Z",
        "2025-11-24T10:00:00+02:00:00",
        "2025-11-24X10:00:00Z",
        "2025-11-24T10:00:00ZZ - 1h",
        "10:00 - 366d1h",
        "2025-11-24T10:00:00.1234567890123456789012345678901234567890Z"};
    (void)state;
    for (size_t i = 0; i < RB_COUNT(texts); i++) {
        struct rb_moment moment;
        if (rb_moment_parse(texts[i], &moment))
            fail_msg("`%s` is read", texts[i]);
    }
}

static void a_day_ends_at_24(void **state)
{
    rb_time since;
    (void)state;
    assert_true(rb_moment_of_day("24:00", &since));
    assert_int_equal(since, 86400 * RB_SEC);
    assert_false(rb_moment_of_day("24:01", &since));
    assert_false(rb_moment_of_day("12:00 ", &since));
    assert_true(rb_moment_is_date("2024-02-29"));
    assert_false(rb_moment_is_date("2025-02-29"));
    assert_false(rb_moment_is_date("2025-2-28"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_point_has_its_distance_from_utc),
        cmocka_unit_test(a_time_without_it_is_that_of_a_place),
        cmocka_unit_test(durations_are_added_and_taken_off),
        cmocka_unit_test(anything_else_is_none),
        cmocka_unit_test(a_day_ends_at_24),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
