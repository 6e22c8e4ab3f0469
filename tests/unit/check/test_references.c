#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "checking.h"

static void parameters_and_variables_have_to_be_declared(void **state)
{
    (void)state;
    finds("runbook: a\n"
          "params: {p: {type: string}}\n"
          "vars: {v: \"${{ params.p }}\"}\n"
          "steps:\n"
          "- {id: a, title: \"${{ vars.v }} ${{ params.q }} ${{ vars.w }}\"}\n",
          "407 5:44 408 5:58");
    finds("runbook: a\n"
          "params: {p: {type: string}}\n"
          "vars: {v: \"${{ params['p'] }}\"}\n"
          "steps:\n"
          "- {id: a, title: \"${{ vars['v'] }} ${{ params['q'] }}\"}\n",
          "407 5:47");
}

static void variables_are_set_from_top_to_bottom(void **state)
{
    (void)state;
    finds("runbook: a\n"
          "vars:\n"
          "  a: \"${{ vars.b }}\"\n"
          "  b: [\"${{ vars.b }}\", \"${{ vars.a }}\"]\n"
          "steps:\n"
          "- {id: a, title: \"${{ vars.a }}\"}\n",
          "415 3:11 415 4:12");
}

static void names_have_to_be_written_out(void **state)
{
    (void)state;
    steps_find(
        "- id: a\n"
        "  title: a\n"
        "  when: params[params.x] and steps['use'].status == 'passed' and vars ~= nil\n",
        "410 3:9 410 3:66");
}

static void members_have_to_exist(void **state)
{
    (void)state;
    steps_find("- id: a\n"
               "  when: run.id and run.host\n"
               "  run: echo\n"
               "  check: result.ok and result.status == 0 and result.stdout.x\n",
               "409 2:24 409 4:31");
}

static void names_that_exist_nowhere_are_found(void **state)
{
    (void)state;
    steps_find(
        "- id: a\n"
        "  title: a\n"
        "  when: math.floor(1) and math.random(3) > 1 and string.dump and sh.run{'a'}\n",
        "409 3:32 409 3:57 409 3:69");
    steps_find("- id: a\n"
               "  title: a\n"
               "  when: json.parse('1') == json.null or check.equal(1, 1) or re.sub\n",
               "409 3:14 409 3:47 409 3:65");
    steps_find(
        "- id: a\n"
        "  title: a\n"
        "  when: tonumber('1') and foo and os.time() and string.rep('a', 2) and _ENV\n",
        "411 3:27 411 3:35 411 3:72");
    steps_find("- id: a\n"
               "  lua: |\n"
               "    local foo = function(bar) return bar, sh, bat end\n"
               "    for k, v in pairs({}) do foo(k, v) end\n"
               "    return foo(k)\n",
               "411 3:47 411 5:16");
}

static void result_is_there_only_for_an_outcome(void **state)
{
    (void)state;
    steps_find("- id: a\n"
               "  when: result.ok\n"
               "  run: echo ${{ result.exit }}\n"
               "  idempotent: true\n"
               "  retry: {attempts: 2, when: result.exit == 3}\n"
               "  check: result.ok\n"
               "  probe: result.ok\n"
               "  outputs: {o: result.stdout}\n"
               "- {id: b, title: b, when: steps.a.outputs.o}\n",
               "412 2:9 412 3:17 412 7:10 404 9:27");
}

static void a_loop_variable_has_a_value_only_in_its_loop(void **state)
{
    (void)state;
    steps_find("- id: a\n"
               "  for_each: [1, 2]\n"
               "  as: i\n"
               "  steps:\n"
               "  - id: b\n"
               "    for_each: [\"${{ i }}\", \"${{ j }}\"]\n"
               "    as: j\n"
               "    when: i == 1 and j == 2\n"
               "    title: \"${{ i }} ${{ j }}\"\n"
               "- {id: c, title: \"${{ i }}\"}\n",
               "413 6:33 413 8:22 413 10:23");
}

static void nothing_but_locals_is_assigned_to(void **state)
{
    (void)state;
    steps_find("- id: a\n"
               "  lua: |\n"
               "    local a, t = 1, {}\n"
               "    a, b = 2, 3\n"
               "    t.x, params.x = 4, 5\n"
               "    function f() end\n"
               "    string.rep = nil\n"
               "    return {a = a}\n",
               "414 4:8 414 5:10 414 6:14 414 7:5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_and_variables_have_to_be_declared),
        cmocka_unit_test(variables_are_set_from_top_to_bottom),
        cmocka_unit_test(names_have_to_be_written_out),
        cmocka_unit_test(members_have_to_exist),
        cmocka_unit_test(names_that_exist_nowhere_are_found),
        cmocka_unit_test(result_is_there_only_for_an_outcome),
        cmocka_unit_test(a_loop_variable_has_a_value_only_in_its_loop),
        cmocka_unit_test(nothing_but_locals_is_assigned_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
