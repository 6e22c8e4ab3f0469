#include "reading.h"

static void a_script_is_bound_to_its_values(void **state)
{
    (void)state;
    expect_step("id: a\n  run: ls ${{ params.x }}", "spec",
                "{\"bind\":[{\"$$text\":[{\"$$expr\":0}]}],\"script\":\"ls \\\"$RB_1\\\"\","
                "\"shell\":[\"bash\",\"-euo\",\"pipefail\",\"-c\"]}");
    expect_step("id: a\n  run: ls", "spec.bind", "[]");
    expect_step_findings("id: a\n  run: ''", "203@2:6");
    expect_step_findings("id: a\n  run: [ls]", "203@2:6");
}

static void a_shell_that_is_named_is_made_strict(void **state)
{
    (void)state;
    expect_step("id: a\n  run: ls\n  shell: zsh", "spec.shell",
                "[\"zsh\",\"-euo\",\"pipefail\",\"-c\"]");
    expect_step("id: a\n  run: ls\n  shell: [bash, -euxo, pipefail, -c]", "spec.shell",
                "[\"bash\",\"-euxo\",\"pipefail\",\"-c\"]");
    expect_step_findings("id: a\n  run: ls\n  shell: []", "218@3:8");
}

/* A record has the plan of a version that did not know of them, and is read with this one. */
static void values_that_check_refuses_leave_the_plan_as_it_is(void **state)
{
    (void)state;
    expect_step_findings("id: s\n  run: eval ${{ vars.x }}", "");
    expect_step_findings("id: s\n  exec: [sh, -c, \"${{ vars.x }}\"]", "");
    expect_step_findings("id: s\n  run: sh\n  stdin: ${{ vars.x }}", "");
    expect_step_findings("id: s\n  exec: [ls]\n  env: {BASH_ENV: \"${{ vars.x }}\"}", "");
}

static void a_program_is_a_list_of_arguments(void **state)
{
    (void)state;
    expect_step("id: a\n  exec: [pg_dump, -Fc, \"--host=${{ vars.h }}\"]", "spec.argv",
                "[\"pg_dump\",\"-Fc\",{\"$$text\":[\"--host=\",{\"$$expr\":0}]}]");
    expect_step_findings("id: a\n  exec: pg_dump -Fc", "203@2:7");
    expect_step_help("id: a\n  exec: pg_dump -Fc", "use `run:`");
    expect_step_findings("id: a\n  exec: []", "218@2:7");
    expect_step_findings("id: a\n  exec: [a, [b], {c: d}]", "203@2:11 203@2:16");
}

static void expect_dashes(const char *exec, const char *expected)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&text,
                  "runbook: x\n"
                  "params:\n"
                  "  any: {type: string}\n"
                  "  version: {type: string, pattern: 'v\\d+'}\n"
                  "  loose: {type: string, pattern: '-?\\d+'}\n"
                  "  maybe: {type: string, pattern: '(v\\d+)?'}\n"
                  "  region: {type: string, values: [eu, us]}\n"
                  "  flags: {type: string, values: [-v, us]}\n"
                  "  count: {type: integer, min: 0}\n"
                  "  delta: {type: integer}\n"
                  "  below: {type: integer, min: -5}\n"
                  "  pause: {type: duration}\n"
                  "  force: {type: boolean}\n"
                  "steps:\n"
                  "- id: a\n"
                  "  exec: %s\n",
                  exec);
    expect_plan(rb_buf_text(&text), NULL, "steps.0.spec.dash_ok", expected);
}

static void a_value_may_start_with_a_dash_only_where_that_is_harmless(void **state)
{
    (void)state;
    expect_dashes("[rm, '${{ params.any }}']", "[true,false]");
    expect_dashes("[rm, --, '${{ params.any }}', '${{ vars.x }}']",
                  "[true,true,true,true]");
    expect_dashes("[rm, '${{ params.any }}', --]", "[true,false,true]");
    expect_dashes("[rm, '--file=${{ params.any }}', -f]", "[true,true,true]");
    expect_dashes("['${{ params.any }}']", "[false]");
    expect_dashes("[rm, '${{ params.any }}.txt']", "[true,false]");
    expect_dashes(
        "[x, '${{ params.version }}', '${{ params.region }}', '${{ params.count }}', "
        "'${{ params.pause }}', '${{ params.force }}']",
        "[true,true,true,true,true,true]");
    expect_dashes(
        "[x, '${{ params.loose }}', '${{ params.flags }}', '${{ params.delta }}', "
        "'${{ params.maybe }}', '${{ params.below }}']",
        "[true,false,false,false,false,false]");
    expect_dashes("[x, '${{ params.version .. params.any }}', '${{ params.unknown }}']",
                  "[true,false,false]");
}

static void a_pipe_has_several_programs(void **state)
{
    (void)state;
    expect_step("id: a\n  pipe: [[cat, x], [sort, \"${{ vars.s }}\"]]", "spec",
                "{\"dash_ok\":[[true,true],[true,false]],"
                "\"pipe\":[[\"cat\",\"x\"],[\"sort\",{\"$$text\":[{\"$$expr\":0}]}]]}");
    expect_step_findings("id: a\n  pipe: [[cat]]", "218@2:7");
    expect_step_findings("id: a\n  pipe: [cat, [sort]]", "203@2:8");
}

static void a_lua_step_is_a_chunk(void **state)
{
    (void)state;
    expect_step("id: a\n  lua: |\n    local x = 1\n    return {x = x}", "spec.chunk", "0");
    expect_step("id: a\n  lua: sh.exec{'ls'}", "spec.chunk", "0");
    expect_step_findings("id: a\n  lua: ''", "203@2:6");
    expect_step_findings("id: a\n  lua: return +", "303@2:13");
}

static void a_gate_is_one_check_or_several_with_names(void **state)
{
    (void)state;
    expect_step("id: a\n  gate: vars.x == 1", "spec",
                "{\"checks\":[{\"expr\":0,\"name\":\"gate\"}]}");
    expect_step("id: a\n  gate: {check: vars.x == 1, every: 5s, timeout: 10m, hold: 1m}",
                "spec",
                "{\"checks\":[{\"expr\":0,\"name\":\"gate\"}],\"every_us\":5000000,"
                "\"hold_us\":60000000,\"timeout_us\":600000000}");
    expect_step("id: a\n  gate: {checks: {one: 'true', two: 'false'}}", "spec.checks",
                "[{\"expr\":0,\"name\":\"one\"},{\"expr\":1,\"name\":\"two\"}]");
    expect_step_findings("id: a\n  gate: {every: 5s}", "202@2:7");
    expect_step_findings("id: a\n  gate: {checks: {}}", "218@2:16");
    expect_step_findings("id: a\n  gate: {check: x, checks: {a: b}}", "222@2:7");
    expect_step_findings("id: a\n  gate: [x]", "203@2:7");
}

static void the_time_of_a_gate_is_given_once(void **state)
{
    (void)state;
    expect_step("id: a\n  gate: vars.x == 1\n  timeout: 3s", "spec.timeout_us", "3000000");
    expect_step_findings("id: a\n  gate: {check: x, timeout: 3s}\n  timeout: 4s",
                         "222@2:27");
    expect_plan("runbook: x\ndefaults: {timeout: 7s}\nsteps:\n"
                "- {id: a, gate: {check: vars.x, timeout: 3s}}\n",
                NULL, "steps.0.spec.timeout_us", "3000000");
    expect_plan("runbook: x\ndefaults: {timeout: 7s}\nsteps:\n- {id: a, gate: vars.x}\n",
                NULL, "steps.0.spec.timeout_us", "7000000");
}

static void a_step_has_windows_and_needs(void **state)
{
    (void)state;
    expect_step("id: a\n  wait: 1m\n  window: {days: Mon, from: 09:00, tz: UTC}",
                "spec.window",
                "{\"days\":[1],\"from\":\"09:00\",\"to\":\"24:00\",\"tz\":\"UTC\"}");
    expect_step("id: a\n  wait: 1m\n  window:\n    tz: UTC\n    except: [2024-02-29]",
                "spec.window.except", "[\"2024-02-29\"]");
    expect_step("id: a\n  wait: 1m\n  fresh_for: 15m", "spec.fresh_us", "900000000");
    expect_step("id: a\n  wait: 1m\n  needs: b", "spec.needs", "[\"b\"]");
    expect_step_findings("id: a\n  wait: 1m\n  window: {}", "202@3:9");
    expect_step_findings("id: a\n  wait: 1m\n  window: {tz: UTC, days: []}", "218@3:25");
    expect_step_findings("id: a\n  wait: 1m\n  window: {tz: UTC, days: [Monday]}",
                         "207@3:26");
    expect_step_findings("id: a\n  wait: 1m\n  window: {tz: UTC, from: 9am}", "223@3:25");
    expect_step_findings("id: a\n  wait: 1m\n  window: {tz: UTC, except: [2025-02-29]}",
                         "223@3:28");
    expect_step_findings("id: a\n  wait: 1m\n  window: {tz: UTC, untill: 1}", "201@3:19");
    expect_step_findings("id: a\n  wait: 1m\n  window: 09:00-16:00", "203@3:9");
    expect_step_findings("id: a\n  wait: 1m\n  fresh_for: 15", "206@3:12");
    expect_step_findings("id: a\n  wait: 1m\n  needs: []", "218@3:8");
}

static void a_wait_is_for_so_long_or_until_a_time(void **state)
{
    (void)state;
    expect_step("id: a\n  wait: 10m", "spec", "{\"for_us\":600000000}");
    expect_step("id: a\n  wait: {until: \"2025-11-23T08:00:00Z\"}", "spec",
                "{\"until\":\"2025-11-23T08:00:00Z\"}");
    expect_step("id: a\n  wait: {until: \"${{ vars.t }}\"}", "spec",
                "{\"until\":{\"$$text\":[{\"$$expr\":0}]}}");
    expect_step("id: a\n  wait: {until: 2025-11-23T08:00:00Z - 48h}", "spec",
                "{\"until\":\"2025-11-23T08:00:00Z - 48h\"}");
    expect_step("id: a\n  wait: {until: 22:00, tz: Europe/Berlin}", "spec",
                "{\"tz\":\"Europe/Berlin\",\"until\":\"22:00\"}");
    expect_step_findings("id: a\n  wait: {until: 22:00}", "202@2:7");
    expect_step_findings("id: a\n  wait: {until: 22:00, tz: Mars Station}", "261@2:26");
    expect_step_findings("id: a\n  wait: {until: 25:00, tz: UTC}", "223@2:15");
    expect_step_findings("id: a\n  wait: {until: [1]}", "203@2:15");
    expect_step_findings("id: a\n  wait: {until: tomorrow}", "223@2:15");
    expect_step_findings("id: a\n  wait: {}", "202@2:7");
    expect_step_findings("id: a\n  wait: {for: 3s}", "202@2:7 201@2:8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_is_bound_to_its_values),
        cmocka_unit_test(a_shell_that_is_named_is_made_strict),
        cmocka_unit_test(values_that_check_refuses_leave_the_plan_as_it_is),
        cmocka_unit_test(a_program_is_a_list_of_arguments),
        cmocka_unit_test(a_value_may_start_with_a_dash_only_where_that_is_harmless),
        cmocka_unit_test(a_pipe_has_several_programs),
        cmocka_unit_test(a_lua_step_is_a_chunk),
        cmocka_unit_test(a_gate_is_one_check_or_several_with_names),
        cmocka_unit_test(the_time_of_a_gate_is_given_once),
        cmocka_unit_test(a_wait_is_for_so_long_or_until_a_time),
        cmocka_unit_test(a_step_has_windows_and_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
