#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "checking.h"

static void a_constant_condition_is_pointed_out(void **state)
{
    (void)state;
    steps_find("- {id: a, title: a, when: 'false'}\n"
               "- {id: b, title: b, when: 'nil'}\n"
               "- {id: c, title: c, when: 'true'}\n",
               "510 1:28 510 2:28");
}

static void texts_that_can_not_be_are_found_on_either_side(void **state)
{
    (void)state;
    finds(
        "runbook: a\n"
        "params: {m: {type: string, values: [fast, safe]}, f: {type: string}}\n"
        "environments: {staging: {}}\n"
        "steps:\n"
        "- {id: a, title: a, when: environment ~= 'stagign' or 'production' == "
        "environment}\n"
        "- {id: b, title: b, when: params.m == 'slow' and params.f == 'slow'}\n"
        "- {id: c, title: c, when: steps.a.status == 'done' or steps.a.status == "
        "'skipped'}\n"
        "- {id: d, title: d, when: \"environment == 'staging' and params.m ~= 'fast'\"}\n",
        "511 5:27 511 5:71 511 6:27 511 7:27");
    finds("runbook: a\n"
          "steps:\n"
          "- {id: a, title: a, when: environment == 'staging'}\n",
          "511 3:27");
}

static void a_retry_of_a_write_needs_to_know_what_happened(void **state)
{
    (void)state;
    steps_find("- {id: a, run: echo, retry: 2}\n"
               "- {id: b, exec: [echo], retry: {attempts: 1}}\n"
               "- {id: c, exec: [echo], retry: 2, idempotent: true}\n"
               "- {id: d, pipe: [[echo], [cat]], retry: 2, probe: 'sh.exec(params.x).ok'}\n"
               "- {id: e, pipe: [[echo], [cat]], retry: 2}\n"
               "- {id: f, lua: 'return {}', retry: 2}\n",
               "512 1:22 512 5:34");
}

static void an_interruption_needs_to_know_too(void **state)
{
    (void)state;
    steps_find("- {id: a, run: echo, on_interrupt: rerun}\n"
               "- {id: b, run: echo, on_interrupt: rerun, idempotent: true}\n"
               "- {id: c, run: echo, on_interrupt: probe}\n"
               "- {id: d, run: echo, on_interrupt: probe, probe: 'sh.exec(params.x).ok'}\n"
               "- {id: e, run: echo, on_interrupt: ask}\n",
               "513 1:22 514 3:22");
}

static void the_longer_of_two_times_has_to_be_the_outer_one(void **state)
{
    (void)state;
    steps_find(
        "- {id: a, run: echo, timeout: 2m, within: 1m}\n"
        "- {id: b, run: echo, within: 1m}\n"
        "- {id: c, run: echo, timeout: 1m, within: 1m}\n"
        "- {id: d, run: echo, idempotent: true, retry: {attempts: 2, delay: 2s, max_delay: "
        "1s}}\n"
        "- {id: e, gate: {check: 'params.n > 1', hold: 2h}}\n"
        "- {id: f, gate: {check: 'params.n > 1', every: 2s, timeout: 1s}}\n"
        "- {id: g, gate: {check: 'params.n > 1', every: 1s, hold: 1s, timeout: 2s}}\n",
        "515 1:22 515 2:22 515 4:40 516 5:11 516 6:11");
}

static void what_is_declared_is_to_be_used(void **state)
{
    (void)state;
    finds("runbook: a\n"
          "params: {p: {type: string}, q: {type: string}, r: {type: string}}\n"
          "vars: {v: \"${{ params.p }}\", w: 1}\n"
          "environments: {e: {vars: {w: \"${{ params.r }}\"}}}\n"
          "defaults: {timeout: 1m}\n"
          "steps:\n"
          "- {id: a, run: echo, outputs: {o: result.exit, p: result.ok}}\n"
          "- {id: b, title: \"${{ vars.v }} ${{ steps.a.outputs.p }}\"}\n"
          "- {id: c, run: echo, outputs: {o: result.exit}}\n"
          "- {id: d, lua: 'return steps.c.outputs'}\n",
          "518 2:29 519 3:30 520 7:32");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_condition_is_pointed_out),
        cmocka_unit_test(texts_that_can_not_be_are_found_on_either_side),
        cmocka_unit_test(a_retry_of_a_write_needs_to_know_what_happened),
        cmocka_unit_test(an_interruption_needs_to_know_too),
        cmocka_unit_test(the_longer_of_two_times_has_to_be_the_outer_one),
        cmocka_unit_test(what_is_declared_is_to_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
