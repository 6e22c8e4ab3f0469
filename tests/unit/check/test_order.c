#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "checking.h"

static void a_step_and_its_members_have_to_exist(void **state)
{
    (void)state;
    steps_find("- {id: a, run: echo, outputs: {o: result.stdout}}\n"
               "- id: b\n"
               "  title: \"${{ steps.a.outputs.o }} ${{ steps.c.status }}\"\n"
               "  when: steps.a.output or steps.a.o or steps.a.outputs.p\n",
               "401 3:46 402 4:17 402 4:35 406 4:56");
}

static void an_ask_step_has_its_fields_as_outputs(void **state)
{
    (void)state;
    steps_find("- id: a\n"
               "  ask:\n"
               "    ticket: {type: string, title: Ticket}\n"
               "- {id: b, title: \"${{ steps.a.outputs.ticket }} ${{ "
               "steps.a.outputs.tikcet }}\"}\n",
               "406 4:69");
}

static void what_a_lua_step_returns_is_not_known_before(void **state)
{
    (void)state;
    steps_find("- {id: a, lua: 'return {x = 1}'}\n"
               "- {id: b, title: \"${{ steps.a.outputs.anything }}\"}\n",
               "");
}

static void a_step_is_seen_only_when_it_has_ended(void **state)
{
    (void)state;
    steps_find(
        "- id: a\n"
        "  when: steps.b.status == 'passed'\n"
        "  steps:\n"
        "  - {id: b, title: b, when: steps.a.status == 'passed'}\n"
        "  - {id: c, title: c, when: steps.b.status == 'passed' and steps.c.attempts == "
        "0}\n"
        "- {id: d, title: d, when: steps.b.status == 'passed' and steps.a.attempts == 1}\n",
        "403 2:9 403 4:29 403 5:60");
    finds("runbook: a\n"
          "vars: {v: \"${{ steps.a.status }}\"}\n"
          "steps:\n"
          "- {id: a, title: \"${{ vars.v }}\"}\n",
          "403 2:16");
}

static void a_step_under_a_condition_is_asked_for_its_status_first(void **state)
{
    (void)state;
    const char *first =
        "- {id: a, when: params.n > 1, run: echo, outputs: {o: result.stdout}}\n";
    static const struct {
        const char *second, *expected;
    } cases[] = {
        {"- {id: b, title: \"${{ steps.a.outputs.o }}\"}\n", "404 2:23"},
        {"- {id: b, title: \"${{ steps.a.exit }}\", when: steps.a.outputs.o}\n",
         "404 2:23 404 2:47"},
        {"- {id: b, title: \"${{ steps.a.outputs.o }}\", when: steps.a.status == "
         "'passed'}\n",
         ""},
        {"- {id: b, title: \"${{ steps.a.outputs.o }}\", when: params.n > 1}\n", ""},
        {"- {id: b, title: b, when: steps.a.status == 'passed' and steps.a.outputs.o}\n",
         ""},
        {"- id: b\n"
         "  when: steps.a.status == 'passed'\n"
         "  steps: [{id: c, title: \"${{ steps.a.outputs.o }}\"}]\n",
         ""},
    };
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        RB_AUTO_BUF struct rb_buf steps = {0};
        rb_buf_puts(&steps, first);
        rb_buf_puts(&steps, cases[i].second);
        steps_find(rb_buf_text(&steps), cases[i].expected);
    }
}

static void conditions_that_both_steps_share_need_no_question(void **state)
{
    (void)state;
    steps_find("- id: g\n"
               "  when: params.n > 1\n"
               "  steps:\n"
               "  - {id: a, run: echo, outputs: {o: result.stdout}}\n"
               "  - {id: b, title: \"${{ steps.a.outputs.o }}\"}\n"
               "- {id: c, title: \"${{ steps.a.outputs.o }}\"}\n",
               "404 6:23");
}

static void a_step_that_may_fail_without_ending_the_run_is_asked_as_well(void **state)
{
    (void)state;
    steps_find("- {id: a, run: echo, outputs: {o: result.stdout}, on_failure: continue}\n"
               "- {id: b, title: \"${{ steps.a.outputs.o }}\"}\n",
               "404 2:23");
}

static void outside_of_a_loop_only_the_last_element_is_seen(void **state)
{
    (void)state;
    steps_find("- id: g\n"
               "  for_each: [1, 2]\n"
               "  steps:\n"
               "  - {id: a, run: \"echo ${{ item }}\", outputs: {o: result.stdout}}\n"
               "  - {id: b, title: \"${{ steps.a.outputs.o }}\"}\n"
               "- {id: c, title: \"${{ steps.a.outputs.o }}\"}\n",
               "405 6:23");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_and_its_members_have_to_exist),
        cmocka_unit_test(an_ask_step_has_its_fields_as_outputs),
        cmocka_unit_test(what_a_lua_step_returns_is_not_known_before),
        cmocka_unit_test(a_step_is_seen_only_when_it_has_ended),
        cmocka_unit_test(a_step_under_a_condition_is_asked_for_its_status_first),
        cmocka_unit_test(conditions_that_both_steps_share_need_no_question),
        cmocka_unit_test(a_step_that_may_fail_without_ending_the_run_is_asked_as_well),
        cmocka_unit_test(outside_of_a_loop_only_the_last_element_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
