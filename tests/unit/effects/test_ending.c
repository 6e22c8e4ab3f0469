/* How a step comes to its end: time-outs, requests to end, and what a program leaves behind. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "effects/clock.h"
#include "effects/ending.h"
#include "scene.h"

static struct scene scene;

static int set_up(void **state)
{
    (void)state;
    scene_open(&scene);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scene_close(&scene);
    return 0;
}

static int64_t number(const char *member)
{
    return rb_value_get_int(scene.outcome, member, -1);
}

static const char *text(const char *member)
{
    return rb_value_get_text(scene.outcome, member, "");
}

static const struct rb_value *with_timeout(const struct rb_value *owned, rb_time timeout)
{
    return scene_with(owned, "timeout_us", rb_value_int(timeout));
}

/* Every process whose number the step printed has ended. */
static void assert_all_gone(size_t expected)
{
    RB_AUTO_FREE char *said = scene_output(&scene, "out");
    size_t count = 0;
    for (char *line = strtok(said, "\n"); line; line = strtok(NULL, "\n"), count++) {
        if (scene_alive(strtol(line, NULL, 10)))
            fail_msg("process %s is alive", line);
    }
    assert_int_equal(count, expected);
}

static void the_whole_tree_ends_when_its_time_is_up(void **state)
{
    (void)state;
    rb_time before = rb_clock_mono();
    scene_run(&scene,
              with_timeout(scene_sh("a.1", "sleep 60 & echo $!; sleep 60 & echo $!; wait"),
                           600 * RB_MS));
    assert_string_equal(text("killed"), "timeout");
    assert_null(rb_value_get(scene.outcome, "escalated"));
    assert_null(rb_value_get(scene.outcome, "signal"));
    assert_null(rb_value_get(scene.outcome, "survivors"));
    assert_all_gone(2);
    assert_true(rb_clock_mono() - before >= 600 * RB_MS);
    assert_true(rb_clock_mono() - before < 5 * RB_SEC);
}

static void who_obeys_may_tidy_up(void **state)
{
    (void)state;
    scene_run(&scene, with_timeout(scene_sh("a.1", "trap 'echo bye; exit 9' TERM\n"
                                                   "while :; do sleep 0.05; done"),
                                   600 * RB_MS));
    assert_string_equal(text("killed"), "timeout");
    assert_int_equal(number("exit"), 9);
    RB_AUTO_FREE char *said = scene_output(&scene, "out");
    assert_string_equal(said, "bye\n");
}

static void who_ignores_the_request_is_killed_after_its_grace(void **state)
{
    (void)state;
    scene_run(&scene, with_timeout(scene_sh("a.1", "trap '' TERM; echo $$; sleep 60"),
                                   600 * RB_MS));
    assert_string_equal(text("killed"), "timeout");
    assert_true(rb_value_get_bool(scene.outcome, "escalated", false));
    assert_null(rb_value_get(scene.outcome, "exit"));
    assert_true(number("duration_us") >= 900 * RB_MS);
    assert_all_gone(1);
}

static void a_stopped_program_ends_too(void **state)
{
    (void)state;
    scene_run(&scene, with_timeout(scene_sh("a.1", "echo $$; kill -STOP $$; sleep 60"),
                                   600 * RB_MS));
    assert_string_equal(text("killed"), "timeout");
    assert_null(rb_value_get(scene.outcome, "escalated"));
    assert_all_gone(1);
    scene_run(&scene, with_timeout(scene_sh("a.2", "trap '' TERM; echo $$; kill -STOP $$\n"
                                                   "while :; do kill -STOP $$; done"),
                                   600 * RB_MS));
    assert_true(rb_value_get_bool(scene.outcome, "escalated", false));
    assert_all_gone(1);
}

/* Twice forked, in a session of its own, deaf to TERM, holding the output open. */
#define DAEMON                                                                         \
    "setsid sh -c 'trap \"\" TERM HUP; (trap \"\" TERM; echo $$; sleep 60 & echo $!; " \
    "wait) & "                                                                         \
    "sleep 0.05' & sleep 0.1; "

static void a_daemon_that_holds_the_output_does_not_outlive_its_step(void **state)
{
    (void)state;
    rb_time before = rb_clock_mono();
    scene_run(&scene, scene_sh("a.1", DAEMON "echo done >&2; exit 0"));
    assert_int_equal(number("exit"), 0);
    assert_true(number("survivors") >= 1);
    assert_true(rb_value_get_bool(scene.outcome, "escalated", false));
    assert_all_gone(2);
    assert_true(rb_clock_mono() - before < 5 * RB_SEC);
    scene_run(&scene, with_timeout(scene_sh("a.2", DAEMON "sleep 60"), 800 * RB_MS));
    assert_string_equal(text("killed"), "timeout");
    assert_all_gone(2);
}

static void what_a_program_leaves_behind_is_counted_and_ended(void **state)
{
    (void)state;
    scene_run(&scene, scene_sh("a.1", "sleep 60 & echo $!; sleep 60 & echo $!; exit 0"));
    assert_int_equal(number("exit"), 0);
    assert_int_equal(number("survivors"), 2);
    assert_null(rb_value_get(scene.outcome, "killed"));
    assert_null(rb_value_get(scene.outcome, "escalated"));
    assert_all_gone(2);
}

static void a_writer_in_the_background_may_finish_its_line(void **state)
{
    (void)state;
    scene_run(&scene, scene_sh("a.1", "(sleep 0.03; echo late) & exit 5"));
    assert_int_equal(number("exit"), 5);
    assert_null(rb_value_get(scene.outcome, "survivors"));
    RB_AUTO_FREE char *said = scene_output(&scene, "out");
    assert_string_equal(said, "late\n");
}

static void a_step_ends_on_request(void **state)
{
    (void)state;
    scene_send(&scene, scene_sh("a.1", "echo $$; sleep 60"));
    scene_rest(&scene, 400);
    rb_supervisor_end(scene.supervisor, "a.1");
    scene_wait(&scene, 5000);
    assert_string_equal(text("killed"), "request");
    assert_all_gone(1);
    rb_supervisor_end(scene.supervisor, "a.1");
    scene_run(&scene, scene_sh("a.2", "exit 0"));
    assert_string_equal(scene.settled, "a.2");
}

static void what_was_printed_before_the_end_is_kept(void **state)
{
    (void)state;
    scene_run(&scene, with_timeout(scene_sh("a.1", "seq 1 5000; trap '' TERM; sleep 60"),
                                   600 * RB_MS));
    RB_AUTO_FREE char *said = scene_output(&scene, "out");
    assert_int_equal(strlen(said), 23893);
    assert_non_null(strstr(said, "\n5000\n"));
}

/* Each makes two more, to a depth that bounds it; none ever rests. */
static void a_tree_that_grows_while_it_is_ended_ends(void **state)
{
    (void)state;
    const char *bomb = "trap '' TERM\n"
                       "grow() { [ $1 -gt 0 ] || { sleep 30; return; }\n"
                       "grow $(($1-1)) & grow $(($1-1)) & wait; }\n"
                       "grow 7";
    scene_run(&scene, with_timeout(scene_sh("a.1", bomb), 100 * RB_MS));
    assert_string_equal(text("killed"), "timeout");
    assert_null(rb_value_get(scene.outcome, "remaining"));
}

static const struct rb_value *with_most(const struct rb_value *owned, int most)
{
    return scene_with(with_timeout(owned, 60 * RB_SEC), "most_processes",
                      rb_value_int(most));
}

static void a_tree_that_gets_too_large_is_ended_without_a_grace(void **state)
{
    (void)state;
    const char *bomb = "trap '' TERM\n"
                       "grow() { [ $1 -gt 0 ] || { sleep 60; return; }\n"
                       "grow $(($1-1)) & grow $(($1-1)) & wait; }\n"
                       "grow 8";
    rb_time before = rb_clock_mono();
    scene_run(&scene, with_most(scene_sh("a.1", bomb), 100));
    assert_string_equal(text("killed"), "processes");
    assert_true(number("processes") > 100);
    assert_true(rb_value_get_bool(scene.outcome, "escalated", false));
    assert_null(rb_value_get(scene.outcome, "signal"));
    assert_null(rb_value_get(scene.outcome, "remaining"));
    assert_true(rb_clock_mono() - before < 55 * RB_SEC);
}

static void what_is_left_behind_may_not_get_too_large_either(void **state)
{
    (void)state;
    const char *script =
        "trap '' TERM\n"
        "setsid sh -c 'sleep 0.4; for i in 1 2 3 4 5 6; do sleep 60 & done; "
        "wait' &";
    scene_run(&scene, scene_with(with_most(scene_sh("a.1", script), 5), "grace_us",
                                 rb_value_int(50 * RB_SEC)));
    assert_string_equal(text("killed"), "processes");
    assert_int_equal(number("exit"), 0);
    assert_true(number("survivors") >= 1);
    assert_null(rb_value_get(scene.outcome, "remaining"));
}

static void a_tree_that_stays_within_its_bound_is_left_alone(void **state)
{
    (void)state;
    const char *script = "for i in 1 2 3 4 5 6; do sleep 0.7 & done; wait";
    scene_run(&scene, with_most(scene_sh("a.1", script), 7));
    assert_int_equal(number("exit"), 0);
    assert_null(rb_value_get(scene.outcome, "killed"));
    assert_null(rb_value_get(scene.outcome, "processes"));
}

/* Chains of processes, each living for a moment only. They end by themselves after 30 s. */
static int hop(void)
{
    signal(SIGTERM, SIG_IGN);
    rb_time end = rb_clock_mono() + 30 * RB_SEC;
    for (int chain = 0; chain < 6; chain++) {
        if (fork() == 0)
            break;
        if (chain == 5)
            sleep(60);
    }
    while (rb_clock_mono() < end) {
        if (fork() > 0)
            _exit(0);
    }
    return 0;
}

static void a_process_that_changes_its_number_faster_than_one_can_look_ends(void **state)
{
    (void)state;
    char self[256];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(length > 0);
    self[length] = '\0';
    rb_time before = rb_clock_mono();
    scene_run(&scene, with_timeout(scene_exec("a.1", self, "hop", NULL), 200 * RB_MS));
    assert_string_equal(text("killed"), "timeout");
    assert_null(rb_value_get(scene.outcome, "remaining"));
    assert_true(rb_clock_mono() - before < 25 * RB_SEC);
}

/* A request of this process itself, whose program has ended. */
static struct rb_child ended_child(struct rb_program *program)
{
    *program = (struct rb_program){.pid = 1, .ended = true};
    return (struct rb_child){
        .dir = "a.1", .is_write = true, .programs = program, .count = 1};
}

static pid_t sleeper(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        sleep(20);
        _exit(0);
    }
    return pid;
}

static void what_can_not_be_ended_is_given_up_and_counted(void **state)
{
    (void)state;
    struct rb_program program;
    struct rb_child child = ended_child(&program);
    struct rb_family family = {0};
    rb_family_add(&family, &child);
    pid_t pid = sleeper();
    child.state = RB_CHILD_KILLING;
    child.patience = 100;
    assert_false(rb_ending_advance(&family, &child, 99));
    waitpid(pid, NULL, 0);
    pid = sleeper();
    assert_true(rb_ending_advance(&family, &child, 100 + RB_SEC));
    assert_int_equal(child.remaining, 1);
    assert_int_equal(family.left.count, 1);
    assert_int_equal(family.left.procs[0].pid, pid);
    waitpid(pid, NULL, 0);
    rb_tree_done(&family.left);
    free(family.children);
}

static void what_was_given_up_is_not_blamed_on_the_next(void **state)
{
    (void)state;
    struct rb_program program;
    struct rb_child child = ended_child(&program);
    struct rb_family family = {0};
    rb_family_add(&family, &child);
    pid_t pid = sleeper();
    assert_false(rb_ending_advance(&family, &child, 1));
    RB_GROW(family.left.procs, family.left.count, family.left.capacity);
    assert_true(rb_proc_read(pid, &family.left.procs[family.left.count++]));
    assert_true(rb_ending_advance(&family, &child, 1));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    rb_tree_done(&family.left);
    free(family.children);
}

static void an_orphan_of_a_read_is_not_blamed_on_a_write(void **state)
{
    (void)state;
    scene_send(&scene, scene_sh("w.1", "sleep 1.5; exit 0"));
    scene_send(&scene, scene_with(scene_sh("r.1", "sleep 60 & echo $!; exit 0"), "class",
                                  rb_value_text("read")));
    scene_wait(&scene, 5000);
    assert_string_equal(scene.settled, "r.1");
    assert_int_equal(number("survivors"), 1);
    assert_all_gone(1);
    scene_wait(&scene, 5000);
    assert_string_equal(scene.settled, "w.1");
    assert_null(rb_value_get(scene.outcome, "survivors"));
}

/* The first of several writes is who a daemon is laid to. */
static void a_daemon_beside_another_request_does_not_outlive_its_step(void **state)
{
    (void)state;
    scene_send(&scene, scene_sh("a.1", DAEMON "exit 0"));
    scene_send(&scene, scene_sh("b.1", "sleep 60"));
    scene_wait(&scene, 30000);
    assert_string_equal(scene.settled, "a.1");
    assert_true(number("survivors") >= 1);
    assert_true(rb_value_get_bool(scene.outcome, "escalated", false));
    assert_all_gone(2);
    rb_supervisor_end(scene.supervisor, "b.1");
    scene_wait(&scene, 30000);
    assert_string_equal(scene.settled, "b.1");
}

static bool is_one(void *context, pid_t pid)
{
    return *(const pid_t *)context == pid;
}

static void who_is_under_us_is_asked_about_until_he_was_waited_for(void **state)
{
    (void)state;
    pid_t first = sleeper(), second = sleeper();
    assert_true(rb_tree_any_child(is_one, &first));
    assert_true(rb_tree_any_child(is_one, &second));
    kill(first, SIGKILL);
    kill(second, SIGKILL);
    waitpid(second, NULL, 0);
    assert_true(rb_tree_any_child(is_one, &first));
    assert_false(rb_tree_any_child(is_one, &second));
    waitpid(first, NULL, 0);
    assert_false(rb_tree_any_child(is_one, &first));
}

/* With no descriptor left, /proc tells nothing. */
static void what_can_not_be_told_is_somebody(void **state)
{
    (void)state;
    struct rlimit before, none;
    pid_t nobody = -1;
    assert_false(rb_tree_any_child(is_one, &nobody));
    getrlimit(RLIMIT_NOFILE, &before);
    none = (struct rlimit){0, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    bool found = rb_tree_any_child(is_one, &nobody);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_true(found);
}

static void a_process_with_another_start_is_a_stranger(void **state)
{
    (void)state;
    struct rb_proc proc;
    pid_t pid = fork();
    if (pid == 0) {
        sleep(20);
        _exit(0);
    }
    assert_true(rb_proc_read(pid, &proc));
    assert_int_equal(proc.parent, getpid());
    proc.start++;
    rb_proc_signal(&proc, SIGKILL);
    usleep(20000);
    assert_true(scene_alive(pid));
    proc.start--;
    rb_proc_signal(&proc, SIGKILL);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "hop") == 0)
        return hop();
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_whole_tree_ends_when_its_time_is_up),
        CASE(who_obeys_may_tidy_up),
        CASE(who_ignores_the_request_is_killed_after_its_grace),
        CASE(a_stopped_program_ends_too),
        CASE(a_daemon_that_holds_the_output_does_not_outlive_its_step),
        CASE(what_a_program_leaves_behind_is_counted_and_ended),
        CASE(a_writer_in_the_background_may_finish_its_line),
        CASE(a_step_ends_on_request),
        CASE(what_was_printed_before_the_end_is_kept),
        CASE(a_tree_that_grows_while_it_is_ended_ends),
        CASE(a_tree_that_gets_too_large_is_ended_without_a_grace),
        CASE(what_is_left_behind_may_not_get_too_large_either),
        CASE(a_tree_that_stays_within_its_bound_is_left_alone),
        CASE(a_process_that_changes_its_number_faster_than_one_can_look_ends),
        CASE(what_can_not_be_ended_is_given_up_and_counted),
        CASE(what_was_given_up_is_not_blamed_on_the_next),
        CASE(an_orphan_of_a_read_is_not_blamed_on_a_write),
        CASE(a_daemon_beside_another_request_does_not_outlive_its_step),
        CASE(who_is_under_us_is_asked_about_until_he_was_waited_for),
        CASE(what_can_not_be_told_is_somebody),
        CASE(a_process_with_another_start_is_a_stranger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
