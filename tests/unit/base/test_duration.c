#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/duration.h"

static void units_add_up(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        rb_time span;
    } cases[] = {
        {"0s", 0},
        {"1ms", 1000},
        {"500ms", 500000},
        {"90s", 90 * RB_SEC},
        {"1h30m", 5400 * RB_SEC},
        {"2d", 172800 * RB_SEC},
        {"1d2h3m4s5ms", 93784005000},
        {"366d", 366L * 86400 * RB_SEC},
        {"31622400s", 366L * 86400 * RB_SEC},
        {"1m1ms", 60001000},
    };
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        rb_time span;
        assert_true(rb_duration_parse(cases[i].text, &span, NULL));
        assert_int_equal(span, cases[i].span);
    }
}

static void everything_else_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"", "whole numbers with units"},
        {"10", "needs its unit"},
        {"1h30", "needs its unit"},
        {"h", "whole numbers with units"},
        {"-5s", "whole numbers with units"},
        {"+5s", "whole numbers with units"},
        {" 5s", "whole numbers with units"},
        {"5 s", "the units are"},
        {"5s ", "whole numbers with units"},
        {"5x", "the units are"},
        {"5min", "the units are"},
        {"5S", "the units are"},
        {"5us", "the units are"},
        {"1.5h", "only whole numbers"},
        {"1,5h", "only whole numbers"},
        {"5s5s", "each unit once"},
        {"5s5m", "each unit once"},
        {"5ms1s", "each unit once"},
        {"367d", "the longest is 366d"},
        {"366d1ms", "the longest is 366d"},
        {"999999999999d", "the longest is 366d"},
        {"99999999999999999999999s", "whole numbers with units"},
        {"5s\xC3\xA4", "whole numbers with units"},
    };
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        rb_time span = 42;
        struct rb_error err = {0};
        assert_false(rb_duration_parse(cases[i].text, &span, &err));
        assert_int_equal(span, 42);
        assert_int_equal(err.code, RB_ERR_INVALID);
        if (!strstr(err.message, cases[i].reason))
            fail_msg("%s: %s", cases[i].text, err.message);
    }
}

static void a_formatted_duration_reads_back(void **state)
{
    (void)state;
    static const rb_time spans[] = {
        0,           RB_MS,         999 * RB_MS, RB_SEC,
        90 * RB_SEC, 5400 * RB_SEC, 93784005000, 366L * 86400 * RB_SEC};
    static const char *const texts[] = {"0s",    "1ms",   "999ms",       "1s",
                                        "1m30s", "1h30m", "1d2h3m4s5ms", "366d"};
    for (size_t i = 0; i < RB_COUNT(spans); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_duration_format(spans[i], &text);
        assert_string_equal(rb_buf_text(&text), texts[i]);
        rb_time span;
        assert_true(rb_duration_parse(rb_buf_text(&text), &span, NULL));
        assert_int_equal(span, spans[i]);
    }
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_duration_format(999, &text);
    assert_string_equal(rb_buf_text(&text), "0s");
}

static void people_see_two_units(void **state)
{
    (void)state;
    static const struct {
        rb_time span;
        const char *text;
    } cases[] = {
        {-RB_SEC, "0ms"},           {1500, "1ms"},
        {999999, "999ms"},          {4200000, "4.2s"},
        {59999999, "59.9s"},        {63 * RB_SEC, "1m03s"},
        {3599 * RB_SEC, "59m59s"},  {7500 * RB_SEC, "2h05m"},
        {86399 * RB_SEC, "23h59m"}, {(3 * 86400 + 4 * 3600) * RB_SEC, "3d04h"},
    };
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_duration_human(cases[i].span, &text);
        assert_string_equal(rb_buf_text(&text), cases[i].text);
    }
}

static void times_have_27_characters(void **state)
{
    (void)state;
    char text[28];
    rb_time_format(INT64_C(1763852467104512), text);
    assert_string_equal(text, "2025-11-22T23:01:07.104512Z");
    rb_time_format(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
    rb_time_format(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    rb_time_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
    rb_time_format(INT64_MIN, text);
    assert_string_equal(text, "0000-01-01T00:00:00.000000Z");
}

static void a_formatted_time_reads_back(void **state)
{
    (void)state;
    for (int64_t i = -62167219200; i < 253402300800; i += 86400 * 97 + 12345) {
        rb_time utc = i * RB_SEC + (i % 1000000 + 1000000) % 1000000, again;
        char text[28];
        rb_time_format(utc, text);
        assert_true(rb_time_parse(text, &again));
        assert_int_equal(again, utc);
    }
}

static void a_time_may_have_a_zone_and_a_short_fraction(void **state)
{
    (void)state;
    static const struct {
        const char *text, *utc;
    } cases[] = {
        {"2025-11-22T23:01:07Z", "2025-11-22T23:01:07.000000Z"},
        {"2025-11-22T23:01:07.5Z", "2025-11-22T23:01:07.500000Z"},
        {"2025-11-22T23:01:07+02:00", "2025-11-22T21:01:07.000000Z"},
        {"2025-11-22T23:01:07.25-03:30", "2025-11-23T02:31:07.250000Z"},
        {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"},
    };
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        rb_time utc;
        char text[28];
        assert_true(rb_time_parse(cases[i].text, &utc));
        rb_time_format(utc, text);
        assert_string_equal(text, cases[i].utc);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "2025",
        "2025-11-22",
        "2025-11-22T23:01:07",
        "2025-11-22 23:01:07Z",
        "2025-11-22T23:01Z",
        "2025-11-22T23:01:07z",
        "2025-11-22T24:00:00Z",
        "2025-11-22T23:60:00Z",
        "2025-11-22T23:59:60Z",
        "2025-02-29T00:00:00Z",
        "2025-04-31T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-01-00T00:00:00Z",
        "2025-11-22T23:01:07.Z",
        "2025-11-22T23:01:07.1234567Z",
        "2025-11-22T23:01:07+2:00",
        "2025-11-22T23:01:07+0200",
        "2025-11-22T23:01:07+24:00",
        "2025-11-22T23:01:07Z ",
        "-025-11-22T23:01:07Z",
    };
    for (size_t i = 0; i < RB_COUNT(wrong); i++) {
        rb_time utc = 42;
        if (rb_time_parse(wrong[i], &utc))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(utc, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_add_up),
        cmocka_unit_test(everything_else_is_refused_with_a_reason),
        cmocka_unit_test(a_formatted_duration_reads_back),
        cmocka_unit_test(people_see_two_units),
        cmocka_unit_test(times_have_27_characters),
        cmocka_unit_test(a_formatted_time_reads_back),
        cmocka_unit_test(a_time_may_have_a_zone_and_a_short_fraction),
        cmocka_unit_test(what_is_no_time_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
