#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "capture.h"
#include "scene.h"

static int setup(void **state)
{
    struct scene *scene = rb_alloc(sizeof *scene);
    scene_open(scene);
    capture_begin(STDERR_FILENO);
    scene->view = rb_view_plain_new(&scene->options);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    capture_abandon();
    if (scene->view)
        scene->view->ops->close(scene->view, scene->state, 0);
    scene_close(scene);
    free(scene);
    return 0;
}

static void begin(struct scene *scene)
{
    scene_happen(scene, 0, "run.created", "{\"run\":\"r-20251122-230100-k3f7\"}");
    scene_happen(scene, 0, "run.started", "{}");
}

#define CREATED                                                             \
    "23:01:00Z run r-20251122-230100-k3f7 of dcmms-release in production: " \
    "Production release of dCMMS\n"

static void a_step_is_told_of_when_it_runs_and_when_it_passed(void **state)
{
    struct scene *scene = *state;
    begin(scene);
    scene_happen(scene, 0, "step.began", "{\"step\":\"backup\"}");
    scene_happen(scene, 0, "effect.intent", "{\"step\":\"backup\",\"attempt\":1}");
    scene_happen(scene, 192 * RB_SEC, "effect.result",
                 "{\"step\":\"backup\",\"attempt\":1,\"exit\":0}");
    scene_happen(scene, 0, "step.passed", "{\"step\":\"backup\",\"attempts\":1}");
    assert_string_equal(
        capture_end(),
        CREATED "23:01:00Z backup: runs, at most 10m: Dump the production database\n"
                "23:04:12Z backup: passed after 3m12s\n");
}

static void a_failed_attempt_shows_its_check_and_the_last_lines_it_wrote(void **state)
{
    struct scene *scene = *state;
    begin(scene);
    scene_happen(scene, 0, "step.began", "{\"step\":\"backup-verify\"}");
    scene_happen(scene, 0, "effect.intent", "{\"step\":\"backup-verify\",\"attempt\":1}");
    scene_output(scene, "backup-verify.1", "err",
                 "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n"
                 "pg_restore: error: input file appears to be a text format dump.\n");
    scene_happen(scene, 3 * RB_SEC, "effect.result",
                 "{\"step\":\"backup-verify\",\"attempt\":1,\"exit\":1,\"err\":{\"blob\":"
                 "\"sha256:%064d\",\"bytes\":88,\"lost\":0}}",
                 7);
    scene_happen(
        scene, 0, "attempt.failed",
        "{\"step\":\"backup-verify\",\"attempt\":1,\"reason\":\"exit\",\"why\":\"exit "
        "code 1, expected 0\",\"checks\":[{\"name\":\"expect.exit\",\"verdict\":"
        "\"fails\",\"why\":\"exit code 1, expected 0\"},{\"name\":\"expect.stdout\","
        "\"verdict\":\"fails\",\"why\":\"no match for /TOC Entries/\"}]}");
    scene_happen(scene, 0, "retry.scheduled",
                 "{\"step\":\"backup-verify\",\"attempt\":2,\"at\":%lld}",
                 (long long)scene->utc + 5 * RB_SEC);
    RB_AUTO_BUF struct rb_buf expected = {0};
    rb_buf_printf(
        &expected,
        CREATED
        "23:01:00Z backup-verify: runs, attempt 1 of 3, at most 1m: The dump can be "
        "read back\n"
        "23:01:03Z backup-verify: failed, attempt 1 of 3 after 3.0s: exit code 1, "
        "expected 0\n"
        "          expect.exit: exit code 1, expected 0\n"
        "          expect.stdout: no match for /TOC Entries/\n"
        "          last lines of standard error:\n"
        "          | 3\n          | 4\n          | 5\n          | 6\n          | 7\n"
        "          | 8\n          | 9\n          | 10\n          | 11\n"
        "          | pg_restore: error: input file appears to be a text format dump.\n"
        "          all of standard error, 88 bytes:\n"
        "          %s/blobs/sha256/%064d\n"
        "23:01:03Z backup-verify: tries again in 5.0s, attempt 2 of 3\n",
        scene->path, 7);
    assert_string_equal(capture_end(), rb_buf_text(&expected));
}

static void where_output_is_is_not_told_of_what_is_shown_whole(void **state)
{
    struct scene *scene = *state;
    begin(scene);
    scene_happen(scene, 0, "step.began", "{\"step\":\"replica\"}");
    scene_happen(scene, 0, "effect.intent", "{\"step\":\"replica\",\"attempt\":1}");
    scene_output(scene, "replica.1", "out", "one\n\ntwo\n");
    scene_happen(scene, 3 * RB_SEC, "effect.result",
                 "{\"step\":\"replica\",\"attempt\":1,\"exit\":1,\"out\":{\"blob\":"
                 "\"sha256:%064d\",\"bytes\":9,\"lost\":0}}",
                 7);
    scene_happen(scene, 0, "attempt.failed",
                 "{\"step\":\"replica\",\"attempt\":1,\"reason\":\"exit\",\"why\":\"exit "
                 "code 1, expected 0\",\"checks\":[]}");
    scene_happen(scene, 0, "retry.scheduled",
                 "{\"step\":\"replica\",\"attempt\":2,\"at\":%lld}",
                 (long long)scene->utc + 5 * RB_SEC);
    const char *told = strstr(capture_end(), "expected 0\n");
    assert_non_null(told);
    assert_string_equal(told, "expected 0\n"
                              "          all of standard output:\n"
                              "          | one\n"
                              "          | two\n"
                              "23:01:03Z replica: tries again in 5.0s, attempt 2\n");
}

static void a_failed_check_shows_all_that_it_compared(void **state)
{
    struct scene *scene = *state;
    begin(scene);
    scene_happen(scene, 0, "step.began", "{\"step\":\"replica\"}");
    scene_happen(scene, 0, "attempt.failed",
                 "{\"step\":\"replica\",\"attempt\":1,\"reason\":\"timeout\",\"why\":"
                 "\"lag: 7, expected < 5\",\"checks\":[{\"name\":\"gate\",\"verdict\":"
                 "\"fails\",\"why\":\"lag: 7, expected < 5\",\"seen_more\":2,\"seen\":["
                 "{\"what\":\"slots\",\"left\":\"2\",\"op\":\"==\",\"right\":\"2\","
                 "\"holds\":true},{\"what\":\"\",\"left\":\"nil\",\"op\":\">\","
                 "\"right\":\"0\"},{\"what\":\"lag\\u001b[2J\",\"left\":\"7\",\"op\":"
                 "\"<\",\"right\":\"5\",\"holds\":false}]}]}");
    scene_happen(scene, 0, "run.finished",
                 "{\"step\":\"replica\",\"status\":\"failed\",\"exit\":1}");
    const char *shown = capture_end();
    assert_non_null(strstr(shown, "          compared: slots: 2 == 2\n"
                                  "          compared: nil > 0, unknown\n"
                                  "          compared: lag\\e[2J: 7 < 5, does not hold\n"
                                  "          compared: 2 more\n"));
}

static void a_long_step_gives_signs_of_life_further_and_further_apart(void **state)
{
    struct scene *scene = *state;
    begin(scene);
    scene_happen(scene, 0, "step.began", "{\"step\":\"backup\"}");
    scene_happen(scene, 0, "effect.intent", "{\"step\":\"backup\",\"attempt\":1}");
    scene_output(scene, "backup.1", "out", "dumping work_orders\n");
    for (int i = 0; i < 80; i++)
        scene_tick(scene, 2500 * RB_MS);
    assert_string_equal(
        capture_end(),
        CREATED "23:01:00Z backup: runs, at most 10m: Dump the production database\n"
                "23:01:10Z backup: still running for 10s of 10m; dumping work_orders\n"
                "23:01:30Z backup: still running for 30s of 10m; dumping work_orders\n"
                "23:02:10Z backup: still running for 1m10s of 10m; dumping "
                "work_orders\n"
                "23:03:10Z backup: still running for 2m10s of 10m; dumping "
                "work_orders\n"
                "23:04:10Z backup: still running for 3m10s of 10m; dumping "
                "work_orders\n");
}

/* That it waits is decided by the first. */
static void poll(struct scene *scene, rb_time after, int polls, const char *why)
{
    scene_happen(scene, after, "eval.result",
                 "{\"step\":\"replica\",\"phase\":\"gate\",\"items\":[{\"name\":\"lag\","
                 "\"verdict\":\"fails\",\"why\":\"%s\"}]}",
                 why);
    if (polls == 1)
        scene_happen(scene, 0, "gate.waiting",
                     "{\"step\":\"replica\",\"polls\":1,\"verdict\":\"fails\",\"at\":%lld}",
                     (long long)scene->utc + 5 * RB_SEC);
}

static void a_gate_speaks_only_when_its_answer_changes(void **state)
{
    struct scene *scene = *state;
    begin(scene);
    scene_happen(scene, 0, "step.began", "{\"step\":\"replica\"}");
    poll(scene, 0, 1, "12 MB > 1 MB");
    poll(scene, 5 * RB_SEC, 2, "12 MB > 1 MB");
    poll(scene, 5 * RB_SEC, 3, "3 MB > 1 MB");
    scene_happen(scene, 5 * RB_SEC, "step.passed", "{\"step\":\"replica\",\"attempts\":1}");
    assert_string_equal(capture_end(), CREATED
                        "23:01:00Z replica: does not hold yet (attempt 1): 12 MB > 1 MB\n"
                        "23:01:10Z replica: does not hold yet (attempt 3): 3 MB > 1 MB\n"
                        "23:01:15Z replica: passed after 15.0s\n");
}

static void a_gate_whose_numbers_change_all_the_time_speaks_seldom(void **state)
{
    struct scene *scene = *state;
    int lines = 0;
    begin(scene);
    scene_happen(scene, 0, "step.began", "{\"step\":\"replica\"}");
    for (int i = 1; i <= 3600; i++) {
        char why[32];
        snprintf(why, sizeof why, "%d MB > 1 MB", 5000 - i);
        poll(scene, RB_SEC, i, why);
        scene_tick(scene, 0);
    }
    const char *text = capture_end();
    for (const char *at = text; (at = strstr(at, "replica: ")); at++)
        lines++;
    assert_true(lines > 50 && lines < 70);
    assert_non_null(
        strstr(text, "23:01:01Z replica: does not hold yet (attempt 1): 4999 MB"));
    assert_non_null(
        strstr(text, "23:01:11Z replica: does not hold yet (attempt 11): 4989 MB"));
    assert_non_null(
        strstr(text, "23:01:31Z replica: does not hold yet (attempt 31): 4969 MB"));
}

static void a_gate_that_says_the_same_gives_signs_of_life(void **state)
{
    struct scene *scene = *state;
    begin(scene);
    scene_happen(scene, 0, "step.began", "{\"step\":\"replica\"}");
    for (int i = 1; i <= 12; i++) {
        poll(scene, RB_SEC, i, "12 MB > 1 MB");
        scene_tick(scene, 0);
    }
    assert_string_equal(
        capture_end(), CREATED
        "23:01:01Z replica: does not hold yet (attempt 1): 12 MB > 1 MB\n"
        "23:01:11Z replica: still 11s, attempt 11, next in 5s, last: 12 MB > 1 MB\n");
}

static void a_question_nobody_can_answer_says_how_to_go_on(void **state)
{
    struct scene *scene = *state;
    begin(scene);
    scene_happen(scene, 0, "step.began", "{\"step\":\"release-ok\"}");
    scene_happen(scene, 0, "question.asked",
                 "{\"step\":\"release-ok\",\"q\":0,\"kind\":\"confirm\",\"text\":\"Release "
                 "it?\"}");
    scene_happen(scene, 0, "question.unanswered",
                 "{\"step\":\"release-ok\",\"q\":0,\"why\":\"no terminal\"}");
    scene_happen(scene, 0, "run.suspended",
                 "{\"step\":\"release-ok\",\"why\":\"a person has to answer\",\"exit\":3}");
    assert_string_equal(
        capture_end(),
        CREATED "23:01:00Z release-ok: asks: Release it?\n"
                "23:01:00Z release-ok: nobody answered: no terminal\n"
                "23:01:00Z suspended at release-ok: a person has to answer\n"
                "          go on at a terminal: runbook resume r-20251122-230100-k3f7\n"
                "          or with answers:     runbook resume r-20251122-230100-k3f7 "
                "--answers FILE, "
                "which answers release-ok\n");
}

static void no_byte_of_a_child_or_person_can_act_on_a_terminal(void **state)
{
    struct scene *scene = *state;
    begin(scene);
    scene_happen(scene, 0, "step.began", "{\"step\":\"backup\"}");
    scene_happen(scene, 0, "effect.intent", "{\"step\":\"backup\",\"attempt\":1}");
    scene_output(scene, "backup.1", "out",
                 "\033[2J\033]0;title\a\033]8;;http://x\033\\\033]52;c;eA==\a\033P1$r\033\\"
                 "\xc2\x9b"
                 "2J\b\bgood\rbad\xe2\x80\xae\xff\n");
    scene_happen(
        scene, 0, "attempt.failed",
        "{\"step\":\"backup\",\"attempt\":1,\"reason\":\"exit\",\"why\":\"a\\u001b[31m"
        "\\u202e\\u009b\\r\\nb\"}");
    const char *text = capture_end();
    for (const char *at = text; *at; at++)
        assert_true((*at >= 0x20 && *at < 0x7F) || *at == '\n');
    assert_non_null(strstr(text, ": a\\e[31m\\u202e\\u009b\\r\\nb\n"));
    assert_non_null(strstr(text,
                           "| \\e[2J\\e]0;title\\x07\\e]8;;http://x\\e\\\\e]52;c;eA==\\x07"
                           "\\eP1$r\\e\\\\u009b2J\\x08\\x08good\\r\n"));
    assert_non_null(strstr(text, "| bad\\u202e\\xff\n"));
}

static void leaving_at_once_says_where_and_how_to_go_on(void **state)
{
    struct scene *scene = *state;
    begin(scene);
    scene_happen(scene, 0, "step.began", "{\"step\":\"backup\"}");
    scene->view->ops->close(scene->view, scene->state, 130);
    scene->view = NULL;
    assert_string_equal(capture_end(), CREATED
                        "23:01:00Z left at backup (exit 130)\n"
                        "          go on with: runbook resume r-20251122-230100-k3f7\n");
}

static void titles_and_times_of_a_loop_outlive_its_elements(void **state)
{
    struct scene *scene = *state;
    begin(scene);
    scene_happen(scene, 0, "step.began", "{\"step\":\"migrate\"}");
    scene_happen(scene, 0, "step.began", "{\"step\":\"apply\"}");
    scene_happen(
        scene, 0, "eval.result",
        "{\"step\":\"apply\",\"phase\":\"prepare\",\"items\":[{\"name\":\"for_each\","
        "\"value\":[\"V010.sql\"]}]}");
    scene_happen(scene, 0, "loop.began", "{\"step\":\"apply\",\"count\":1}");
    scene_happen(scene, 0, "step.began", "{\"step\":\"apply[0]\"}");
    scene_happen(scene, 0, "eval.result",
                 "{\"step\":\"apply[0]\",\"phase\":\"prepare\",\"items\":[{\"name\":\"1\","
                 "\"value\":\"V010.sql\"}]}");
    scene_happen(scene, 0, "effect.intent", "{\"step\":\"apply[0]\",\"attempt\":1}");
    scene_happen(scene, 4 * RB_SEC, "step.passed",
                 "{\"step\":\"apply[0]\",\"attempts\":1}");
    scene_happen(scene, 0, "step.passed", "{\"step\":\"apply\",\"attempts\":1}");
    scene_happen(scene, RB_SEC, "step.passed", "{\"step\":\"migrate\",\"attempts\":1}");
    scene_happen(scene, 0, "run.finished", "{\"status\":\"succeeded\",\"exit\":0}");
    assert_string_equal(capture_end(),
                        CREATED "23:01:00Z migrate: began: Migrate the database\n"
                                "23:01:00Z apply: began, 1 time\n"
                                "23:01:00Z apply[0]: runs: Apply V010.sql\n"
                                "23:01:04Z apply[0]: passed after 4.0s\n"
                                "23:01:04Z apply: passed after 4.0s\n"
                                "23:01:05Z migrate: passed after 5.0s\n"
                                "23:01:05Z succeeded: 1 passed in 5.0s\n");
}

static void a_workflow_gets_folds_and_annotations_and_no_commands_of_a_child(void **state)
{
    struct scene *scene = *state;
    capture_abandon();
    scene->view->ops->close(scene->view, scene->state, 0);
    scene->options.github = true;
    capture_begin(STDERR_FILENO);
    scene->view = rb_view_plain_new(&scene->options);
    scene_happen(scene, 0, "run.created", "{\"run\":\"r-1\",\"nonce\":\"5ca1ab1e\"}");
    scene_happen(scene, 0, "run.started", "{}");
    scene_happen(scene, 0, "step.began", "{\"step\":\"backup\"}");
    scene_happen(scene, 0, "effect.intent", "{\"step\":\"backup\",\"attempt\":1}");
    scene_output(scene, "backup.1", "err", "##[error]not a command\n");
    scene_happen(scene, 0, "attempt.failed",
                 "{\"step\":\"backup\",\"attempt\":1,\"reason\":\"exit\",\"why\":\"100%%, "
                 "\\n::error::x\"}");
    scene_happen(scene, 0, "run.finished",
                 "{\"status\":\"failed\",\"step\":\"backup\",\"why\":\"100%% of: it\"}");
    const char *text = capture_end();
    assert_non_null(strstr(text, "::group::backup\n::stop-commands::5ca1ab1e\n"));
    assert_non_null(strstr(text, "          | ##[error]not a command\n"));
    assert_non_null(strstr(text, "\n::5ca1ab1e::\n::endgroup::\n"));
    assert_non_null(strstr(text, "\n::error title=backup::100%25 of: it\n"));
    assert_null(strstr(text, "\n::error::x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_step_is_told_of_when_it_runs_and_when_it_passed),
        TEST(a_failed_attempt_shows_its_check_and_the_last_lines_it_wrote),
        TEST(where_output_is_is_not_told_of_what_is_shown_whole),
        TEST(a_failed_check_shows_all_that_it_compared),
        TEST(a_long_step_gives_signs_of_life_further_and_further_apart),
        TEST(a_gate_speaks_only_when_its_answer_changes),
        TEST(a_gate_whose_numbers_change_all_the_time_speaks_seldom),
        TEST(a_gate_that_says_the_same_gives_signs_of_life),
        TEST(a_question_nobody_can_answer_says_how_to_go_on),
        TEST(no_byte_of_a_child_or_person_can_act_on_a_terminal),
        TEST(leaving_at_once_says_where_and_how_to_go_on),
        TEST(a_workflow_gets_folds_and_annotations_and_no_commands_of_a_child),
        TEST(titles_and_times_of_a_loop_outlive_its_elements),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
