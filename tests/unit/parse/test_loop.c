#include "reading.h"

static void expect_loop(const char *list, const char *source)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&text, "runbook: x\nsteps:\n- id: a\n  for_each: %s\n  exec: [ls]\n",
                  list);
    struct rb_document *document = read_good(rb_buf_text(&text));
    const struct rb_plan *plan = document->plan;
    assert_int_equal(plan->expr_count, 1);
    assert_string_equal(plan->exprs[plan->steps[0].for_each].source, source);
    assert_string_equal(plan->exprs[plan->steps[0].for_each].where, "a.for_each");
    rb_document_free(document);
}

static void a_list_becomes_the_lua_that_makes_it(void **state)
{
    (void)state;
    expect_loop("[a, 'b\"\\c', 3, -1, 0.5, true]",
                "{\"a\", \"b\\034\\092c\", 3, -1, 0.5, true}");
    expect_loop("[{host: a, port: 1}, [x]]",
                "{{[\"host\"] = \"a\", [\"port\"] = 1}, {\"x\"}}");
    expect_loop("[\"a\\nb\", \"\xC3\xA4\"]", "{\"a\\010b\", \"\xC3\xA4\"}");
}

static void values_in_a_list_are_put_into_its_lua(void **state)
{
    (void)state;
    expect_loop("[\"${{ params.x }}\", \"x-${{ vars.y -- odd\\n }}\"]",
                "{(params.x\n), (\"\" .. \"x-\" .. (vars.y -- odd\n))}");
    struct rb_document *document = read_good(
        "runbook: x\nsteps:\n- {id: b, run: ls}\n- id: a\n"
        "  for_each: [\"${{ steps.b.outputs.x }}\", \"${{ params.y }}\"]\n  exec: [ls]\n");
    const struct rb_plan *plan = document->plan;
    const struct rb_expr *expr = &plan->exprs[plan->steps[1].for_each];
    assert_int_equal(expr->step_count, 1);
    assert_int_equal(expr->steps[0], 0);
    const struct rb_lua_refs *refs = &document->refs[plan->steps[1].for_each];
    assert_int_equal(refs->count, 2);
    assert_string_equal(refs->items[1].root, "params");
    assert_int_equal(refs->items[1].span.line, 5);
    rb_document_free(document);
}

static void one_value_is_a_list_of_its_own(void **state)
{
    (void)state;
    expect_loop("${{ params.hosts }}", "params.hosts");
}

static void what_is_no_list_is_refused(void **state)
{
    (void)state;
    expect_step_findings("id: a\n  exec: [ls]\n  for_each: params.hosts", "203@3:11");
    expect_step_findings("id: a\n  exec: [ls]\n  for_each: x ${{ params.hosts }}",
                         "203@3:11");
    expect_step_findings("id: a\n  exec: [ls]\n  for_each: {a: b}", "203@3:11");
    expect_step_findings("id: a\n  exec: [ls]\n  for_each: []", "218@3:11");
    expect_step_findings("id: a\n  exec: [ls]\n  for_each: [a, null]", "218@3:11");
    expect_step_findings("id: a\n  exec: [ls]\n  for_each: [1.10]", "208@3:12");
}

static void the_variable_has_a_name_of_its_own(void **state)
{
    (void)state;
    expect_step("id: a\n  exec: [ls]\n  for_each: [a]", "as", "\"item\"");
    expect_step("id: a\n  exec: [ls]\n  for_each: [a]\n  as: host", "as", "\"host\"");
    expect_step_findings("id: a\n  exec: [ls]\n  for_each: [a]\n  as: params", "209@4:5");
    expect_step_findings("id: a\n  exec: [ls]\n  for_each: [a]\n  as: string", "209@4:5");
    expect_step_findings("id: a\n  exec: [ls]\n  for_each: [a]\n  as: end", "209@4:5");
    expect_step_findings("id: a\n  exec: [ls]\n  for_each: [a]\n  as: a-b", "209@4:5");
    expect_step_findings("id: a\n  exec: [ls]\n  as: host", "212@3:5");
}

static void the_variable_is_known_in_the_step_and_below_it(void **state)
{
    (void)state;
    struct rb_document *document =
        read_good("runbook: x\nsteps:\n"
                  "- id: g\n  for_each: \"${{ params.h }}\"\n  as: h\n  steps:\n"
                  "  - {id: a, exec: [ls, \"${{ h }}\"], for_each: \"${{ h }}\"}\n"
                  "- {id: b, exec: [ls, \"${{ h }}\"]}\n");
    const struct rb_plan *plan = document->plan;
    static const unsigned expected[] = {0, RB_USES_LOOP, RB_USES_LOOP, 0};
    assert_int_equal(plan->expr_count, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(plan->exprs[i].uses, expected[i]);
    rb_document_free(document);
}

static void so_many_are_under_way_at_once(void **state)
{
    (void)state;
    expect_step("id: a\n  exec: [ls]\n  for_each: [a]\n  limit: 4", "limit", "4");
    expect_step("id: a\n  exec: [ls]\n  for_each: [a]", "limit", "none");
    expect_step_findings("id: a\n  exec: [ls]\n  limit: 4", "212@3:8");
    expect_step_findings("id: a\n  exec: [ls]\n  for_each: [a]\n  limit: 0", "217@4:8");
    expect_step_findings("id: a\n  exec: [ls]\n  for_each: [a]\n  limit: all", "205@4:8");
}

static void a_loop_may_bear_failures_and_they_count_in_it(void **state)
{
    (void)state;
    const char *text = "runbook: x\nsteps:\n"
                       "- id: g\n  for_each: [1, 2]\n  max_failures: 20%\n"
                       "  on_failure: continue\n  steps:\n"
                       "  - {id: a, title: t}\n  - {id: b, title: t, on_failure: ask}\n";
    struct rb_document *document = read_good(text);
    const struct rb_step *steps = document->plan->steps;
    assert_int_equal(steps[0].max_failures, 20);
    assert_true(steps[0].max_failures_percent);
    assert_int_equal(steps[0].on_failure, RB_FAIL_CONTINUE);
    assert_int_equal(steps[1].on_failure, RB_FAIL_STOP);
    assert_int_equal(steps[2].on_failure, RB_FAIL_ASK);
    rb_document_free(document);
    const char *begin = "id: a\n  for_each: [1]\n  title: t\n  max_failures: ";
    static const char *const wrong[][2] = {
        {"0", "217@4:15"},   {"0%", "217@4:15"},  {"101%", "217@4:15"}, {"-1", "217@4:15"},
        {"1.5", "205@4:15"}, {"2 %", "217@4:15"}, {"some", "205@4:15"},
    };
    for (size_t i = 0; i < RB_COUNT(wrong); i++) {
        RB_AUTO_BUF struct rb_buf step = {0};
        rb_buf_printf(&step, "%s%s", begin, wrong[i][0]);
        expect_step_findings(rb_buf_text(&step), wrong[i][1]);
    }
    expect_step_findings("id: a\n  title: t\n  max_failures: 2", "212@3:15");
}

static void branches_are_steps_that_name_their_parent(void **state)
{
    (void)state;
    const char *text = "runbook: x\nsteps:\n"
                       "- id: g\n  limit: 2\n  on_branch_failure: cancel\n  parallel:\n"
                       "  - {id: a, exec: [ls]}\n  - {id: b, exec: [ls]}\n";
    struct rb_document *document = read_good(text);
    const struct rb_step *steps = document->plan->steps;
    assert_int_equal(steps[0].action, RB_ACTION_PARALLEL);
    assert_int_equal(steps[0].limit, 2);
    assert_true(steps[0].cancel_branches);
    assert_int_equal(steps[0].first_child, 1);
    assert_int_equal(steps[1].next, 2);
    assert_int_equal(steps[2].parent, 0);
    rb_document_free(document);
    expect_step_findings("id: a\n  parallel: []", "218@2:11");
    expect_step_findings("id: a\n  exec: [ls]\n  on_branch_failure: wait", "212@3:1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_becomes_the_lua_that_makes_it),
        cmocka_unit_test(values_in_a_list_are_put_into_its_lua),
        cmocka_unit_test(one_value_is_a_list_of_its_own),
        cmocka_unit_test(what_is_no_list_is_refused),
        cmocka_unit_test(the_variable_has_a_name_of_its_own),
        cmocka_unit_test(the_variable_is_known_in_the_step_and_below_it),
        cmocka_unit_test(so_many_are_under_way_at_once),
        cmocka_unit_test(a_loop_may_bear_failures_and_they_count_in_it),
        cmocka_unit_test(branches_are_steps_that_name_their_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
