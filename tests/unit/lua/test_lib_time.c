/* time against a clock that stands at 2025-11-22T23:01:07.9Z. */

#include "bench.h"

static bool answer_one(void *context, const struct rb_value *request,
                       const struct rb_value **ret_outcome, struct rb_error *err)
{
    (void)context, (void)err;
    assert_string_equal(rb_value_get_text(request, "call", ""), "time.now");
    *ret_outcome = bench_json("{\"now\":\"2025-11-22T23:01:07.900000Z\"}");
    return true;
}

static bool answer(void *context, const struct rb_value *requests,
                   const struct rb_value **ret_outcomes, struct rb_error *err)
{
    return bench_answer_each(answer_one, context, requests, ret_outcomes, err);
}

static void gives(const char *source, const char *part)
{
    struct rb_world lua = {NULL, answer, -1, NULL, NULL};
    RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
        bench_json(bench_scope), rb_value_list(bench_item("value", source, false), NULL),
        bench_limits(8 << 20, 1000000), &lua);
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_json_encode(rb_value_at(rb_value_get(outcome, "items"), 0), &text);
    if (!strstr(rb_buf_text(&text), part))
        fail_msg("%s\ngave %s\nwanted %s", source, rb_buf_text(&text), part);
}

static void the_clock_is_asked_and_its_fraction_cut_off(void **state)
{
    (void)state;
    gives("time.now()", "\"value\":1763852467}");
    gives("time.since('2025-11-22T23:01:00Z')", "\"value\":7}");
    gives("time.since('2025-11-22T23:02:07Z')", "\"value\":-60}");
    gives("time.since(1763852400.5)", "\"value\":67}");
}

static void a_text_is_read_with_its_zone(void **state)
{
    static const char *const same[] = {
        "2025-11-22T23:01:07Z",          "2025-11-22 23:01:07Z",
        "2025-11-22t23:01:07z",          "2025-11-23T00:01:07+01:00",
        "2025-11-23 00:01:07+01",        "2025-11-23T00:01:07+0100",
        "2025-11-22T17:31:07-05:30",     "2025-11-22T23:01:07.104512Z",
        "2025-11-22T23:01:07.999999999Z"};
    (void)state;
    for (size_t i = 0; i < RB_COUNT(same); i++) {
        char source[80];
        snprintf(source, sizeof source, "time.parse('%s')", same[i]);
        gives(source, "\"value\":1763852467}");
    }
    gives("time.parse('2025-11-22')", "\"value\":1763769600}");
    gives("time.parse('1969-12-31T23:59:59.5Z')", "\"value\":-1}");
    gives("time.parse('2024-02-29')", "\"value\":1709164800}");
}

static void another_text_is_an_error(void **state)
{
    static const struct {
        const char *text, *why;
    } wrong[] = {
        {"2025-11-22T23:01:07", "has no zone: UTC is said by a Z"},
        {"2025-02-29", "there is no such time"},
        {"2025-11-22T24:00:00Z", "there is no such time"},
        {"2025-11-22T23:01:07 CET", "there is no such time"},
        {"2025-11-22T23:01:07Z ", "there is no such time"},
        {"22.11.2025", "is no time as"},
        {"Sat, 22 Nov 2025 23:01:07 GMT", "is no time as"},
        {"1763852467", "is no time as"},
        {"", "is no time as"},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT(wrong); i++) {
        char source[80];
        snprintf(source, sizeof source, "time.parse('%s')", wrong[i].text);
        gives(source, wrong[i].why);
    }
    gives("time.parse(5)", "x.check:10: time.parse: a number is no text");
    gives("time.since(0/0)", "time.since: a number is no time");
    gives("time.since(nil)", "time.since: a nil is no time");
    gives("time.format(253402300800)", "the years are 0001 to 9999");
}

static void spans_are_those_of_the_language(void **state)
{
    (void)state;
    gives("time.seconds('1h30m')", "\"value\":5400}");
    gives("time.seconds('2d')", "\"value\":172800}");
    gives("time.seconds('0s')", "\"value\":0}");
    gives("time.seconds('1500ms') == 1.5", "\"value\":true}");
    gives("time.seconds(5)", "time.seconds: it takes a duration");
    gives("time.seconds('1 hour')", "time.seconds: it takes a duration");
    gives("time.format(time.add('2025-11-24T10:00:00Z', '-48h'))",
          "\"value\":\"2025-11-22T10:00:00Z\"}");
    gives("time.add(100, '+1m')", "\"value\":160}");
    gives("time.add(100, '1m')", "\"value\":160}");
    gives("time.add(100, '500ms')", "a duration of whole seconds");
    gives("time.add(100, '--1m')", "a duration of whole seconds");
    gives("time.add(100, 60)", "a duration of whole seconds");
    gives("time.format(-1)", "\"value\":\"1969-12-31T23:59:59Z\"}");
    gives("time.format('0001-01-01')", "\"value\":\"0001-01-01T00:00:00Z\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_is_asked_and_its_fraction_cut_off),
        cmocka_unit_test(a_text_is_read_with_its_zone),
        cmocka_unit_test(another_text_is_an_error),
        cmocka_unit_test(spans_are_those_of_the_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
