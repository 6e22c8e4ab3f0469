#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <string.h>

#include "base/duration.h"
#include "base/json.h"
#include "effects/worker.h"
#include "fakes.h"

/* Recorded evidence: calls with exit codes 1, 2... */
static const struct rb_value *record(const char *const *programs)
{
    struct rb_list_builder list = {0};
    for (int i = 0; programs[i]; i++) {
        RB_AUTO_VALUE const struct rb_value *call = fake_call(programs[i]);
        rb_list_add(&list,
                    rb_value_map("call", rb_value_ref(rb_value_get(call, "call")), "req",
                                 rb_value_ref(rb_value_get(call, "req")), "outcome",
                                 rb_value_map("exit", rb_value_int(i + 1), NULL), NULL));
    }
    return rb_list_end(&list);
}

static char *replay(struct rb_worker_replay *replay, const char *const *programs)
{
    struct rb_buf text = {0};
    RB_AUTO_VALUE const struct rb_value *job = fake_job(300 * RB_MS);
    RB_AUTO_VALUE const struct rb_value *evidence = record(programs);
    RB_AUTO_VALUE const struct rb_value *outcome = NULL;
    assert_true(rb_worker_replay_eval(replay, job, evidence, &outcome, NULL));
    rb_json_encode(outcome, &text);
    return rb_buf_take(&text);
}

static void expect_replay(rb_worker_main *main, const char *const *programs,
                          const char *part)
{
    struct rb_worker_replay *r = rb_worker_replay_new(main, -1);
    for (int i = 0; i < 2; i++) {
        char *got = replay(r, programs);
        if (!strstr(got, part))
            fail_msg("%s", got);
        free(got);
    }
    rb_worker_replay_free(r);
}

static void replay_answers_from_the_record(void **state)
{
    (void)state;
    expect_replay(fake_asks, (const char *[]){"one", "two", NULL}, "\"why\":\"1 2 \"");
}

static void replay_refuses_what_the_record_does_not_hold(void **state)
{
    (void)state;
    expect_replay(fake_asks, (const char *[]){"one", NULL},
                  "\"why\":\"1 -1 it asks for more than the record holds\"");
    expect_replay(fake_asks, (const char *[]){"one", "three", NULL},
                  FAKE_BOTH("it asks for something else than the record holds"));
    expect_replay(fake_asks, (const char *[]){"one", "two", "three", NULL},
                  FAKE_BOTH("it asks for less than the record holds"));
}

static void what_was_asked_together_is_answered_in_its_order(void **state)
{
    (void)state;
    expect_replay(fake_asks_together, (const char *[]){"one", "two", NULL},
                  "\"why\":\"1 2 \"");
    expect_replay(fake_asks_together, (const char *[]){"one", NULL},
                  "\"why\":\"-1 -1 it asks for more than the record holds\"");
    expect_replay(fake_asks_together, (const char *[]){"two", "one", NULL},
                  FAKE_BOTH("it asks for something else than the record holds"));
    expect_replay(fake_asks_together, (const char *[]){"one", "two", "one", NULL},
                  FAKE_BOTH("it asks for less than the record holds"));
}

static void replay_outlives_its_worker(void **state)
{
    (void)state;
    const char *none[] = {NULL};
    expect_replay(fake_hangs, none,
                  FAKE_BOTH("it took longer than its time and was ended"));
    expect_replay(fake_dies, none, FAKE_BOTH("the Lua worker died"));
    expect_replay(fake_gives_up, none, FAKE_BOTH("no descriptor left"));
    expect_replay(fake_no_json, none, "is not canonical JSON");
}

static void replay_tells_an_answer_from_a_worker_that_gave_none(void **state)
{
    (void)state;
    static rb_worker_main *const mains[] = {fake_asks, fake_dies, fake_hangs,
                                            fake_gives_up};
    for (size_t i = 0; i < RB_COUNT(mains); i++) {
        struct rb_worker_replay *r = rb_worker_replay_new(mains[i], -1);
        free(replay(r, (const char *[]){"one", "two", NULL}));
        assert_int_equal(rb_worker_replay_answered(r), i == 0);
        rb_worker_replay_free(r);
    }
}

static void of_what_is_missing_nothing_is_concluded(void **state)
{
    (void)state;
    struct rb_worker_replay *r = rb_worker_replay_new(fake_misses, -1);
    RB_AUTO_VALUE const struct rb_value *job = fake_job(300 * RB_MS);
    for (int i = 0; i < 2; i++) {
        const struct rb_value *outcome = NULL;
        struct rb_error err = {0};
        assert_false(rb_worker_replay_eval(r, job, NULL, &outcome, &err));
        assert_int_equal(err.code, RB_ERR_NOT_FOUND);
        assert_string_equal(err.message, "there is no blob");
    }
    rb_worker_replay_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replay_answers_from_the_record),
        cmocka_unit_test(replay_refuses_what_the_record_does_not_hold),
        cmocka_unit_test(what_was_asked_together_is_answered_in_its_order),
        cmocka_unit_test(replay_outlives_its_worker),
        cmocka_unit_test(replay_tells_an_answer_from_a_worker_that_gave_none),
        cmocka_unit_test(of_what_is_missing_nothing_is_concluded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
