#include "reading.h"

static void an_approval_is_roles_a_quorum_and_a_time(void **state)
{
    (void)state;
    expect_step("id: a\n  approve: {roles: lead, quorum: 2, expires: 4h}", "spec",
                "{\"expires_us\":14400000000,\"quorum\":2,\"roles\":[\"lead\"]}");
    expect_step("id: a\n  approve:\n    roles: [lead, qa]\n    message: Go?\n"
                "    evidence: {tests: 12, log: \"${{ 'x' }}\"}",
                "spec.evidence", "{\"log\":{\"$$expr\":0},\"tests\":12}");
    expect_step("id: a\n  approve: {roles: [lead]}", "action", "\"approve\"");
}

static void what_is_no_approval_is_told(void **state)
{
    (void)state;
    expect_step_findings("id: a\n  approve: {quorum: 1}", "202@2:10");
    expect_step_findings("id: a\n  approve: {roles: []}", "218@2:18");
    expect_step_findings("id: a\n  approve: {roles: [lead], quorum: 0}", "217@2:34");
    expect_step_findings("id: a\n  approve: {roles: [lead], expires: 4}", "206@2:35");
    expect_step_findings("id: a\n  approve: {roles: \"${{ params.who }}\"}", "214@2:18");
    expect_step_findings("id: a\n  approve: {roles: [lead]}\n  timeout: 1m\n  retry: 3",
                         "212@3:1 212@4:1");
}

static void nothing_that_is_inherited_makes_it_optional(void **state)
{
    (void)state;
    expect_plan("runbook: x\ndefaults: {on_failure: continue}\n"
                "steps: [{id: a, approve: {roles: [lead]}}]\n",
                NULL, "steps.0.on_failure", "none");
}

static void an_answer_may_belong_to_a_role(void **state)
{
    (void)state;
    expect_step("id: a\n  title: Done\n  role: qa", "spec.role", "\"qa\"");
    expect_step("id: a\n  confirm: Sure?\n  role: qa", "spec.role", "\"qa\"");
    expect_step("id: a\n  confirm: {message: Sure?, role: qa}", "spec.role", "\"qa\"");
    expect_step("id: a\n  checklist: [{text: t, role: qa}, u]", "spec.items.0.role",
                "\"qa\"");
    expect_step_findings("id: a\n  run: ls\n  role: qa", "212@3:1");
}

static void a_role_is_people_and_an_environment_lays_its_own_over_it(void **state)
{
    (void)state;
    static const char text[] =
        "runbook: x\nroles: {lead: a@x, qa: [b@x, c@x]}\nsigners: keys\n"
        "environments: {prod: {roles: {qa: [d@x]}, signers: {file: k, revoked: r}}}\n"
        "steps: [{id: a, title: t}]\n";
    expect_plan(text, NULL, "roles", "{\"lead\":[\"a@x\"],\"qa\":[\"b@x\",\"c@x\"]}");
    expect_plan(text, "prod", "roles", "{\"lead\":[\"a@x\"],\"qa\":[\"d@x\"]}");
    expect_plan(text, NULL, "signers", "{\"file\":\"keys\"}");
    expect_plan(text, "prod", "signers", "{\"file\":\"k\",\"revoked\":\"r\"}");
}

static void roles_that_are_wrong_are_told_in_every_environment(void **state)
{
    (void)state;
    expect_findings(
        "runbook: x\nroles: {lead: ['*'], Qa: a, none: []}\nsigners: {revoked: r}\n"
        "environments: {prod: {roles: {lead: [a b]}, signers: {fiel: x}}}\n"
        "steps: [{id: a, title: t}]\n",
        "704@2:16 209@2:22 218@2:35 202@3:10 704@4:38 202@4:54 201@4:55");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_approval_is_roles_a_quorum_and_a_time),
        cmocka_unit_test(what_is_no_approval_is_told),
        cmocka_unit_test(nothing_that_is_inherited_makes_it_optional),
        cmocka_unit_test(an_answer_may_belong_to_a_role),
        cmocka_unit_test(a_role_is_people_and_an_environment_lays_its_own_over_it),
        cmocka_unit_test(roles_that_are_wrong_are_told_in_every_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
