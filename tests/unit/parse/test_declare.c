#include "reading.h"

#define STEPS "\nsteps: [{id: a, title: t}]\n"

static void a_parameter_has_a_type_and_bounds(void **state)
{
    (void)state;
    expect_plan(
        "runbook: x\nparams:\n"
        "  version: {type: string, pattern: 'v\\d+', help: Release}\n"
        "  ramp: {type: list, of: integer, default: [10, 25], min: 1, max: 100}\n"
        "  region: {values: [eu, us], default: eu}\n"
        "  pause: {type: duration, default: 5m, max: 1h}\n"
        "  rate: {type: number, default: 0.10}\n"
        "  force: {type: boolean, default: false}\n"
        "  zip: {default: 010}" STEPS,
        NULL, "params",
        "[{\"help\":\"Release\",\"name\":\"version\",\"pattern\":\"v\\\\d+\","
        "\"type\":\"string\"},"
        "{\"default\":[10,25],\"max\":100,\"min\":1,\"name\":\"ramp\",\"of\":\"integer\","
        "\"type\":\"list\"},"
        "{\"default\":\"eu\",\"name\":\"region\",\"type\":\"string\","
        "\"values\":[\"eu\",\"us\"]},"
        "{\"default\":\"5m\",\"max\":3600000000,\"name\":\"pause\",\"type\":\"duration\"},"
        "{\"default\":{\"$number\":\"0.1\"},\"name\":\"rate\",\"type\":\"number\"},"
        "{\"default\":false,\"name\":\"force\",\"type\":\"boolean\"},"
        "{\"default\":\"010\",\"name\":\"zip\",\"type\":\"string\"}]");
}

#define PARAM(text) "runbook: x\nparams: {p: " text "}" STEPS

static void mistakes_are_found(void **state)
{
    (void)state;
    expect_findings(PARAM("{type: text}"), "207@2:20");
    expect_findings(PARAM("{type: list, of: list}"), "207@2:30");
    expect_findings(PARAM("{of: string}"), "212@2:18");
    expect_findings(PARAM("{pattern: 'a('}"), "215@2:25");
    expect_findings(PARAM("{type: integer, pattern: a}"), "212@2:38");
    expect_findings(PARAM("{min: 3}"), "212@2:19");
    expect_findings(PARAM("{type: integer, min: 5, max: 4}"), "217@2:42");
    expect_findings(PARAM("{type: duration, min: 5}"), "206@2:35");
    expect_findings(PARAM("{values: []}"), "218@2:22");
    expect_findings(PARAM("{type: integer, values: [1, two]}"), "205@2:41");
    expect_findings(PARAM("{typ: integer}"), "201@2:14");
    expect_findings(PARAM("string"), "203@2:13");
    expect_findings("runbook: x\nparams: {a-b: {}, end: {}}" STEPS, "209@2:10 209@2:19");
}

static void a_default_has_to_fit(void **state)
{
    (void)state;
    expect_findings(PARAM("{pattern: 'v\\d+', default: v1x}"), "216@2:40");
    expect_findings(PARAM("{values: [a], default: b}"), "216@2:36");
    expect_findings(PARAM("{type: integer, min: 3, default: 2}"), "216@2:46");
    expect_findings(PARAM("{type: list, of: integer, max: 3, default: [1, 4]}"),
                    "216@2:56");
    expect_findings(PARAM("{type: integer, default: 010}"), "205@2:38");
    expect_findings(PARAM("{type: boolean, default: no}"), "204@2:38");
    expect_findings(PARAM("{type: duration, default: 5}"), "206@2:39");
    expect_findings(PARAM("{type: list, default: a}"), "203@2:35");
    expect_findings(
        PARAM("{pattern: '(a+)+$', default: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab}"),
        "216@2:42");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parameter_has_a_type_and_bounds),
        cmocka_unit_test(mistakes_are_found),
        cmocka_unit_test(a_default_has_to_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
