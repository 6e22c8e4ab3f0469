#include "reading.h"

#define CONNECTIONS                                             \
    "runbook: x\nsecrets: {hook: {env: HOOK}}\nconnections:\n"  \
    "  team: {type: slack, webhook: \"${{ secrets.hook }}\"}\n" \
    "  mail: {type: smtp, host: m, from: a@b.c, to: d@e.f}\n"   \
    "  api: {type: http, url: \"https://x.example\"}\n"
#define STEP(text) CONNECTIONS "steps:\n  - {id: a, notify: " text "}\n"

static void a_message_to_one_connection_is_a_step(void **state)
{
    (void)state;
    const char *text = STEP("{to: mail, text: \"It ${{ 1 }}.\", subject: s}");
    expect_plan(text, NULL, "steps.0.action", "\"notify\"");
    expect_plan(text, NULL, "steps.0.spec.connection", "\"mail\"");
    expect_plan(text, NULL, "steps.0.spec.text", "[\"It \",{\"$$expr\":0},\".\"]");
    expect_plan(text, NULL, "steps.0.spec.subject", "[\"s\"]");
    expect_plan(text, NULL, "steps.1", "none");
    expect_plan(STEP("{to: [mail], text: x}"), NULL, "steps.0.action", "\"notify\"");
}

static void to_several_it_is_a_group_of_them(void **state)
{
    (void)state;
    const char *text = STEP("{to: [team, mail], text: x}");
    expect_plan(text, NULL, "steps.0.action", "\"steps\"");
    expect_plan(text, NULL, "steps.1.id", "\"a.team\"");
    expect_plan(text, NULL, "steps.1.parent", "\"a\"");
    expect_plan(text, NULL, "steps.1.spec.expect", "{\"body\":{\"equals\":\"ok\"}}");
    expect_plan(text, NULL, "steps.2.id", "\"a.mail\"");
    expect_plan(text, NULL, "steps.2.spec", "{\"connection\":\"mail\",\"text\":[\"x\"]}");
}

static void what_is_given_stands_where_the_template_takes_it(void **state)
{
    (void)state;
    const char *text = CONNECTIONS
        "templates:\n  t: {text: \"A ${{ with.b }} $${{ with.b }}\", subject: "
        "\"${{with.b}}\"}\n"
        "steps: [{id: a, notify: {to: mail, template: t, with: {b: \"1${{ 2 }}\"}}}]\n";
    expect_plan(text, NULL, "steps.0.spec.text",
                "[\"A \",\"1\",{\"$$expr\":0},\" ${{ with.b }}\"]");
    expect_plan(text, NULL, "steps.0.spec.subject", "[\"1\",{\"$$expr\":0}]");
}

static void it_fails_no_run_unless_it_says_so(void **state)
{
    (void)state;
    const char *step = "steps: [{id: a, notify: {to: mail, text: x}%s}]\n";
    RB_AUTO_BUF struct rb_buf plain = {0}, asks = {0}, defaults = {0};
    rb_buf_printf(&plain, CONNECTIONS);
    rb_buf_printf(&plain, step, "");
    expect_plan(rb_buf_text(&plain), NULL, "steps.0.on_failure", "\"continue\"");
    expect_plan(rb_buf_text(&plain), NULL, "steps.0.on_interrupt", "\"fail\"");
    rb_buf_printf(&asks, CONNECTIONS);
    rb_buf_printf(&asks, step, ", on_failure: ask, on_interrupt: ask");
    expect_plan(rb_buf_text(&asks), NULL, "steps.0.on_failure", "\"ask\"");
    rb_buf_printf(&defaults, CONNECTIONS "on_failure: ask\ndefaults: {retry: 3}\n");
    rb_buf_printf(&defaults, step, "");
    expect_plan(rb_buf_text(&defaults), NULL, "steps.0.on_failure", "\"continue\"");
    expect_plan(rb_buf_text(&defaults), NULL, "steps.0.retry.on",
                "[\"spawn\",\"connect\",\"busy\"]");
}

static void what_can_not_be_a_message_is_told(void **state)
{
    (void)state;
    expect_findings(STEP("{to: api, text: x}"), "421@8:26");
    expect_findings(STEP("{to: none, text: x}"), "420@8:26");
    expect_findings(STEP("{to: mail}"), "202@8:21");
    expect_findings(STEP("{text: x}"), "202@8:21");
    expect_findings(STEP("{to: [], text: x}"), "218@8:26");
    expect_findings(STEP("{to: [mail, mail], text: x}"), "222@8:33");
    expect_findings(STEP("{to: mail, text: x, with: {a: b}}"), "222@8:21");
    expect_findings(STEP("{to: mail, text: x, recipients: b}"), "201@8:41");
    expect_findings(STEP("{to: mail, text: x}, expect: none"), "212@8:42");
    expect_findings(STEP("{to: {a: b}, text: x}"), "203@8:26");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_to_one_connection_is_a_step),
        cmocka_unit_test(to_several_it_is_a_group_of_them),
        cmocka_unit_test(what_is_given_stands_where_the_template_takes_it),
        cmocka_unit_test(it_fails_no_run_unless_it_says_so),
        cmocka_unit_test(what_can_not_be_a_message_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
