#include "reading.h"

#define STEPS "\nsteps: [{id: a, title: t}]\n"

static void a_runbook_has_a_name_and_steps(void **state)
{
    (void)state;
    expect_findings("title: t\n", "202@1:1 202@1:1");
    expect_findings("runbook: Bad Name" STEPS, "209@1:10");
    expect_findings("runbook: [x]" STEPS, "203@1:10");
    expect_findings("- a\n", "203@1:1");
    expect_findings("just text\n", "203@1:1");
    expect_findings("runbok: x" STEPS, "201@1:1 202@1:1");
    expect_help("runbok: x" STEPS, "did you mean `runbook`?");
}

static void keys_may_stand_in_any_order(void **state)
{
    (void)state;
    expect_plan("steps: [{id: a, exec: [x, '${{ params.p }}']}]\nowner: me\n"
                "params: {p: {type: boolean}}\ntitle: T\nrunbook: x\n",
                NULL, "steps.0.spec.dash_ok", "[true,true]");
    expect_plan("steps: [{id: a, title: t}]\nowner: me\ntitle: T\nrunbook: x\n", NULL,
                "owner", "\"me\"");
}

static void needs_are_listed(void **state)
{
    (void)state;
    expect_plan("runbook: x\nrequires: {runbook: '>=0.1, <99', tools: [pg_dump], "
                "files: [m.sql], variables: [HOME]}" STEPS,
                NULL, "requires",
                "{\"files\":[\"m.sql\"],\"runbook\":\">=0.1, <99\",\"tools\":[\"pg_dump\"],"
                "\"variables\":[\"HOME\"]}");
    expect_findings("runbook: x\nrequires: {toolz: [a], tools: a}" STEPS,
                    "201@2:12 203@2:31");
    expect_help("runbook: x\nrequires: {toolz: [a]}" STEPS, "did you mean `tools`?");
}

static void the_version_of_the_program_is_held_against_what_is_needed(void **state)
{
    (void)state;
    static const struct {
        const char *constraint;
        bool fits;
    } cases[] = {{">=0.1", true},       {">=0.1.0", true},  {"=0.1.0", true},
                 {"<=0.1", true},       {"<0.1", false},    {">0.1", false},
                 {">=0.0.9, <1", true}, {">=2", false},     {">=0.1, <0.1", false},
                 {"0.1", false},        {"latest", false},  {">=", false},
                 {">=0.1,", false},     {">=0.1 x", false}, {">= 0.1 , <= 3", true}};
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_buf_printf(&text, "runbook: x\nrequires: {runbook: '%s'}" STEPS,
                      cases[i].constraint);
        expect_findings(rb_buf_text(&text), cases[i].fits ? "" : "221@2:21");
    }
}

static void the_environment_of_processes_is_texts_by_name(void **state)
{
    (void)state;
    expect_plan("runbook: x\nenv: {A: b, C: \"${{ vars.d }}/e\", end: ''}" STEPS, NULL,
                "env",
                "{\"A\":\"b\",\"C\":{\"$$text\":[{\"$$expr\":0},\"/e\"]},\"end\":\"\"}");
    expect_findings("runbook: x\nenv: {1A: b, RB_1: c, 'A=B': d, E: [f], G: }" STEPS,
                    "209@2:7 209@2:14 209@2:23 203@2:36 203@2:44");
    expect_findings("runbook: x\nenv: [A]" STEPS, "203@2:6");
}

static void variables_of_the_caller_are_let_through_by_name(void **state)
{
    (void)state;
    expect_plan("runbook: x\ninherit_env: [PGPASSFILE, SSH_AUTH_SOCK]" STEPS, NULL,
                "inherit", "[\"PGPASSFILE\",\"SSH_AUTH_SOCK\"]");
    expect_findings("runbook: x\ninherit_env: [A-B, [c]]" STEPS, "209@2:15 203@2:20");
    expect_findings("runbook: x\ninherit_env: PGPASSFILE" STEPS, "203@2:14");
}

static void variables_keep_their_order_and_types(void **state)
{
    (void)state;
    expect_plan(
        "runbook: x\nvars: {z: 1, a: \"${{ vars.z }}\", m: [\"x${{ vars.a }}\"]}" STEPS,
        NULL, "vars",
        "[{\"name\":\"z\",\"value\":1},{\"name\":\"a\",\"value\":{\"$$expr\":0}},"
        "{\"name\":\"m\",\"value\":[{\"$$text\":[\"x\",{\"$$expr\":1}]}]}]");
    expect_findings("runbook: x\nvars: {a-b: 1, $c: 2, d: {$expr: 0}, end: 1}" STEPS,
                    "209@2:8 209@2:16 209@2:27 209@2:38");
}

static void a_long_mapping_keeps_its_order_too(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf text = {0}, expected = {0};
    rb_buf_puts(&text, "runbook: x\nsteps: [{id: a, title: t}]\nvars:\n");
    rb_buf_putc(&expected, '[');
    for (int i = 40; i > 0; i--) {
        rb_buf_printf(&text, "  v%d: %d\n", i, i);
        rb_buf_printf(&expected, "{\"name\":\"v%d\",\"value\":%d}%s", i, i,
                      i > 1 ? "," : "]");
    }
    expect_plan(rb_buf_text(&text), NULL, "vars", rb_buf_text(&expected));
    rb_buf_puts(&text, "  v7: again\n");
    expect_findings(rb_buf_text(&text), "107@44:3");
}

static void what_happens_after_a_failure_has_a_default_for_all_steps(void **state)
{
    (void)state;
    expect_plan("runbook: x\non_failure: ask" STEPS, NULL, "steps.0.on_failure", "\"ask\"");
    expect_plan(
        "runbook: x\non_failure: ask\nsteps: [{id: a, title: t, on_failure: stop}]\n", NULL,
        "steps.0.on_failure", "none");
    expect_findings("runbook: x\non_failure: continue" STEPS, "207@2:13");
    expect_findings("runbook: x\non_failure: ask\ndefaults: {on_failure: stop}" STEPS,
                    "222@2:13");
    /* What is inherited passes over nobody's no. */
    const char *passes = "runbook: x\ndefaults: {on_failure: continue}\nsteps:\n"
                         "- {id: a, run: ls}\n- {id: b, title: t}\n- {id: c, confirm: t?}\n"
                         "- {id: d, confirm: t?, on_failure: continue}\n";
    expect_plan(passes, NULL, "steps.0.on_failure", "\"continue\"");
    expect_plan(passes, NULL, "steps.1.on_failure", "none");
    expect_plan(passes, NULL, "steps.2.on_failure", "none");
    expect_plan(passes, NULL, "steps.3.on_failure", "\"continue\"");
}

static void defaults_hold_for_the_steps_that_take_them(void **state)
{
    (void)state;
    const char *text =
        "runbook: x\n"
        "defaults: {timeout: 5s, within: 9s, cwd: \"/${{ vars.d }}\", shell: zsh}\n"
        "steps:\n- {id: a, run: ls}\n- {id: b, title: t}\n"
        "- {id: c, run: ls, timeout: 1s, cwd: /x, shell: bash}\n";
    expect_plan(
        text, NULL, "steps.0",
        "{\"action\":\"run\",\"id\":\"a\",\"spec\":{\"bind\":[],\"cwd\":{\"$$text\":"
        "[\"/\",{\"$$expr\":0}]},\"script\":\"ls\",\"shell\":[\"zsh\",\"-euo\","
        "\"pipefail\",\"-c\"]},\"timeout_us\":5000000,\"within_us\":9000000}");
    expect_plan(text, NULL, "steps.1.spec", "{\"title\":\"t\"}");
    expect_plan(text, NULL, "steps.2.spec.cwd", "\"/x\"");
    expect_plan(text, NULL, "steps.2.timeout_us", "1000000");
    expect_findings("runbook: x\ndefaults: {env: {A: b}, tags: x, expect: none}" STEPS,
                    "201@2:12 201@2:25 201@2:34");
    expect_findings("runbook: x\ndefaults: 5s" STEPS, "203@2:11");
}

static void a_document_tells_what_it_read_in_spite_of_errors(void **state)
{
    (void)state;
    const char *text =
        "runbook: x\nsteps:\n- {id: a, run: ls}\n- {id: a, run: ls}\n- {run: ls}\n";
    struct rb_diags diags = {0};
    struct rb_document *document = rb_document_read("a", text, strlen(text), NULL, &diags);
    assert_int_equal(diags.errors, 2);
    assert_int_equal(document->plan->step_count, 3);
    assert_non_null(document->plan->steps[2].id);
    rb_document_free(document);
    rb_diags_done(&diags);
    rb_document_free(NULL);
}

static void ten_thousand_steps_take_no_time_worth_telling(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_puts(&text, "runbook: x\nparams: {p: {}}\nsteps:\n");
    for (int i = 0; i < 10000; i++)
        rb_buf_printf(&text, "- {id: s%d, run: 'echo ${{ params.p }}', when: params.p}\n",
                      i);
    struct rb_document *document = read_good(rb_buf_text(&text));
    assert_int_equal(document->plan->step_count, 10000);
    assert_int_equal(rb_plan_find(document->plan, "s9999"), 9999);
    rb_document_free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_runbook_has_a_name_and_steps),
        cmocka_unit_test(keys_may_stand_in_any_order),
        cmocka_unit_test(needs_are_listed),
        cmocka_unit_test(the_version_of_the_program_is_held_against_what_is_needed),
        cmocka_unit_test(the_environment_of_processes_is_texts_by_name),
        cmocka_unit_test(variables_of_the_caller_are_let_through_by_name),
        cmocka_unit_test(variables_keep_their_order_and_types),
        cmocka_unit_test(a_long_mapping_keeps_its_order_too),
        cmocka_unit_test(what_happens_after_a_failure_has_a_default_for_all_steps),
        cmocka_unit_test(defaults_hold_for_the_steps_that_take_them),
        cmocka_unit_test(a_document_tells_what_it_read_in_spite_of_errors),
        cmocka_unit_test(ten_thousand_steps_take_no_time_worth_telling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
