/* rb_apply is total: whatever events a state is given, in whatever order, it is a state after
 * them, and what is asked of it can be answered. A record may be forged with every hash right. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/several.h"
#include "core/core.h"
#include "core/front.h"

enum { RUNS = 300, EVENTS = 120 };

static const char runbook[] =
    "runbook: all\n"
    "defaults: {timeout: 1m}\n"
    "vars: {first: '${{ params.names[1] }}', second: 'of ${{ vars.first }}'}\n"
    "params: {names: {type: list, of: string, default: [a, b]}}\n"
    "locks: ['of ${{ vars.first }}']\n"
    "steps:\n"
    "  - id: group\n"
    "    steps:\n"
    "      - {id: tell, title: Tell}\n"
    "      - {id: try, exec: ['true'], probe: 'true', retry: 3, outputs: {x: "
    "result.exit}}\n"
    "  - id: each\n"
    "    for_each: ${{ params.names }}\n"
    "    as: name\n"
    "    max_failures: 2\n"
    "    steps:\n"
    "      - {id: list, checklist: [One, {id: two, text: Two, check: 'true'}]}\n"
    "      - {id: echo, exec: [echo, --, '${{ name }}']}\n"
    "  - {id: fields, ask: {n: {type: integer}}, when: steps.try.outputs.x == 0}\n"
    "  - {id: calm, gate: {check: 'true', every: 1s, hold: 2s}, fresh_for: 1s}\n"
    "  - {id: think, lua: 'return {y = 1}'}\n"
    "  - {id: pause, wait: 1m}\n"
    "  - {id: late, exec: ['true'], needs: [calm], window: {tz: UTC}}\n"
    "  - {id: evening, wait: {until: '22:00', tz: UTC}, window: {tz: UTC}}\n"
    "  - {id: sure, confirm: Sure?}\n"
    "  - {id: part, for_each: [a, b], as: n, call: part.yaml, with: {n: '${{ n }}'}}\n"
    "=== part.yaml\n"
    "runbook: part\n"
    "params: {n: {type: string}}\n"
    "vars: {one: '${{ params.n }}', two: '${{ vars.one }}'}\n"
    "steps: [{id: tell, title: '${{ vars.two }}'}]\n"
    "outputs: {x: vars.two}\n";

static uint64_t draw(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static const char *among(uint64_t *seed, const char *const *words, size_t count)
{
    return words[draw(seed) % count];
}
#define AMONG(seed, ...)                            \
    among(seed, (const char *const[]){__VA_ARGS__}, \
          RB_COUNT(((const char *const[]){__VA_ARGS__})))

static const struct rb_value *some_value(uint64_t *seed)
{
    switch (draw(seed) % 6) {
    case 5:
        return rb_value_map("open", rb_value_bool(draw(seed) % 2), "since",
                            rb_value_int((int64_t)(draw(seed) % 99)), "until",
                            rb_value_int((int64_t)(draw(seed) % 199)), NULL);
    case 0:
        return rb_value_bool(draw(seed) % 2);
    case 1:
        return rb_value_int((int64_t)(draw(seed) % 9) - 4);
    case 2:
        return rb_value_list(rb_value_text("a"), rb_value_text("b"), NULL);
    case 3:
        return rb_value_map("exit", rb_value_int(1), NULL);
    default:
        return rb_value_text(
            AMONG(seed, "yes", "no", "retry", "skip", "done", "stop", "wait", "override"));
    }
}

static const struct rb_value *some_items(uint64_t *seed)
{
    struct rb_list_builder list = {0};
    for (uint64_t left = draw(seed) % 4; left > 0; left--) {
        rb_list_add(
            &list,
            rb_value_map("name",
                         rb_value_text(AMONG(seed, "when", "for_each", "0", "1", "check",
                                             "probe", "gate", "lua", "outputs.x",
                                             "window.late", "window.evening", "until")),
                         "value", draw(seed) % 2 ? some_value(seed) : NULL, "verdict",
                         rb_value_text(AMONG(seed, "holds", "fails", "unknown")), "error",
                         draw(seed) % 8 ? NULL : rb_value_text("wrong"), NULL));
    }
    return rb_list_end(&list);
}

static const struct rb_value *some_payload(uint64_t *seed)
{
    return rb_value_map(
        "step",
        rb_value_text(AMONG(seed, "group", "tell", "try", "each", "each[0]", "each[9]",
                            "list[0]", "echo[1]", "fields", "calm", "think", "pause",
                            "sure", "late", "evening", "nowhere", "", "part", "part[0]",
                            "part[1]", "part:tell[0]")),
        "for", draw(seed) % 4 ? NULL : rb_value_text(AMONG(seed, "late", "calm", "pause")),
        "window", draw(seed) % 2 ? rb_value_text(AMONG(seed, "late", "nowhere")) : NULL,
        "cause", rb_value_text(AMONG(seed, "clock", "closed")), "until", some_value(seed),
        "opens", draw(seed) % 2 ? some_value(seed) : NULL, "stay_us", some_value(seed),
        "attempt", rb_value_int((int64_t)(draw(seed) % 3)), "phase",
        rb_value_text(AMONG(seed, "start", "prepare", "examine", "lua", "gate", "item",
                            "probe", "window", "until", "other")),
        "items", some_items(seed), "answer", some_value(seed), "q",
        rb_value_int((int64_t)(draw(seed) % 3)), "kind",
        rb_value_text(
            AMONG(seed, "item", "field", "confirm", "failure", "doubt", "window")),
        "at", rb_value_int((int64_t)(draw(seed) >> 12)), "level",
        rb_value_int((int64_t)(draw(seed) % 5)), "exit", some_value(seed), "params",
        rb_value_map("names", some_value(seed), "n", some_value(seed), NULL), "obligations",
        draw(seed) % 4 ? NULL : some_items(seed), "elements",
        draw(seed) % 4 ? NULL : some_value(seed), "to", some_value(seed), "inbox",
        rb_value_int((int64_t)(draw(seed) % 9)), NULL);
}

static void ask_everything(const struct rb_state *state)
{
    struct rb_effects wanted = {0};
    rb_time wake;
    int done, total;
    struct rb_event event = {0};
    struct rb_error err = {0};
    rb_wanted(state, state->mono, &wanted, &wake);
    for (int i = 0; i < wanted.count; i++) {
        RB_AUTO_VALUE const struct rb_value *request = NULL;
        (void)!rb_effect_request(state, &wanted.items[i], &request, &err);
    }
    rb_effects_done(&wanted);
    if (rb_decide(state, NULL, &event)) {
        const char *by = rb_value_get_text(event.d, "by", "");
        int node = rb_front_find(state, rb_value_get_text(event.d, "step", ""));
        if (event.type == RB_EV_STEP_SKIPPED && strcmp(by, "when") == 0)
            assert_true(rb_node_step(state, node)->when >= 0);
        rb_value_unref(event.d);
    }
    assert_in_range(state->main.cursor, 0, state->plan->books[0]->var_count + 3);
    rb_state_progress(state, &done, &total);
    assert_in_range(done, 0, total);
    rb_value_unref(rb_state_dump(state));
}

/* Evaluations are what the rest depends on: a third of all. */
static enum rb_event_type some_type(uint64_t *seed, int i)
{
    if (i == 0)
        return RB_EV_RUN_CREATED;
    return draw(seed) % 3 ? (enum rb_event_type)(draw(seed) % RB_EV_COUNT)
                          : RB_EV_EVAL_RESULT;
}

static void any_events_in_any_order_leave_a_state(void **unused)
{
    struct rb_diags diags = {0};
    uint64_t seed = 20261124;
    (void)unused;
    struct several several;
    several_split(&several, runbook, strlen(runbook));
    struct rb_document *document = several_read(&several, "all.yaml", NULL, true, &diags);
    assert_int_equal(diags.errors, 0);
    for (int run = 0; run < RUNS; run++) {
        struct rb_state *state = rb_state_new(document->plan);
        for (int i = 0; i < EVENTS; i++) {
            RB_AUTO_VALUE const struct rb_value *d = some_payload(&seed);
            struct rb_event event = {
                .type = some_type(&seed, i), .d = d, .utc = i * RB_SEC, .mono = i * RB_SEC};
            rb_apply(state, &event);
            ask_everything(state);
        }
        rb_state_free(state);
    }
    rb_document_free(document);
    several_done(&several);
    rb_diags_done(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_events_in_any_order_leave_a_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
