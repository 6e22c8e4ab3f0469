#include "reading.h"

#include "parse/scalar.h"

static void a_boolean_is_true_or_false_and_nothing_else(void **state)
{
    (void)state;
    expect_step("id: a\n  run: ls\n  idempotent: true", "idempotent", "true");
    static const char *const words[] = {"yes",   "no", "on", "off",    "True",
                                        "FALSE", "y",  "1",  "'true'", "~"};
    for (size_t i = 0; i < RB_COUNT(words); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_buf_printf(&text, "id: a\n  run: ls\n  idempotent: %s", words[i]);
        expect_step_findings(rb_buf_text(&text), "204@3:13");
    }
    expect_step_help("id: a\n  run: ls\n  idempotent: on", "write true");
    expect_step_help("id: a\n  run: ls\n  idempotent: No", "write false");
}

static void a_whole_number_is_decimal_digits(void **state)
{
    (void)state;
    expect_step("id: a\n  gate: x\n  retry: 12", "retry.attempts", "12");
    static const char *const words[] = {"010", "1e3",   "0x1F",  "1_000", "+3",
                                        "3.0", "\"3\"", "three", "0b1"};
    for (size_t i = 0; i < RB_COUNT(words); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_buf_printf(&text, "id: a\n  gate: x\n  retry: %s", words[i]);
        expect_step_findings(rb_buf_text(&text), "205@3:8");
    }
    expect_step_findings("id: a\n  gate: x\n  retry: 0", "217@3:8");
    expect_step_findings("id: a\n  gate: x\n  retry: -3", "217@3:8");
    expect_step_findings("id: a\n  gate: x\n  retry: 99999999999999999999", "217@3:8");
}

static void text_stays_what_is_written(void **state)
{
    (void)state;
    expect_step(
        "id: a\n  exec: [no, on, 1.10, 010, 12:30, 1e3, ~, true, null]", "spec.argv",
        "[\"no\",\"on\",\"1.10\",\"010\",\"12:30\",\"1e3\",\"~\",\"true\",\"null\"]");
    expect_plan("runbook: x\nenv: {A: no, B: 010, C: 1.10}\nsteps: [{id: a, title: yes}]\n",
                NULL, "env", "{\"A\":\"no\",\"B\":\"010\",\"C\":\"1.10\"}");
}

static void a_duration_has_its_unit(void **state)
{
    (void)state;
    expect_step("id: a\n  wait: 1h30m", "spec.for_us", "5400000000");
    expect_step_findings("id: a\n  wait: 90", "206@2:7");
    expect_step_help("id: a\n  wait: 90", "90s");
    expect_step_findings("id: a\n  wait: soon", "206@2:7");
    expect_step_findings("id: a\n  wait: 0s", "217@2:7");
    expect_step_findings("id: a\n  wait: 10m\n  when: true\n  timeout: 5m", "212@4:1");
}

static void a_word_is_one_of_a_few(void **state)
{
    (void)state;
    expect_step("id: a\n  run: ls\n  on_failure: continue", "on_failure", "\"continue\"");
    expect_step_findings("id: a\n  run: ls\n  on_failure: contiune", "207@3:13");
    expect_step_help("id: a\n  run: ls\n  on_failure: contiune", "did you mean `continue`");
    expect_step_help("id: a\n  run: ls\n  on_failure: x", "stop, continue, ask");
}

static void where_no_field_says_the_type_what_is_doubtful_is_an_error(void **state)
{
    (void)state;
    expect_plan(
        "runbook: x\nvars: {a: true, b: null, c: -3, d: 0.25, e: text, f: '010', "
        "g: 2025-11-08, h: 10.0.0.1, i: v1.10, j: 12:30, k: -}\n"
        "steps: [{id: a, title: t}]\n",
        NULL, "vars",
        "[{\"name\":\"a\",\"value\":true},{\"name\":\"b\",\"value\":null},"
        "{\"name\":\"c\",\"value\":-3},{\"name\":\"d\",\"value\":{\"$number\":\"0.25\"}},"
        "{\"name\":\"e\",\"value\":\"text\"},{\"name\":\"f\",\"value\":\"010\"},"
        "{\"name\":\"g\",\"value\":\"2025-11-08\"},{\"name\":\"h\",\"value\":\"10.0.0.1\"},"
        "{\"name\":\"i\",\"value\":\"v1.10\"},{\"name\":\"j\",\"value\":\"12:30\"},"
        "{\"name\":\"k\",\"value\":\"-\"}]");
    static const char *const words[] = {
        "yes", "No", "on",   "OFF",   "True", "~",  "NULL", "010", "1.10", "1e3",
        "+1",  ".5", "0x1F", "1_000", ".inf", "5.", "-0",   "00",  "1E-3", "0o17"};
    for (size_t i = 0; i < RB_COUNT(words); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_buf_printf(&text, "runbook: x\nvars: {a: %s}\nsteps: [{id: a, title: t}]\n",
                      words[i]);
        expect_findings(rb_buf_text(&text), "208@2:11");
    }
    expect_findings("runbook: x\nvars:\n  a:\nsteps: [{id: a, title: t}]\n", "203@3:5");
}

static void no_value_can_stand_in_a_field_that_is_fixed(void **state)
{
    (void)state;
    expect_step_findings("id: a\n  run: ls\n  timeout: ${{ params.x }}", "214@3:10");
    expect_step_findings("id: a\n  run: ls\n  idempotent: ${{ params.x }}", "214@3:13");
    expect_step_findings("id: ${{ params.x }}\n  run: ls", "214@1:5");
}

static void an_empty_field_says_so(void **state)
{
    (void)state;
    expect_step_findings("id: a\n  run: ls\n  timeout:\n  title:\n  when:\n",
                         "203@3:9 203@4:7 203@5:6");
}

static void numbers_read_back_or_are_none(void **state)
{
    (void)state;
    int64_t number = 0;
    double fraction = 0;
    assert_true(rb_scalar_parse_int("-9223372036854775808", &number));
    assert_true(number == INT64_MIN);
    assert_false(rb_scalar_parse_int("9223372036854775808", &number));
    assert_false(rb_scalar_parse_int("", &number));
    assert_false(rb_scalar_parse_int("-", &number));
    assert_false(rb_scalar_parse_int("-0", &number));
    assert_false(rb_scalar_parse_int("1 ", &number));
    assert_true(rb_scalar_parse_number("0.10", &fraction));
    assert_false(rb_scalar_parse_number("1.", &fraction));
    assert_false(rb_scalar_parse_number("nan", &fraction));
    assert_false(rb_scalar_parse_number("1e5", &fraction));
    assert_true(rb_scalar_parse_fraction("-0.5", &fraction));
    assert_false(rb_scalar_parse_fraction("0.10", &fraction));
    assert_false(rb_scalar_parse_fraction("0.12345678901234567890", &fraction));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_boolean_is_true_or_false_and_nothing_else),
        cmocka_unit_test(a_whole_number_is_decimal_digits),
        cmocka_unit_test(text_stays_what_is_written),
        cmocka_unit_test(a_duration_has_its_unit),
        cmocka_unit_test(a_word_is_one_of_a_few),
        cmocka_unit_test(where_no_field_says_the_type_what_is_doubtful_is_an_error),
        cmocka_unit_test(no_value_can_stand_in_a_field_that_is_fixed),
        cmocka_unit_test(an_empty_field_says_so),
        cmocka_unit_test(numbers_read_back_or_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
