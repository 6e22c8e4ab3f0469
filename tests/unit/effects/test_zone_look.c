/* Windows and times by the zone's data, on the days on which its clock is set. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/duration.h"
#include "effects/zone_look.h"

static int64_t seconds(const char *text)
{
    rb_time utc;
    assert_true(rb_time_parse(text, &utc));
    return utc / RB_SEC;
}

static const struct rb_value *days(const char *text)
{
    struct rb_list_builder list = {0};
    for (; *text; text++)
        rb_list_add(&list, rb_value_int(*text - '0'));
    return rb_list_end(&list);
}

struct window {
    const char *days, *from, *to, *tz, *except;
};

static const struct rb_value *look(const struct window *window, const char *now)
{
    RB_AUTO_VALUE const struct rb_value *req = rb_value_map(
        "days", days(window->days), "from", rb_value_text(window->from), "to",
        rb_value_text(window->to), "tz", rb_value_text(window->tz), "now",
        rb_value_int(seconds(now)), "except",
        rb_value_list(rb_value_text(window->except ? window->except : ""), NULL), NULL);
    return rb_zone_look("time.window", req);
}

static void assert_time(const struct rb_value *seen, const char *member, const char *time)
{
    char text[28] = "never";
    const struct rb_value *at = rb_value_get(seen, member);
    if (at)
        rb_time_format(rb_value_as_int(at, 0) * RB_SEC, text);
    text[at ? 19 : 5] = '\0';
    assert_string_equal(text, time);
}

static void is(const struct window *window, const char *now, bool open, const char *since,
               const char *until)
{
    RB_AUTO_VALUE const struct rb_value *seen = look(window, now);
    assert_null(rb_value_get(seen, "error"));
    assert_int_equal(rb_value_get_bool(seen, "open", !open), open);
    assert_time(seen, "since", since);
    assert_time(seen, "until", until);
    assert_true(strncmp(rb_value_get_text(seen, "zone", ""), "sha256:", 7) == 0);
}

static const struct window office = {"1234", "09:00", "16:00", "Europe/Berlin",
                                     "2026-12-24"};

static void a_window_is_open_by_the_clock_of_its_place(void **state)
{
    (void)state;
    is(&office, "2026-11-30T08:00:00Z", true, "2026-11-30T08:00:00", "2026-11-30T15:00:00");
    is(&office, "2026-11-30T07:59:59Z", false, "2026-11-26T15:00:00",
       "2026-11-30T08:00:00");
    is(&office, "2026-11-30T15:00:00Z", false, "2026-11-30T15:00:00",
       "2026-12-01T08:00:00");
    is(&office, "2026-07-01T07:00:00Z", true, "2026-07-01T07:00:00", "2026-07-01T14:00:00");
}

static void a_date_can_be_excepted(void **state)
{
    (void)state;
    is(&office, "2026-12-24T10:00:00Z", false, "2026-12-23T15:00:00",
       "2026-12-28T08:00:00");
}

static void one_over_midnight_belongs_to_the_day_it_opens_on(void **state)
{
    const struct window night = {"5", "22:00", "04:00", "Europe/Berlin", NULL};
    const struct window no_night = {"5", "22:00", "04:00", "Europe/Berlin", "2026-12-04"};
    (void)state;
    is(&night, "2026-12-05T02:00:00Z", true, "2026-12-04T21:00:00", "2026-12-05T03:00:00");
    is(&night, "2026-12-04T02:00:00Z", false, "2026-11-28T03:00:00", "2026-12-04T21:00:00");
    is(&no_night, "2026-12-05T02:00:00Z", false, "2026-11-28T03:00:00",
       "2026-12-11T21:00:00");
}

/* On 2026-03-29 the clocks of Berlin go from 02:00 to 03:00, on 2026-10-25 from 03:00 to 02:00. */
static void f36_a_time_that_no_clock_shows(void **state)
{
    const struct window gap = {"7", "02:30", "05:00", "Europe/Berlin", NULL};
    const struct window within = {"1234567", "02:10", "02:50", "Europe/Berlin", NULL};
    (void)state;
    is(&gap, "2026-03-29T00:59:59Z", false, "2026-03-22T04:00:00", "2026-03-29T01:00:00");
    is(&gap, "2026-03-29T01:00:00Z", true, "2026-03-29T01:00:00", "2026-03-29T03:00:00");
    is(&within, "2026-03-29T01:00:00Z", false, "2026-03-28T01:50:00",
       "2026-03-30T00:10:00");
}

static void f36_a_time_that_clocks_show_twice(void **state)
{
    const struct window overlap = {"7", "02:30", "05:00", "Europe/Berlin", NULL};
    const struct window whole = {"1234567", "00:00", "24:00", "Europe/Berlin", NULL};
    const struct window sunday = {"7", "00:00", "24:00", "Europe/Berlin", NULL};
    (void)state;
    is(&overlap, "2026-10-25T00:30:00Z", true, "2026-10-25T00:30:00",
       "2026-10-25T01:00:00");
    is(&overlap, "2026-10-25T01:00:00Z", false, "2026-10-25T01:00:00",
       "2026-10-25T01:30:00");
    is(&overlap, "2026-10-25T01:30:00Z", true, "2026-10-25T01:30:00",
       "2026-10-25T04:00:00");
    is(&sunday, "2026-10-25T12:00:00Z", true, "2026-10-24T22:00:00", "2026-10-25T23:00:00");
    is(&whole, "2026-10-25T00:30:00Z", true, "never", "never");
}

static void f36_a_leap_day(void **state)
{
    const struct window all = {"1234567", "00:00", "24:00", "America/New_York",
                               "2028-02-29"};
    (void)state;
    is(&all, "2028-02-29T12:00:00Z", false, "2028-02-29T05:00:00", "2028-03-01T05:00:00");
    is(&all, "2028-02-28T12:00:00Z", true, "never", "2028-02-29T05:00:00");
}

static void clocks_may_be_half_an_hour_off_and_change_by_less(void **state)
{
    const struct window kolkata = {"1234567", "09:00", "16:00", "Asia/Kolkata", NULL};
    const struct window howe = {"1234567", "01:45", "02:15", "Australia/Lord_Howe", NULL};
    (void)state;
    is(&kolkata, "2026-01-01T04:00:00Z", true, "2026-01-01T03:30:00",
       "2026-01-01T10:30:00");
    is(&howe, "2026-04-04T14:50:00Z", true, "2026-04-04T14:45:00", "2026-04-04T15:00:00");
}

static void at(const char *text, const char *tz, const char *now, const char *time)
{
    RB_AUTO_VALUE const struct rb_value *req =
        rb_value_map("at", rb_value_text(text), "tz", rb_value_text(tz), "now",
                     rb_value_int(seconds(now)), NULL);
    RB_AUTO_VALUE const struct rb_value *seen = rb_zone_look("time.at", req);
    assert_null(rb_value_get(seen, "error"));
    assert_time(seen, "at", time);
}

static void a_time_of_day_is_the_next_one_there_is(void **state)
{
    (void)state;
    at("22:00", "Europe/Berlin", "2026-11-30T20:59:59Z", "2026-11-30T21:00:00");
    at("22:00", "Europe/Berlin", "2026-11-30T21:00:00Z", "2026-11-30T21:00:00");
    at("22:00:00", "Europe/Berlin", "2026-11-30T21:00:01Z", "2026-12-01T21:00:00");
    at("00:15", "Pacific/Kiritimati", "2026-11-30T11:00:00Z", "2026-12-01T10:15:00");
    at("2026-07-01 09:00", "Europe/Berlin", "2026-11-30T21:00:01Z", "2026-07-01T07:00:00");
}

static void f36_a_time_on_a_day_on_which_the_clock_is_set(void **state)
{
    (void)state;
    at("02:30", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00");
    at("02:30", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00");
    at("2026-03-29T02:30", "Europe/Berlin", "2026-01-01T12:00:00Z", "2026-03-29T01:00:00");
}

static void refused(const char *call, const char *tz, int64_t now, const char *time,
                    const char *message)
{
    RB_AUTO_VALUE const struct rb_value *req = rb_value_map(
        "at", rb_value_text(time), "from", rb_value_text(time), "to",
        rb_value_text("10:00"), "tz", rb_value_text(tz), "now", rb_value_int(now), NULL);
    RB_AUTO_VALUE const struct rb_value *seen = rb_zone_look(call, req);
    assert_string_equal(rb_value_get_text(rb_value_get(seen, "error"), "message", ""),
                        message);
}

static void what_nobody_knows_is_not_utc(void **state)
{
    (void)state;
    refused("time.window", "Europe/Berln", 1000000000, "09:00",
            "there is no time zone Europe/Berln here");
    refused("time.window", "../../../etc/passwd", 1000000000, "09:00",
            "there is no time zone ../../../etc/passwd here");
    refused("time.at", "tzdata.zi", 1000000000, "09:00",
            "there is no time zone tzdata.zi here");
    refused("time.at", "Europe", 1000000000, "09:00", "there is no time zone Europe here");
    refused("time.window", "UTC", 1000000000, "10:00", "this is no window");
    refused("time.window", "UTC", 1000000000, "noon", "this is no window");
    refused("time.at", "UTC", 1000000000, "2026-11-30T21:00:01Z",
            "this is no time of a place");
    refused("time.at", "UTC", -1, "09:00", "there is no such time");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_open_by_the_clock_of_its_place),
        cmocka_unit_test(a_date_can_be_excepted),
        cmocka_unit_test(one_over_midnight_belongs_to_the_day_it_opens_on),
        cmocka_unit_test(f36_a_time_that_no_clock_shows),
        cmocka_unit_test(f36_a_time_that_clocks_show_twice),
        cmocka_unit_test(f36_a_leap_day),
        cmocka_unit_test(clocks_may_be_half_an_hour_off_and_change_by_less),
        cmocka_unit_test(a_time_of_day_is_the_next_one_there_is),
        cmocka_unit_test(f36_a_time_on_a_day_on_which_the_clock_is_set),
        cmocka_unit_test(what_nobody_knows_is_not_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
