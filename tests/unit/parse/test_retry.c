#include "reading.h"

#include "plan/reason.h"

#define STEP "id: a\n  gate: vars.x\n  retry: "

static struct rb_retry retry_of(const char *retry)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&text, "runbook: x\nsteps:\n- id: a\n  gate: vars.x\n  retry: %s\n",
                  retry);
    struct rb_document *document = read_good(rb_buf_text(&text));
    struct rb_retry found = document->plan->steps[0].retry;
    rb_document_free(document);
    return found;
}

static void a_number_is_how_often_it_is_tried(void **state)
{
    (void)state;
    struct rb_retry retry = retry_of("3");
    assert_int_equal(retry.attempts, 3);
    assert_int_equal(retry.delay, RB_SEC);
    assert_int_equal(retry.when, -1);
    assert_int_equal(retry.on, 0);
    assert_int_equal(retry.backoff, RB_BACKOFF_CONSTANT);
}

static void everything_can_be_said(void **state)
{
    (void)state;
    struct rb_retry retry = retry_of("{attempts: 5, delay: 2s, backoff: exponential, "
                                     "max_delay: 1m, jitter: 20%, on: [timeout, exit], "
                                     "when: result.exit == 75}");
    assert_int_equal(retry.attempts, 5);
    assert_int_equal(retry.delay, 2 * RB_SEC);
    assert_int_equal(retry.max_delay, 60 * RB_SEC);
    assert_int_equal(retry.backoff, RB_BACKOFF_EXPONENTIAL);
    assert_int_equal(retry.jitter_percent, 20);
    assert_int_equal(retry.on, 1u << RB_REASON_TIMEOUT | 1u << RB_REASON_EXIT);
    assert_int_equal(retry.when, 1);
    assert_int_equal(retry_of("{attempts: 2, delay: 0s, on: exit}").on,
                     1u << RB_REASON_EXIT);
}

static void mistakes_are_found(void **state)
{
    (void)state;
    expect_step_findings(STEP "{delay: 3s}", "202@3:8");
    expect_step_findings(STEP "{attempts: 0}", "217@3:19");
    expect_step_findings(STEP "{attempts: 3, delay: 3}", "206@3:29");
    expect_step_findings(STEP "{attempts: 3, backoff: quadratic}", "207@3:31");
    expect_step_findings(STEP "{attempts: 3, jitter: 20}", "217@3:30");
    expect_step_findings(STEP "{attempts: 3, jitter: 101%}", "217@3:30");
    expect_step_findings(STEP "{attempts: 3, on: [refused, exti]}", "207@3:27 207@3:36");
    expect_step_findings(STEP "{attempts: 3, when: ${{ x }}}", "101@3:29");
    expect_step_findings(STEP "{attempts: 3, times: 3}", "201@3:22");
    expect_step_findings(STEP "[3]", "203@3:8");
}

static void a_default_is_taken_only_where_nothing_can_happen_twice(void **state)
{
    (void)state;
    const char *text = "runbook: x\ndefaults: {retry: 3}\nsteps:\n"
                       "- {id: a, run: ls}\n"
                       "- {id: b, run: ls, idempotent: true}\n"
                       "- {id: c, run: ls, probe: vars.x}\n"
                       "- {id: d, lua: return}\n"
                       "- {id: e, run: ls, retry: 2}\n"
                       "- {id: f, confirm: Go?}\n";
    struct rb_document *document = read_good(text);
    static const int expected[] = {1, 3, 3, 3, 2, 1};
    for (size_t i = 0; i < RB_COUNT(expected); i++)
        assert_int_equal(document->plan->steps[i].retry.attempts, expected[i]);
    rb_document_free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_how_often_it_is_tried),
        cmocka_unit_test(everything_can_be_said),
        cmocka_unit_test(mistakes_are_found),
        cmocka_unit_test(a_default_is_taken_only_where_nothing_can_happen_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
