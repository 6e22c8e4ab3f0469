#include "reading.h"

#define STEP "id: a\n  run: ls\n  expect: "

static void exit_codes_are_one_or_several(void **state)
{
    (void)state;
    expect_step(STEP "{exit: 3}", "spec.expect", "{\"exit\":[3]}");
    expect_step(STEP "{exit: [0, 255]}", "spec.expect", "{\"exit\":[0,255]}");
    expect_step_findings(STEP "{exit: 256}", "217@3:16");
    expect_step_findings(STEP "{exit: []}", "218@3:16");
    expect_step_findings(STEP "{exit: [0, -1, x]}", "217@3:20 205@3:24");
}

static void output_is_a_pattern_between_slashes_or_the_text_itself(void **state)
{
    (void)state;
    expect_step(STEP "{stdout: /^ok (\\d+)$/}", "spec.expect",
                "{\"stdout\":{\"pattern\":\"^ok (\\\\d+)$\"}}");
    expect_step(STEP "{stdout: done, stderr: ''}", "spec.expect",
                "{\"stderr\":{\"equals\":\"\"},\"stdout\":{\"equals\":\"done\"}}");
    expect_step(STEP "{stdout: {pattern: a/b}}", "spec.expect.stdout",
                "{\"pattern\":\"a/b\"}");
    expect_step(STEP "{stdout: {equals: /a/}}", "spec.expect.stdout",
                "{\"equals\":\"/a/\"}");
    expect_step(STEP "{stdout: \"v ${{ params.v }}\"}", "spec.expect.stdout.equals",
                "{\"$$text\":[\"v \",{\"$$expr\":0}]}");
    expect_step(STEP "{stdout: 010}", "spec.expect.stdout", "{\"equals\":\"010\"}");
    expect_step(STEP "{stdout: /}", "spec.expect.stdout", "{\"equals\":\"/\"}");
    expect_step_findings(STEP "{stdout: {pattern: a, equals: b}}", "222@3:18");
    expect_step_findings(STEP "{stdout: {}}", "222@3:18");
    expect_step_findings(STEP "{stdout: {regex: a}}", "201@3:19");
    expect_step_findings(STEP "{stdout: [a]}", "203@3:18");
}

static void a_pattern_has_to_compile_and_holds_no_value(void **state)
{
    (void)state;
    expect_step_findings(STEP "{stdout: /a(b/}", "215@3:21");
    expect_step_findings(STEP "{stdout: '/${{ params.v }}/'}", "214@3:18");
    expect_step_findings(STEP "{stdout: {pattern: '${{ params.v }}'}}", "214@3:28");
}

static void json_is_any_value(void **state)
{
    (void)state;
    expect_step(STEP "{json: {status: healthy, version: \"${{ params.v }}\", n: [1, 0.5]}}",
                "spec.expect.json",
                "{\"n\":[1,{\"$number\":\"0.5\"}],\"status\":\"healthy\","
                "\"version\":{\"$$expr\":0}}");
    expect_step_findings(STEP "{json: {version: 1.10}}", "208@3:26");
    expect_step_findings(STEP "{json: {$expr: 7}}", "209@3:17");
}

static void a_longest_time_and_nothing_at_all_can_be_expected(void **state)
{
    (void)state;
    expect_step(STEP "{max_time: 2s}", "spec.expect", "{\"max_time_us\":2000000}");
    expect_step(STEP "none", "spec.expect", "{\"none\":true}");
    expect_step_findings(STEP "nothing", "203@3:9");
    expect_step_findings(STEP "0", "203@3:9");
    expect_step_findings(STEP "{exit: 0, stdot: x}", "201@3:19");
    expect_step_findings(STEP "{}", "218@3:9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes_are_one_or_several),
        cmocka_unit_test(output_is_a_pattern_between_slashes_or_the_text_itself),
        cmocka_unit_test(a_pattern_has_to_compile_and_holds_no_value),
        cmocka_unit_test(json_is_any_value),
        cmocka_unit_test(a_longest_time_and_nothing_at_all_can_be_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
