#include "reading.h"

static void bare_lua_needs_no_braces(void **state)
{
    (void)state;
    expect_step_findings("id: a\n  run: ls\n  when: \"${{ params.x == 1 }}\"", "213@3:7");
    expect_step_help("id: a\n  run: ls\n  when: \"${{ params.x == 1 }}\"",
                     "write params.x == 1");
    expect_step_findings("id: a\n  gate: \"${{ x }}\"", "213@2:7");
    expect_step_findings("id: a\n  run: ls\n  outputs: {o: '${{ result.exit }}'}",
                         "213@3:14");
}

static void an_expression_is_tried_before_statements(void **state)
{
    (void)state;
    expect_step("id: a\n  run: ls\n  check: result.exit == 0", "check", "0");
    expect_plan("runbook: x\nsteps:\n- id: a\n  run: ls\n  check: result.exit == 0\n", NULL,
                "exprs", "[{\"source\":\"result.exit == 0\"}]");
    expect_plan("runbook: x\nsteps:\n- id: a\n  run: ls\n  check: |\n"
                "    local n = tonumber(result.stdout)\n    return n > 0, \"none\"\n",
                NULL, "exprs",
                "[{\"chunk\":true,\"source\":\"local n = tonumber(result.stdout)\\n"
                "return n > 0, \\\"none\\\"\"}]");
    expect_plan(
        "runbook: x\nsteps:\n- id: a\n  run: ls\n  check: |\n\n    result.exit\n    == 0\n",
        NULL, "exprs", "[{\"source\":\"result.exit\\n== 0\"}]");
}

static void statements_have_to_return(void **state)
{
    (void)state;
    expect_step_findings("id: a\n  run: ls\n  check: status = 1", "219@3:8");
    expect_step_help("id: a\n  run: ls\n  check: status = 1", "compare with `==`");
    expect_step_findings("id: a\n  run: ls\n  check: |\n    local a\n    print(a)",
                         "219@4:3");
    expect_step_findings("id: a\n  lua: print(1)", "");
}

static void lua_that_does_not_compile_is_found_once(void **state)
{
    (void)state;
    expect_step_findings("id: a\n  run: ls\n  when: params.x = = 1", "303@3:16");
    expect_step_findings("id: a\n  run: ls\n  check: |\n    local n =\n    return n",
                         "303@5:3");
}

static void a_value_is_one_expression(void **state)
{
    (void)state;
    expect_step_findings("id: a\n  title: \"${{ return 1 }}\"", "303@2:13");
    expect_step_findings("id: a\n  title: \"${{ }}\"", "302@2:13");
    expect_step_findings("id: a\n  title: \"x ${{ y\"", "301@2:11");
    expect_step("id: a\n  title: \"${{ {a={1}} }}${{ '}}' }}\"", "title", "none");
    expect_step("id: a\n  title: \"${{ {a={1}} }}${{ '}}' }}\"", "spec.title",
                "{\"$$text\":[{\"$$expr\":0},{\"$$expr\":1}]}");
}

static void what_an_expression_looks_at_is_known(void **state)
{
    (void)state;
    struct rb_document *document =
        read_good("runbook: x\nsteps:\n"
                  "- {id: a, run: ls}\n- {id: b-c, run: ls}\n- id: d\n  run: ls\n"
                  "  when: steps.a.status == steps['b-c'].status and steps.a.attempts\n"
                  "  check: result.exit == 0\n"
                  "  probe: sh.exec{'true'}.exit == steps.nobody.x\n"
                  "- {id: e, gate: 'params.x'}\n");
    const struct rb_plan *plan = document->plan;
    const struct rb_expr *when = &plan->exprs[plan->steps[2].when];
    assert_int_equal(when->step_count, 2);
    assert_int_equal(when->steps[0], 0);
    assert_int_equal(when->steps[1], 1);
    assert_int_equal(when->uses, 0);
    assert_int_equal(plan->exprs[plan->steps[2].check].uses, RB_USES_RESULT);
    const struct rb_expr *probe = &plan->exprs[plan->steps[2].probe];
    assert_int_equal(probe->uses, RB_USES_WORLD);
    assert_int_equal(probe->step_count, 0);
    assert_int_equal(document->refs[plan->steps[2].when].count, 3);
    rb_document_free(document);
}

static void a_step_may_be_referred_to_before_it_stands_in_the_file(void **state)
{
    (void)state;
    struct rb_document *document = read_good("runbook: x\nsteps:\n- {id: a, run: ls, when: "
                                             "steps.b.status}\n- {id: b, run: ls}\n");
    const struct rb_expr *when = &document->plan->exprs[document->plan->steps[0].when];
    assert_int_equal(when->step_count, 1);
    assert_int_equal(when->steps[0], 1);
    rb_document_free(document);
}

static void an_expression_knows_its_place(void **state)
{
    (void)state;
    struct rb_document *document =
        read_good("runbook: x\nsteps:\n- id: a\n  run: |\n    echo one\n"
                  "    echo \"${{ params.x }}\"\n  check: |\n    return\n      true\n");
    const struct rb_plan *plan = document->plan;
    struct rb_span run = plan->exprs[0].span, check = plan->exprs[1].span;
    assert_int_equal(run.line, 6);
    assert_int_equal(run.column, 15);
    assert_int_equal(run.end_column, 23);
    assert_int_equal(check.line, 8);
    assert_int_equal(check.column, 5);
    assert_int_equal(check.end_line, 9);
    rb_document_free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bare_lua_needs_no_braces),
        cmocka_unit_test(an_expression_is_tried_before_statements),
        cmocka_unit_test(statements_have_to_return),
        cmocka_unit_test(lua_that_does_not_compile_is_found_once),
        cmocka_unit_test(a_value_is_one_expression),
        cmocka_unit_test(what_an_expression_looks_at_is_known),
        cmocka_unit_test(a_step_may_be_referred_to_before_it_stands_in_the_file),
        cmocka_unit_test(an_expression_knows_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
