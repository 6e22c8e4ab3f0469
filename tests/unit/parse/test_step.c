#include "reading.h"

static void a_step_has_an_id_of_its_own(void **state)
{
    (void)state;
    expect_step_findings("run: ls", "202@1:1");
    expect_step_findings("id: Migrate it\n  run: ls", "209@1:5");
    expect_step_findings("id: -x\n  run: ls", "209@1:5");
    expect_step_findings("id: [a]\n  run: ls", "203@1:5");
    expect_step_findings("id: a\n  title: t\n- id: b\n  steps: [{id: a, title: t}]",
                         "210@4:14");
    expect_step("id: 7_a-b\n  title: t", "id", "\"7_a-b\"");
}

static void an_id_has_at_most_64_characters(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_puts(&text, "title: t\n  id: ");
    for (int i = 0; i < 64; i++)
        rb_buf_putc(&text, 'a');
    expect_step_findings(rb_buf_text(&text), "");
    rb_buf_putc(&text, 'a');
    expect_step_findings(rb_buf_text(&text), "209@2:5");
}

static void a_misspelt_key_is_never_dropped(void **state)
{
    (void)state;
    expect_step_findings("id: a\n  gaet: x == 1", "201@2:1");
    expect_step_help("id: a\n  gaet: x == 1", "did you mean `gate`?");
    expect_step_help("id: a\n  title: t\n  time_out: 3s", "did you mean `timeout`?");
    expect_step_help("id: a\n  title: t\n  zzzzzz: 3s", "known here: id, title");
}

static void what_comes_later_is_unknown_today(void **state)
{
    (void)state;
    static const char *const keys[] = {"loop_until"};
    for (size_t i = 0; i < RB_COUNT(keys); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_buf_printf(&text, "id: a\n  title: t\n  %s: x", keys[i]);
        expect_step_findings(rb_buf_text(&text), "201@3:1");
    }
}

static void a_step_does_one_thing(void **state)
{
    (void)state;
    expect_step_findings("id: a\n  confirm: Go?\n  run: ls\n  wait: 3s", "211@3:1 211@4:1");
}

static void a_step_without_an_action_is_a_text_to_confirm(void **state)
{
    (void)state;
    expect_step("id: a\n  title: Announce it", "action", "\"manual\"");
    expect_step_findings("id: a\n  why: because", "202@1:1");
}

static void a_modifier_belongs_to_the_action(void **state)
{
    (void)state;
    expect_step_findings("id: a\n  confirm: Go?\n  retry: 3\n  timeout: 3s\n  stdin: x\n"
                         "  expect: none\n  idempotent: true",
                         "212@3:1 212@4:1 212@5:1 212@6:1 212@7:1");
    expect_step_findings("id: a\n  exec: [ls]\n  shell: bash", "212@3:1");
    expect_step_findings("id: a\n  gate: x\n  check: y\n  outputs: {a: b}",
                         "212@3:1 212@4:1");
    expect_step_findings("id: a\n  title: t\n  cwd: /\n  env: {A: b}", "212@3:1 212@4:1");
}

static void titles_and_reasons_hold_values(void **state)
{
    (void)state;
    expect_step("id: a\n  title: Copy ${{ params.x }}!\n  why: ${{ vars.y }}", "spec",
                "{\"title\":{\"$$text\":[\"Copy \",{\"$$expr\":0},\"!\"]},"
                "\"why\":{\"$$text\":[{\"$$expr\":1}]}}");
}

static void a_literal_brace_is_written_with_one_more_dollar(void **state)
{
    (void)state;
    expect_step("id: a\n  title: write $${{ x }} and $5 $$", "spec.title",
                "\"write ${{ x }} and $5 $$\"");
}

static void a_group_hands_its_modifiers_to_the_steps_in_it(void **state)
{
    (void)state;
    const char *text = "runbook: x\nsteps:\n"
                       "- id: g\n"
                       "  env: {A: '1', B: '2'}\n"
                       "  cwd: /srv\n"
                       "  timeout: 5s\n"
                       "  on_failure: continue\n"
                       "  tags: outer\n"
                       "  steps:\n"
                       "  - id: a\n"
                       "    exec: [env]\n"
                       "    env: {B: '3'}\n"
                       "    tags: [inner, x]\n"
                       "  - id: h\n"
                       "    steps:\n"
                       "    - {id: b, run: ls, on_failure: stop}\n"
                       "    - {id: c, confirm: Go?}\n"
                       "- {id: d, run: ls}\n";
    expect_plan(text, NULL, "steps.0.spec", "{}");
    expect_plan(
        text, NULL, "steps.1",
        "{\"action\":\"exec\",\"id\":\"a\",\"on_failure\":\"continue\",\"parent\":\"g\","
        "\"spec\":{\"argv\":[\"env\"],\"cwd\":\"/srv\",\"dash_ok\":[true],"
        "\"env\":{\"A\":\"1\",\"B\":\"3\"}},\"tags\":[\"outer\",\"inner\",\"x\"],"
        "\"timeout_us\":5000000}");
    expect_plan(text, NULL, "steps.3.parent", "\"h\"");
    expect_plan(text, NULL, "steps.3.on_failure", "none");
    expect_plan(text, NULL, "steps.3.spec.env", "{\"A\":\"1\",\"B\":\"2\"}");
    expect_plan(text, NULL, "steps.4.spec", "{\"message\":\"Go?\"}");
    expect_plan(text, NULL, "steps.5.spec.env", "none");
    expect_plan(text, NULL, "steps.5.tags", "none");
}

static void steps_are_linked_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct rb_document *document =
        read_good("runbook: x\nsteps:\n- {id: a, title: t}\n- id: g\n  steps:\n"
                  "  - {id: b, title: t}\n  - {id: c, title: t}\n- {id: d, title: t}\n");
    const struct rb_step *steps = document->plan->steps;
    assert_int_equal(document->plan->first_step, 0);
    assert_int_equal(steps[0].next, 1);
    assert_int_equal(steps[0].first_child, -1);
    assert_int_equal(steps[1].first_child, 2);
    assert_int_equal(steps[1].next, 4);
    assert_int_equal(steps[2].next, 3);
    assert_int_equal(steps[2].parent, 1);
    assert_int_equal(steps[3].next, -1);
    assert_int_equal(steps[4].next, -1);
    assert_int_equal(steps[4].parent, -1);
    assert_string_equal(rb_yaml_get(document->step_nodes[3], "id")->text, "c");
    rb_document_free(document);
}

static void steps_is_a_list_with_something_in_it(void **state)
{
    (void)state;
    expect_findings("runbook: x\nsteps: []\n", "218@2:8");
    expect_findings("runbook: x\nsteps: {a: b}\n", "203@2:8");
    expect_findings("runbook: x\nsteps: [a, [b]]\n", "203@2:9 203@2:12");
    expect_step_findings("id: a\n  steps: []", "218@2:8");
}

static void what_a_step_evaluates_first_is_prepared(void **state)
{
    (void)state;
    struct rb_document *document = read_good(
        "runbook: x\nvars: {v: \"${{ run.id }}\"}\nenv: {E: \"${{ vars.v }}\"}\nsteps:\n"
        "- id: a\n  when: params.p\n  title: T ${{ vars.v }}\n  run: ls ${{ vars.v }}\n"
        "  cwd: /${{ vars.v }}\n  check: result.exit == 0\n  outputs: {o: "
        "result.stdout}\n");
    const struct rb_plan *plan = document->plan;
    const struct rb_step *step = &plan->steps[0];
    assert_int_equal(step->prepare_count, 3);
    const char *const expected[] = {"a.run", "a.cwd", "a.title"};
    for (int i = 0; i < 3; i++)
        assert_string_equal(plan->exprs[step->prepare[i]].where, expected[i]);
    assert_string_equal(plan->exprs[step->when].where, "a.when");
    assert_string_equal(plan->exprs[step->outputs[0].expr].where, "a.outputs.o");
    assert_true(step->examine);
    rb_document_free(document);
}

static void what_is_declared_about_the_outcome_is_examined(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool examine;
    } cases[] = {{"{id: a, run: ls}", false},
                 {"{id: a, run: ls, expect: {exit: 0}}", true},
                 {"{id: a, run: ls, expect: none}", true},
                 {"{id: a, run: ls, check: result.exit == 0}", true},
                 {"{id: a, run: ls, outputs: {a: result.exit}}", true}};
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_buf_printf(&text, "runbook: x\nsteps: [%s]\n", cases[i].text);
        struct rb_document *document = read_good(rb_buf_text(&text));
        assert_int_equal(document->plan->steps[0].examine, cases[i].examine);
        rb_document_free(document);
    }
}

static void an_interrupted_step_is_probed_where_it_can_be(void **state)
{
    (void)state;
    struct rb_document *document = read_good(
        "runbook: x\nsteps:\n- {id: a, run: ls}\n- {id: b, run: ls, probe: 'true'}\n"
        "- {id: c, run: ls, probe: 'true', on_interrupt: ask}\n"
        "- {id: d, run: ls, idempotent: true, on_interrupt: rerun}\n"
        "- {id: e, run: ls, on_interrupt: fail}\n");
    static const enum rb_on_interrupt expected[] = {RB_INTERRUPT_ASK, RB_INTERRUPT_PROBE,
                                                    RB_INTERRUPT_ASK, RB_INTERRUPT_RERUN,
                                                    RB_INTERRUPT_FAIL};
    for (size_t i = 0; i < RB_COUNT(expected); i++)
        assert_int_equal(document->plan->steps[i].on_interrupt, expected[i]);
    rb_document_free(document);
}

static void what_a_step_asks_can_be_left_as_a_duty(void **state)
{
    (void)state;
    expect_step("id: a\n  title: t\n  obligation: 24h", "spec.obligation",
                "{\"within_us\":86400000000}");
    expect_step("id: a\n  checklist: [One]\n  obligation: {within: 2d}", "spec.obligation",
                "{\"within_us\":172800000000}");
    expect_step_findings("id: a\n  confirm: Go?\n  obligation: soon", "206@3:13");
    expect_step_findings("id: a\n  confirm: Go?\n  obligation: {by: 1h}",
                         "202@3:13 201@3:14");
    expect_step_findings("id: a\n  ask: {n: {type: integer}}\n  obligation: 1h", "212@3:1");
}

static void every_error_of_a_file_is_told_at_once(void **state)
{
    (void)state;
    expect_findings("runbook: Bad Name\n"           /* 209 */
                    "requires: {runbook: latest}\n" /* 221 */
                    "params: {n: {type: int}}\n"    /* 207 */
                    "vars: {a: 1.10}\n"             /* 208 */
                    "env: {1X: a}\n"                /* 209 */
                    "defaults: {timeout: 90}\n"     /* 206 */
                    "steps:\n"
                    "- run: ls\n" /* 202 */
                    "- id: a\n"
                    "  gaet: x\n"             /* 201 */
                    "- id: a\n"               /* 210 */
                    "  when: ${{ x }}\n"      /* 213 */
                    "  exec: ls\n"            /* 203 */
                    "  expect: {exit: 300}\n" /* 217 */
                    "on_failure: continue\n", /* 207 */
                    "209@1:10 221@2:21 207@3:20 208@4:11 209@5:7 206@6:21 202@8:3 201@10:3 "
                    "210@11:7 213@12:9 203@13:9 217@14:18 207@15:13");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_has_an_id_of_its_own),
        cmocka_unit_test(an_id_has_at_most_64_characters),
        cmocka_unit_test(a_misspelt_key_is_never_dropped),
        cmocka_unit_test(what_comes_later_is_unknown_today),
        cmocka_unit_test(a_step_does_one_thing),
        cmocka_unit_test(a_step_without_an_action_is_a_text_to_confirm),
        cmocka_unit_test(a_modifier_belongs_to_the_action),
        cmocka_unit_test(titles_and_reasons_hold_values),
        cmocka_unit_test(a_literal_brace_is_written_with_one_more_dollar),
        cmocka_unit_test(a_group_hands_its_modifiers_to_the_steps_in_it),
        cmocka_unit_test(steps_are_linked_in_the_order_of_the_file),
        cmocka_unit_test(steps_is_a_list_with_something_in_it),
        cmocka_unit_test(what_a_step_evaluates_first_is_prepared),
        cmocka_unit_test(what_is_declared_about_the_outcome_is_examined),
        cmocka_unit_test(an_interrupted_step_is_probed_where_it_can_be),
        cmocka_unit_test(what_a_step_asks_can_be_left_as_a_duty),
        cmocka_unit_test(every_error_of_a_file_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
