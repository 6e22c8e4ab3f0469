#include "reading.h"

static const char text[] =
    "runbook: x\n"
    "title: Base\n"
    "vars: {url: \"db://${{ vars.host }}\", size: 1}\n"
    "env: {A: a, B: b}\n"
    "defaults: {timeout: 5s, cwd: /srv}\n"
    "environments:\n"
    "  staging: {vars: {host: s, size: 2}, env: {B: staging, C: c}}\n"
    "  production:\n"
    "    title: The real one\n"
    "    vars: {host: \"${{ params.h }}\"}\n"
    "    defaults: {timeout: 9s}\n"
    "steps: [{id: a, run: ls}]\n";

static void an_environment_lies_over_the_rest(void **state)
{
    (void)state;
    expect_plan(text, "staging", "environment", "\"staging\"");
    expect_plan(text, "staging", "env", "{\"A\":\"a\",\"B\":\"staging\",\"C\":\"c\"}");
    expect_plan(text, "staging", "title", "\"Base\"");
    expect_plan(text, "production", "title", "\"The real one\"");
    expect_plan(text, "staging", "steps.0.timeout_us", "5000000");
    expect_plan(text, "production", "steps.0.timeout_us", "9000000");
    expect_plan(text, "production", "steps.0.spec.cwd", "\"/srv\"");
    expect_plan(text, NULL, "environment", "none");
}

static void its_own_variables_come_before_those_that_refer_to_them(void **state)
{
    (void)state;
    expect_plan(text, "staging", "vars",
                "[{\"name\":\"host\",\"value\":\"s\"},"
                "{\"name\":\"url\",\"value\":{\"$$text\":[\"db://\",{\"$$expr\":0}]}},"
                "{\"name\":\"size\",\"value\":2}]");
    expect_plan(text, NULL, "vars.1", "{\"name\":\"size\",\"value\":1}");
}

static void an_environment_that_is_not_chosen_adds_nothing(void **state)
{
    (void)state;
    expect_plan(text, "staging", "exprs", "[{\"source\":\"vars.host\"}]");
    expect_plan(text, "production", "exprs",
                "[{\"source\":\"params.h\"},{\"source\":\"vars.host\"}]");
}

static void every_environment_is_checked_whichever_is_chosen(void **state)
{
    (void)state;
    expect_findings("runbook: x\nenvironments:\n"
                    "  one: {vars: {a: 1.10}, env: {B: \"${{ + }}\"}}\n"
                    "  two: {defaults: {timeout: 3}, var: {}}\n"
                    "  Three: {title: [x]}\n"
                    "  four: x\n"
                    "steps: [{id: a, title: t}]\n",
                    "208@3:19 303@3:40 206@4:29 201@4:33 209@5:3 203@5:18 203@6:9");
}

static void what_an_environment_replaces_is_checked_as_well(void **state)
{
    (void)state;
    const char *hidden = "runbook: x\nvars: {a: 1.10}\nenvironments: {e: {vars: {a: 2}}}\n"
                         "steps: [{id: a, title: t}]\n";
    struct rb_diags diags = {0};
    struct rb_document *document =
        rb_document_read("a", hidden, strlen(hidden), "e", &diags);
    assert_int_equal(diags.count, 1);
    assert_int_equal(diags.items[0].code, 208);
    rb_document_free(document);
    rb_diags_done(&diags);
}

static void an_environment_that_is_not_there_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *help;
    } cases[] = {
        {text, "did you mean `production`?"},
        {"runbook: x\nsteps: [{id: a, title: t}]\n", "it declares none"},
    };
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        struct rb_diags diags = {0};
        struct rb_document *document = rb_document_read(
            "a", cases[i].text, strlen(cases[i].text), "productoin", &diags);
        assert_int_equal(diags.count, 1);
        assert_int_equal(diags.items[0].code, 220);
        assert_non_null(strstr(diags.items[0].help, cases[i].help));
        rb_document_free(document);
        rb_diags_done(&diags);
    }
}

static void the_names_of_the_environments_are_told(void **state)
{
    (void)state;
    struct rb_document *document = read_good(text);
    assert_int_equal(document->environment_count, 2);
    assert_string_equal(document->environments[1]->text, "production");
    rb_document_free(document);
}

static void a_secret_is_where_its_value_comes_from(void **state)
{
    (void)state;
    const char *declared =
        "runbook: x\nsecrets:\n  db: {env: PGPASSWORD}\n"
        "  pin: {prompt: The PIN, unmasked: true}\n"
        "environments: {prod: {secrets: {db: {file: /run/db}, key: {command: [a, b]}}}}\n"
        "env: {DB: \"${{ secrets.db }}\", PIN: \"${{secrets.pin}}\"}\n"
        "steps: [{id: a, title: t}]\n";
    expect_plan(
        declared, NULL, "secrets",
        "[{\"name\":\"db\",\"source\":{\"env\":\"PGPASSWORD\"}},"
        "{\"name\":\"pin\",\"source\":{\"prompt\":\"The PIN\"},\"unmasked\":true}]");
    expect_plan(declared, NULL, "env",
                "{\"DB\":{\"$$secret\":\"db\"},\"PIN\":{\"$$secret\":\"pin\"}}");
    expect_plan(declared, NULL, "exprs", "[]");
    expect_plan(declared, "prod", "secrets",
                "[{\"name\":\"pin\",\"source\":{\"prompt\":\"The PIN\"},\"unmasked\":true},"
                "{\"name\":\"db\",\"source\":{\"file\":\"/run/db\"}},"
                "{\"name\":\"key\",\"source\":{\"command\":[\"a\",\"b\"]}}]");
}

static void a_broken_secret_is_found_in_every_environment(void **state)
{
    (void)state;
    expect_findings(
        "runbook: x\nsecrets: {a: b, c: {env: 1-x}, d: {command: []}, e: {file: ''}}\n"
        "environments: {e: {secrets: {a: {}, f: {env: A, typo: 1}}}}\n"
        "steps: [{id: a, title: t}]\n",
        "203@2:14 209@2:26 218@2:45 203@2:60 225@3:30 201@3:49");
}

static void an_environment_adds_its_locks(void **state)
{
    (void)state;
    const char *declared =
        "runbook: x\nvars: {host: db1}\nlocks: [\"db:${{ vars.host }}\", one]\n"
        "environments: {prod: {locks: release}}\n"
        "steps: [{id: a, title: t}]\n";
    expect_plan(declared, NULL, "locks", "[{\"$$text\":[\"db:\",{\"$$expr\":0}]},\"one\"]");
    expect_plan(declared, "prod", "locks",
                "[{\"$$text\":[\"db:\",{\"$$expr\":0}]},\"one\",\"release\"]");
    expect_plan("runbook: x\nsteps: [{id: a, title: t}]\n", NULL, "locks", "none");
    expect_findings("runbook: x\nlocks: {a: b}\nenvironments: {e: {locks: [[a]]}}\n"
                    "steps: [{id: a, title: t}]\n",
                    "203@2:8 203@3:28");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_environment_lies_over_the_rest),
        cmocka_unit_test(its_own_variables_come_before_those_that_refer_to_them),
        cmocka_unit_test(an_environment_that_is_not_chosen_adds_nothing),
        cmocka_unit_test(every_environment_is_checked_whichever_is_chosen),
        cmocka_unit_test(what_an_environment_replaces_is_checked_as_well),
        cmocka_unit_test(an_environment_that_is_not_there_is_named),
        cmocka_unit_test(the_names_of_the_environments_are_told),
        cmocka_unit_test(a_secret_is_where_its_value_comes_from),
        cmocka_unit_test(a_broken_secret_is_found_in_every_environment),
        cmocka_unit_test(an_environment_adds_its_locks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
