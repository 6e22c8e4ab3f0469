#include "reading.h"

static void a_checklist_is_a_list_of_texts(void **state)
{
    (void)state;
    expect_step("id: a\n  checklist:\n  - Verify cluster health (all nodes ready)\n"
                "  - {id: disk, text: \"Disk of ${{ vars.host }}\", evidence: true}\n"
                "  - {text: Pool, check: vars.pool == 1}",
                "spec.items",
                "[{\"id\":\"verify-cluster-health-all-nodes-ready\","
                "\"text\":\"Verify cluster health (all nodes ready)\"},"
                "{\"evidence\":true,\"id\":\"disk\",\"text\":{\"$$text\":[\"Disk of \","
                "{\"$$expr\":0}]}},"
                "{\"check\":1,\"id\":\"pool\",\"text\":\"Pool\"}]");
    expect_step_findings("id: a\n  checklist: []", "218@2:12");
    expect_step_findings("id: a\n  checklist: text", "203@2:12");
    expect_step_findings("id: a\n  checklist: [{id: x}, {text: t, chek: y}]",
                         "202@2:13 201@2:32");
    expect_step_findings("id: a\n  checklist: [{text: t, evidence: yes}]", "204@2:33");
}

static void ids_of_items_are_unique(void **state)
{
    (void)state;
    expect_step_findings("id: a\n  checklist: [{id: x, text: t}, {id: x, text: u}]",
                         "210@2:36");
    expect_step(
        "id: a\n  checklist: [Same, Same, same!, {id: same-3, text: t}]", "spec.items",
        "[{\"id\":\"same\",\"text\":\"Same\"},{\"id\":\"same-2\",\"text\":\"Same\"},"
        "{\"id\":\"same-4\",\"text\":\"same!\"},{\"id\":\"same-3\",\"text\":\"t\"}]");
    expect_step("id: a\n  checklist: [Later, {id: later, text: t}]", "spec.items.0.id",
                "\"later-2\"");
}

static void an_id_is_made_of_the_words_of_its_text(void **state)
{
    (void)state;
    expect_step(
        "id: a\n  checklist: ['  Check: disk space (>30% free on all volumes), now!']",
        "spec.items.0.id", "\"check-disk-space-30-free-on-all-volumes\"");
    expect_step("id: a\n  checklist: ['?!?']", "spec.items.0.id", "\"item\"");
    expect_step("id: a\n  checklist: [\"${{ vars.x }}\"]", "spec.items.0.id", "\"item\"");
    expect_step("id: a\n  checklist: ["
                "Abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh]",
                "spec.items.0.id", "\"abcdefghijklmnopqrstuvwxyzabcdefghijklmn\"");
}

static void a_confirmation_may_ask_for_a_word(void **state)
{
    (void)state;
    expect_step("id: a\n  confirm: Go on?", "spec", "{\"message\":\"Go on?\"}");
    expect_step("id: a\n  confirm: {message: Go on?, type: production}", "spec",
                "{\"message\":\"Go on?\",\"type\":\"production\"}");
    expect_step_findings("id: a\n  confirm: {type: x}", "202@2:10");
    expect_step_findings("id: a\n  confirm: {message: m, typ: x}", "201@2:23");
    expect_step_findings("id: a\n  confirm:\n", "203@2:9");
    expect_step("id: a\n  confirm: no", "spec.message", "\"no\"");
}

static void fields_to_fill_in_have_types(void **state)
{
    (void)state;
    expect_step("id: a\n  ask:\n"
                "    ticket: {type: integer, title: \"Ticket of ${{ run.id }}\", min: 1}\n"
                "    kind: {type: enum, values: [minor, major], default: minor}\n"
                "    on: {type: date}\n"
                "    ref: {pattern: '[A-Z]+-\\d+'}",
                "spec.fields",
                "[{\"min\":1,\"name\":\"ticket\",\"title\":{\"$$text\":[\"Ticket of \","
                "{\"$$expr\":0}]},\"type\":\"integer\"},"
                "{\"default\":\"minor\",\"name\":\"kind\",\"type\":\"enum\","
                "\"values\":[\"minor\",\"major\"]},"
                "{\"name\":\"on\",\"type\":\"date\"},"
                "{\"name\":\"ref\",\"pattern\":\"[A-Z]+-\\\\d+\",\"type\":\"string\"}]");
    expect_step_findings("id: a\n  ask: {}", "218@2:6");
    expect_step_findings("id: a\n  ask: {k: {type: enum}}", "202@2:10");
    expect_step_findings("id: a\n  ask: {k: {type: list}}", "207@2:17");
    expect_step_findings("id: a\n  ask: {k: {type: enum, values: [a], default: b}}",
                         "216@2:45");
    expect_step_findings("id: a\n  ask: {a-b: {}}", "209@2:7");
    expect_step_findings("id: a\n  ask: {k: {type: date, min: 3}}", "212@2:28");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checklist_is_a_list_of_texts),
        cmocka_unit_test(ids_of_items_are_unique),
        cmocka_unit_test(an_id_is_made_of_the_words_of_its_text),
        cmocka_unit_test(a_confirmation_may_ask_for_a_word),
        cmocka_unit_test(fields_to_fill_in_have_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
