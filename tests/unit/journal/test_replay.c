#include "trial.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "core/core.h"
#include "journal/link.h"
#include "journal/replay.h"
#include "plan/plan.h"

static const struct rb_book book = {.call = -1, .prefix = "", .name = ""};
static const struct rb_book *const books[] = {&book};
static const struct rb_expr expr = {.source = "1", .where = "s.lua"};

/* Steps s0, s1...: a program each, and Lua for every third. */
static struct rb_plan *new_plan(int count)
{
    struct rb_arena *arena = rb_arena_new();
    struct rb_plan *plan = rb_arena_alloc(arena, sizeof *plan);
    struct rb_step *steps = rb_arena_alloc(arena, (size_t)count * sizeof *steps);
    for (int i = 0; i < count; i++) {
        bool lua = i % 3 == 2;
        steps[i] = rb_step_blank(0, -1);
        steps[i].id = rb_arena_printf(arena, "s%d", i);
        steps[i].action = lua ? RB_ACTION_LUA : RB_ACTION_EXEC;
        steps[i].next = i + 1 < count ? i + 1 : -1;
        steps[i].spec =
            lua ? rb_value_map("chunk", rb_value_int(0), NULL)
                : rb_value_map("argv", rb_value_list(rb_value_text("true"), NULL), NULL);
    }
    plan->arena = arena;
    plan->name = "demo";
    plan->books = books;
    plan->book_count = 1;
    plan->exprs = &expr;
    plan->expr_count = 1;
    plan->steps = steps;
    plan->first_guard = plan->first_on_failure = plan->first_finally = -1;
    plan->step_count = count;
    rb_plan_seal(plan);
    return plan;
}

/* A run with an executor that says yes to everything. */
struct live {
    struct rb_plan *plan;
    struct rb_state *state;
    struct rb_record record; /* the last one */
    struct rb_buf bytes;
    int64_t tick;
    int results;
};

static void write_event(struct live *live, const struct rb_event *event)
{
    struct rb_record *record = &live->record;
    record->event = *event;
    rb_line_encode(record, &live->bytes);
    memcpy(record->prev, record->hash, sizeof record->prev);
    record->seq++;
    rb_apply(live->state, event);
    rb_value_unref(event->d);
}

static void decide(struct live *live)
{
    struct rb_event event;
    while (rb_decide(live->state, NULL, &event))
        write_event(live, &event);
}

/* The fact alone, without what follows from it. */
static void put(struct live *live, enum rb_event_type type, const struct rb_value *owned)
{
    struct rb_event made = trial_event(type, ++live->tick, owned);
    struct rb_input input = {.type = type, .d = made.d, .utc = made.utc, .mono = made.mono};
    struct rb_event event;
    assert_true(rb_decide(live->state, &input, &event));
    write_event(live, &event);
    rb_value_unref(owned);
}

static const struct rb_value *lua_items(void)
{
    return rb_value_list(
        rb_value_map("name", rb_value_text("lua"), "value", rb_value_int(7), NULL), NULL);
}

static const struct rb_value *evidence(void)
{
    return rb_value_list(rb_value_map("call", rb_value_text("sh.exec"), NULL), NULL);
}

static void settle(struct live *live, const struct rb_effect *wanted)
{
    const struct rb_value *step = rb_effect_step(live->state, wanted);
    const struct rb_value *attempt = rb_value_int(wanted->attempt);
    if (wanted->kind == RB_EFFECT_EVAL)
        put(live, RB_EV_EVAL_RESULT,
            rb_value_map("step", step, "attempt", attempt, "phase",
                         rb_value_text(wanted->phase), "items", lua_items(), "evidence",
                         evidence(), NULL));
    else
        put(live, RB_EV_EFFECT_RESULT,
            rb_value_map("step", step, "attempt", attempt, "exit", rb_value_int(0),
                         "duration_us", rb_value_int(5), NULL));
}

static void live_begin(struct live *live, int steps)
{
    *live = (struct live){.plan = new_plan(steps), .record = {.writer = 1}};
    live->state = rb_state_new(live->plan);
    memcpy(live->record.prev, RB_LINK_ZERO, sizeof live->record.prev);
    put(live, RB_EV_RUN_CREATED, rb_value_map("run", rb_value_text(TRIAL_RUN), NULL));
    decide(live);
}

/* Settles what is wanted, until `results` of them or the end. */
static void live_on(struct live *live, int results)
{
    struct rb_effects wanted = {0};
    rb_time deadline;
    for (; results > 0; results--) {
        rb_wanted(live->state, live->state->mono, &wanted, &deadline);
        if (wanted.count == 0)
            break;
        settle(live, &wanted.items[0]);
        decide(live);
    }
    rb_effects_done(&wanted);
}

static void live_done(struct live *live)
{
    rb_state_free(live->state);
    rb_plan_free(live->plan);
    rb_buf_done(&live->bytes);
}

/* Evaluates to what the executor said, on the evidence it gave. */
static bool yes(void *context, const struct rb_value *job, const struct rb_value *given,
                const struct rb_value **ret_items, struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *expected = evidence();
    int *calls = context;
    if (!rb_value_equal(given, expected))
        return rb_fail(err, RB_ERR_DEFECT, "this is not the evidence");
    assert_string_equal(rb_value_get_text(job, "phase", ""), "lua");
    ++*calls;
    *ret_items = lua_items();
    return true;
}

static bool no(void *context, const struct rb_value *job, const struct rb_value *given,
               const struct rb_value **ret_items, struct rb_error *err)
{
    (void)context;
    (void)job;
    (void)given;
    (void)err;
    *ret_items = rb_value_list(
        rb_value_map("name", rb_value_text("lua"), "value", rb_value_number(7), NULL),
        NULL);
    return true;
}

static bool gone(void *context, const struct rb_value *job, const struct rb_value *given,
                 const struct rb_value **ret_items, struct rb_error *err)
{
    (void)context;
    (void)job;
    (void)given;
    (void)ret_items;
    return rb_fail(err, RB_ERR_NOT_FOUND, "there is no blob");
}

static struct rb_replay replay(struct live *live, rb_replay_eval *eval, void *context)
{
    struct rb_replay result = {0};
    struct rb_error err = {0};
    int fd = memfd_create("journal", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(rb_file_write_all(fd, live->bytes.data, live->bytes.length, &err));
    struct rb_reader *reader = rb_reader_new(fd);
    if (!rb_replay_run(live->plan, reader, eval, context, &result, &err))
        fail_msg("%s", err.message);
    rb_reader_free(reader);
    return result;
}

static void differs(struct live *live, rb_replay_eval *eval, int64_t seq, const char *what)
{
    int calls = 0;
    struct rb_replay result = replay(live, eval, &calls);
    assert_true(result.differs);
    if (result.seq != seq || !strstr(result.what, what))
        fail_msg("seq %lld: \"%s\" does not say \"%s\"", (long long)result.seq, result.what,
                 what);
    live_done(live);
}

static void a_run_is_derived_again(void **state)
{
    (void)state;
    struct live live;
    int calls = 0;
    live_begin(&live, 6);
    live_on(&live, 100);
    assert_int_equal(live.state->phase, RB_RUN_FINISHED);
    struct rb_replay result = replay(&live, yes, &calls);
    assert_false(result.differs);
    assert_string_equal(result.what, "");
    assert_int_equal(result.facts, 7);
    assert_int_equal(result.facts + result.decisions, live.record.seq);
    assert_int_equal(result.evaluations, 2);
    assert_int_equal(calls, 2);
    result = replay(&live, NULL, NULL);
    assert_false(result.differs);
    assert_int_equal(result.evaluations, 0);
    live_done(&live);
}

static void every_prefix_of_a_run_is_derived_again(void **state)
{
    (void)state;
    struct live live;
    int calls = 0, due = 0;
    live_begin(&live, 4);
    live_on(&live, 100);
    size_t whole = live.bytes.length;
    for (size_t length = 0; length <= whole; length++) {
        live.bytes.length = length;
        struct rb_replay result = replay(&live, yes, &calls);
        assert_false(result.differs);
        due += result.what[0] != '\0';
        if (result.what[0] != '\0')
            assert_non_null(strstr(result.what, "which was due"));
    }
    assert_true(due > 0);
    live_done(&live);
}

static void another_verdict_is_a_difference(void **state)
{
    (void)state;
    struct live live;
    live_begin(&live, 3);
    live_on(&live, 100);
    differs(&live, no, 11, "recorded eval.result");
    live_begin(&live, 3);
    live_on(&live, 100);
    differs(&live, no, 11,
            "derived eval.result {\"items\":[{\"name\":\"lua\",\"value\":"
            "{\"$number\":\"7\"}}]}");
}

static void an_evaluation_that_can_not_be_repeated_is_a_difference(void **state)
{
    (void)state;
    struct live live;
    live_begin(&live, 3);
    live_on(&live, 2);
    put(&live, RB_EV_EVAL_RESULT,
        rb_value_map("step", rb_value_text("s2"), "attempt", rb_value_int(1), "phase",
                     rb_value_text("lua"), "items", lua_items(), NULL));
    differs(&live, yes, 11, "cannot be evaluated again: this is not the evidence");
}

static const struct rb_value *timed_out(const char *member, const struct rb_value *owned)
{
    return rb_value_map("step", rb_value_text("s2"), "attempt", rb_value_int(1), "phase",
                        rb_value_text("lua"), "cut", rb_value_bool(true), "items",
                        rb_value_list(rb_value_map("name", rb_value_text("lua"), "error",
                                                   rb_value_text("it took longer than 10s"),
                                                   member, owned, NULL),
                                      NULL),
                        NULL);
}

static void what_is_missing_is_no_difference_and_not_the_same(void **state)
{
    (void)state;
    struct live live;
    live_begin(&live, 6);
    live_on(&live, 100);
    struct rb_replay result = replay(&live, gone, NULL);
    assert_false(result.differs);
    assert_true(result.missing);
    assert_false(result.finished);
    assert_string_equal(result.what, "there is no blob");
    assert_int_equal(result.seq, 11);
    live_done(&live);
}

static void a_time_out_is_accepted_and_counted(void **state)
{
    (void)state;
    struct live live;
    live_begin(&live, 3);
    live_on(&live, 2);
    put(&live, RB_EV_EVAL_RESULT, timed_out("verdict", rb_value_text("unknown")));
    decide(&live);
    struct rb_replay result = replay(&live, no, NULL);
    assert_false(result.differs);
    assert_int_equal(result.timeouts, 1);
    assert_int_equal(result.evaluations, 0);
    live_done(&live);
}

static void a_time_out_can_not_carry_a_verdict(void **state)
{
    (void)state;
    struct live live;
    live_begin(&live, 3);
    live_on(&live, 2);
    put(&live, RB_EV_EVAL_RESULT, timed_out("verdict", rb_value_text("holds")));
    differs(&live, no, 11, "recorded eval.result");
    live_begin(&live, 3);
    live_on(&live, 2);
    put(&live, RB_EV_EVAL_RESULT, timed_out("value", rb_value_int(7)));
    differs(&live, no, 11, "recorded eval.result");
}

/* Writes an event that the core never made. */
static void forge(struct live *live, enum rb_event_type type, int64_t later,
                  const struct rb_value *owned)
{
    struct rb_event event = trial_event(type, live->tick + later, owned);
    live->record.event = event;
    rb_line_encode(&live->record, &live->bytes);
    memcpy(live->record.prev, live->record.hash, sizeof live->record.prev);
    live->record.seq++;
    rb_value_unref(owned);
}

static void an_invented_decision_is_a_difference(void **state)
{
    (void)state;
    struct live live;
    live_begin(&live, 2);
    forge(&live, RB_EV_STEP_PASSED, 0, rb_value_map("step", rb_value_text("s0"), NULL));
    differs(&live, NULL, 4, "recorded step.passed {\"step\":\"s0\"}, derived nothing");
}

static void another_decision_is_a_difference(void **state)
{
    (void)state;
    struct live live;
    live_begin(&live, 2);
    put(&live, RB_EV_EFFECT_RESULT,
        rb_value_map("step", rb_value_text("s0"), "attempt", rb_value_int(1), "exit",
                     rb_value_int(1), NULL));
    forge(&live, RB_EV_STEP_PASSED, 0,
          rb_value_map("attempts", rb_value_int(1), "step", rb_value_text("s0"), NULL));
    differs(&live, NULL, 5,
            "recorded step.passed {\"attempts\":1,\"step\":\"s0\"}, derived "
            "attempt.failed");
}

static void another_payload_is_a_difference(void **state)
{
    (void)state;
    struct live live;
    live_begin(&live, 2);
    put(&live, RB_EV_EFFECT_RESULT,
        rb_value_map("step", rb_value_text("s0"), "attempt", rb_value_int(1), "exit",
                     rb_value_int(0), NULL));
    forge(&live, RB_EV_STEP_PASSED, 0,
          rb_value_map("attempts", rb_value_number(1), "step", rb_value_text("s0"), NULL));
    differs(&live, NULL, 5, "derived step.passed {\"attempts\":1,");
}

static void another_time_is_a_difference(void **state)
{
    (void)state;
    struct live live;
    live_begin(&live, 2);
    put(&live, RB_EV_EFFECT_RESULT,
        rb_value_map("step", rb_value_text("s0"), "attempt", rb_value_int(1), "exit",
                     rb_value_int(0), NULL));
    forge(&live, RB_EV_STEP_PASSED, 1,
          rb_value_map("attempts", rb_value_int(1), "step", rb_value_text("s0"), NULL));
    differs(&live, NULL, 5, "step.passed is recorded with another time");
}

static void a_decision_that_is_missing_is_a_difference(void **state)
{
    (void)state;
    struct live live;
    live_begin(&live, 2);
    put(&live, RB_EV_EFFECT_RESULT,
        rb_value_map("step", rb_value_text("s0"), "attempt", rb_value_int(1), "exit",
                     rb_value_int(0), NULL));
    forge(&live, RB_EV_SIGNAL_RECEIVED, 1,
          rb_value_map("name", rb_value_text("INT"), NULL));
    differs(&live, NULL, 5,
            "recorded signal.received {\"name\":\"INT\"}, derived step.passed");
}

static void a_fact_that_nothing_asked_for_is_a_difference(void **state)
{
    (void)state;
    struct live live;
    live_begin(&live, 2);
    forge(&live, RB_EV_EFFECT_RESULT, 1,
          rb_value_map("step", rb_value_text("s1"), "attempt", rb_value_int(1), NULL));
    differs(&live, NULL, 4,
            "recorded effect.result {\"attempt\":1,\"step\":\"s1\"}, which "
            "nothing had asked for");
}

static void a_record_that_does_not_begin_is_a_difference(void **state)
{
    (void)state;
    struct live live = {.plan = new_plan(1), .record = {.writer = 1}};
    memcpy(live.record.prev, RB_LINK_ZERO, sizeof live.record.prev);
    forge(&live, RB_EV_RUN_RESUMED, 1, rb_value_map(NULL));
    differs(&live, NULL, 0, "which nothing had asked for");
}

static void a_crash_may_cut_decisions_off(void **state)
{
    (void)state;
    struct live live;
    live_begin(&live, 2);
    put(&live, RB_EV_EFFECT_RESULT,
        rb_value_map("step", rb_value_text("s0"), "attempt", rb_value_int(1), "exit",
                     rb_value_int(0), NULL));
    live.record.writer = 2;
    put(&live, RB_EV_TAIL_RECOVERED, rb_value_map(NULL));
    put(&live, RB_EV_RUN_RESUMED, rb_value_map(NULL));
    decide(&live);
    live_on(&live, 100);
    assert_int_equal(live.state->phase, RB_RUN_FINISHED);
    struct rb_replay result = replay(&live, NULL, NULL);
    if (result.differs)
        fail_msg("seq %lld: %s", (long long)result.seq, result.what);
    live_done(&live);
}

static void a_broken_chain_is_no_result(void **state)
{
    (void)state;
    struct live live;
    struct rb_replay result = {.facts = 77};
    struct rb_error err = {0};
    live_begin(&live, 2);
    strstr(live.bytes.data, "step.began")[0] = 'S';
    int fd = memfd_create("journal", MFD_CLOEXEC);
    assert_true(rb_file_write_all(fd, live.bytes.data, live.bytes.length, &err));
    struct rb_reader *reader = rb_reader_new(fd);
    assert_false(rb_replay_run(live.plan, reader, NULL, NULL, &result, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_int_equal(result.facts, 77);
    rb_reader_free(reader);
    live_done(&live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_derived_again),
        cmocka_unit_test(every_prefix_of_a_run_is_derived_again),
        cmocka_unit_test(another_verdict_is_a_difference),
        cmocka_unit_test(an_evaluation_that_can_not_be_repeated_is_a_difference),
        cmocka_unit_test(what_is_missing_is_no_difference_and_not_the_same),
        cmocka_unit_test(a_time_out_is_accepted_and_counted),
        cmocka_unit_test(a_time_out_can_not_carry_a_verdict),
        cmocka_unit_test(an_invented_decision_is_a_difference),
        cmocka_unit_test(another_decision_is_a_difference),
        cmocka_unit_test(another_payload_is_a_difference),
        cmocka_unit_test(another_time_is_a_difference),
        cmocka_unit_test(a_decision_that_is_missing_is_a_difference),
        cmocka_unit_test(a_fact_that_nothing_asked_for_is_a_difference),
        cmocka_unit_test(a_record_that_does_not_begin_is_a_difference),
        cmocka_unit_test(a_crash_may_cut_decisions_off),
        cmocka_unit_test(a_broken_chain_is_no_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
