/* Steps outlive their interpreter: killed at any moment, the next one finds out what became of
 * each, and nothing is done twice. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "effects/clock.h"
#include "effects/notes.h"
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

/* An interpreter of its own, that sends this and then only waits. */
static pid_t fork_interpreter(const struct rb_value *owned)
{
    scene_detach(&scene);
    pid_t pid = fork();
    if (pid == 0) {
        scene_fork(&scene);
        scene_send(&scene, owned);
        scene_rest(&scene, 30000);
        _exit(0);
    }
    rb_value_unref(owned);
    return pid;
}

static void kill_interpreter(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static bool file_exists(const char *name)
{
    return faccessat(scene.run.dir, name, F_OK, 0) == 0;
}

static void wait_for_file(const char *name)
{
    for (int i = 0; i < 500 && !file_exists(name); i++)
        usleep(10000);
    assert_true(file_exists(name));
}

/* A process that says its own or its parent's number does so a moment after its output exists. */
static pid_t wait_for_pid(const char *name)
{
    wait_for_file(name);
    for (int i = 0; i < 500; i++) {
        RB_AUTO_FREE char *said = scene_file(&scene, name);
        if (strchr(said, '\n'))
            return scene_pid(said);
        usleep(10000);
    }
    fail_msg("%s has no line", name);
    return -1;
}

static enum rb_found find(const char *dir)
{
    const struct rb_value *outcome = NULL;
    bool same_boot;
    assert_true(rb_note_same_boot(scene.run.dir, &same_boot, NULL));
    RB_AUTO_VALUE const struct rb_value *request = scene_exec(dir, "true", NULL);
    enum rb_found found =
        rb_supervisor_find(scene.supervisor, request, same_boot, &outcome);
    if (found == RB_FOUND_ENDED) {
        rb_value_unref(scene.outcome);
        scene.outcome = outcome;
    }
    return found;
}

/* Appends a line to the file of effects, and takes `seconds`. */
static const struct rb_value *effect(const char *dir, const char *seconds)
{
    char script[256];
    snprintf(script, sizeof script, "echo done >>%s/effects; sleep %s; echo said; exit 3",
             scene.path, seconds);
    return scene_sh(dir, script);
}

static size_t effects_count(void)
{
    RB_AUTO_FREE char *text = scene_file(&scene, "effects");
    return strlen(text) / strlen("done\n");
}

static void assert_outcome(void)
{
    assert_int_equal(rb_value_get_int(scene.outcome, "exit", -1), 3);
    RB_AUTO_FREE char *said = scene_output(&scene, "out");
    assert_string_equal(said, "said\n");
}

static void a_running_step_is_adopted(void **state)
{
    (void)state;
    pid_t pid = fork_interpreter(effect("a.1", "0.6"));
    wait_for_file("effects");
    kill_interpreter(pid);
    scene_attach(&scene);
    assert_int_equal(find("a.1"), RB_FOUND_RUNNING);
    scene_wait(&scene, 5000);
    assert_string_equal(scene.settled, "a.1");
    assert_outcome();
    assert_int_equal(effects_count(), 1);
    assert_int_equal(find("a.1"), RB_FOUND_ENDED);
}

static void an_adopted_step_ends_on_request(void **state)
{
    (void)state;
    pid_t pid = fork_interpreter(effect("a.1", "60"));
    wait_for_file("effects");
    kill_interpreter(pid);
    scene_attach(&scene);
    assert_int_equal(find("a.1"), RB_FOUND_RUNNING);
    rb_supervisor_end(scene.supervisor, "a.1");
    scene_wait(&scene, 5000);
    assert_string_equal(rb_value_get_text(scene.outcome, "killed", ""), "request");
}

static void a_step_that_ended_meanwhile_has_its_outcome(void **state)
{
    (void)state;
    pid_t pid = fork_interpreter(effect("a.1", "0.3"));
    wait_for_file("effects");
    kill_interpreter(pid);
    wait_for_file("steps/a.1/exit");
    scene_attach(&scene);
    assert_int_equal(find("a.1"), RB_FOUND_ENDED);
    assert_outcome();
    assert_int_equal(find("b.1"), RB_FOUND_UNSTARTED);
}

static void a_step_whose_supervisor_is_gone_is_in_doubt(void **state)
{
    (void)state;
    pid_t pid = fork_interpreter(scene_sh("a.1", "echo $PPID; exec sleep 60"));
    pid_t supervisor = wait_for_pid("steps/a.1/out");
    RB_AUTO_FREE char *note = scene_file(&scene, "steps/a.1/started");
    kill_interpreter(pid);
    kill(supervisor, SIGKILL);
    scene_attach(&scene);
    assert_int_equal(find("a.1"), RB_FOUND_DOUBT);
    const char *pids = strstr(note, "\"pids\":[");
    assert_non_null(pids);
    kill(scene_pid(pids + 8), SIGKILL);
}

static void the_loss_of_the_supervisor_is_told_and_another_takes_over(void **state)
{
    (void)state;
    scene_run(&scene, scene_sh("a.1", "echo $PPID"));
    RB_AUTO_FREE char *said = scene_output(&scene, "out");
    scene_send(&scene, scene_sh("a.2", "exec sleep 5"));
    wait_for_file("steps/a.2/started");
    kill(scene_pid(said), SIGKILL);
    scene_wait(&scene, 5000);
    assert_int_equal(scene.lost_count, 1);
    assert_string_equal(scene.lost, "a.2");
    assert_int_equal(find("a.2"), RB_FOUND_DOUBT);
    scene_run(&scene, scene_sh("a.3", "exit 4"));
    assert_int_equal(rb_value_get_int(scene.outcome, "exit", -1), 4);
}

/* As /proc says it: 'S' waits, 'T' is stopped. */
static void wait_for_state(pid_t pid, char state)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    for (int i = 0; i < 500; i++) {
        FILE *stat = fopen(path, "re");
        assert_non_null(stat);
        assert_non_null(fgets(text, sizeof text, stat));
        fclose(stat);
        const char *name_end = strrchr(text, ')');
        if (name_end && name_end[1] == ' ' && name_end[2] == state)
            return;
        usleep(10000);
    }
    fail_msg("%ld does not come to %c: %s", (long)pid, state, text);
}

/* What it answered can still be read, and then the connection has an error. */
static void one_killed_with_a_request_unread_is_lost_behind_its_last_answer(void **state)
{
    (void)state;
    scene_run(&scene, scene_sh("a.1", "echo $PPID"));
    RB_AUTO_FREE char *said = scene_output(&scene, "out");
    pid_t supervisor = scene_pid(said);
    scene_send(&scene, scene_sh("a.2", "exit 5"));
    wait_for_file("steps/a.2/exit");
    wait_for_state(supervisor, 'S'); /* it has told us */
    kill(supervisor, SIGSTOP);
    wait_for_state(supervisor, 'T');
    scene_send(&scene, scene_sh("a.3", "exit 6"));
    kill(supervisor, SIGKILL);
    for (int i = 0; i < 500 && scene_alive(supervisor); i++)
        usleep(10000);
    scene_wait(&scene, 5000);
    assert_string_equal(scene.settled, "a.2");
    assert_int_equal(rb_value_get_int(scene.outcome, "exit", -1), 5);
    if (scene.lost_count == 0)
        scene_wait(&scene, 5000);
    assert_string_equal(scene.lost, "a.3");
    assert_int_equal(find("a.3"), RB_FOUND_UNSTARTED);
}

/* The pids of living supervisors of this run: those that hold its folder. */
static size_t supervisors(void)
{
    size_t count = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; (entry = readdir(proc));) {
        char path[300], held[300], name[32] = "";
        snprintf(path, sizeof path, "/proc/%s/comm", entry->d_name);
        FILE *file = fopen(path, "re");
        if (!file)
            continue;
        if (!fgets(name, sizeof name, file))
            name[0] = '\0';
        fclose(file);
        for (int fd = 3; fd < 20 && strcmp(name, "rb-supervisor\n") == 0; fd++) {
            snprintf(path, sizeof path, "/proc/%s/fd/%d", entry->d_name, fd);
            ssize_t got = readlink(path, held, sizeof held - 1);
            held[got > 0 ? got : 0] = '\0';
            if (strcmp(held, scene.path) == 0) {
                count++;
                break;
            }
        }
    }
    closedir(proc);
    return count;
}

static void wait_for_no_supervisor(void)
{
    for (int i = 0; i < 500 && supervisors() > 0; i++)
        usleep(10000);
    assert_int_equal(supervisors(), 0);
}

static void a_supervisor_without_interpreter_and_children_ends(void **state)
{
    (void)state;
    scene_run(&scene, scene_sh("a.1", "true"));
    assert_int_equal(supervisors(), 1);
    scene_detach(&scene);
    wait_for_no_supervisor();
    assert_false(file_exists("supervisor.sock"));
    pid_t pid = fork_interpreter(effect("a.2", "0.3"));
    wait_for_file("effects");
    kill_interpreter(pid);
    assert_int_equal(supervisors(), 1);
    wait_for_no_supervisor();
    assert_true(file_exists("steps/a.2/exit"));
    scene_attach(&scene);
}

static void a_read_ends_with_its_interpreter(void **state)
{
    (void)state;
    const struct rb_value *read = scene_sh("a.1.gate.1", "echo $$ ; sleep 60");
    pid_t pid = fork_interpreter(scene_with(read, "class", rb_value_text("read")));
    pid_t reader = wait_for_pid("steps/a.1.gate.1/out");
    kill_interpreter(pid);
    scene_attach(&scene);
    assert_int_equal(find("a.1.gate.1"), RB_FOUND_UNSTARTED);
    scene_run(&scene, scene_with(scene_sh("a.1.gate.1", "echo again"), "class",
                                 rb_value_text("read")));
    RB_AUTO_FREE char *again = scene_output(&scene, "out");
    assert_string_equal(again, "again\n");
    scene_detach(&scene);
    wait_for_no_supervisor();
    assert_false(scene_alive(reader));
    scene_attach(&scene);
}

static void notes_of_an_earlier_boot_settle_nothing_but_what_they_say(void **state)
{
    (void)state;
    const char other[] = "00000000-0000-0000-0000-000000000000";
    scene_run(&scene, scene_sh("a.1", "exit 3"));
    scene_detach(&scene);
    assert_true(
        rb_file_replace(scene.run.dir, "supervisor.boot", other, sizeof other - 1, NULL));
    scene_attach(&scene);
    assert_int_equal(find("a.1"), RB_FOUND_ENDED);
    assert_int_equal(find("b.1"), RB_FOUND_DOUBT);
    assert_false(rb_supervisor_is_new(scene.supervisor, "a.1"));
    assert_false(rb_supervisor_is_new(scene.supervisor, "b.1"));
    assert_true(rb_supervisor_is_new(scene.supervisor, "c.1"));
    scene_run(&scene, scene_sh("c.1", "exit 3"));
    assert_string_equal(scene.settled, "c.1");
    assert_int_equal(rb_value_get_int(scene.outcome, "exit", -1), 3);
    scene_detach(&scene);
    scene_attach(&scene);
    /* The doubt stays, also when the notes are those of this boot again. */
    assert_int_equal(find("b.1"), RB_FOUND_DOUBT);
    assert_int_equal(find("d.1"), RB_FOUND_UNSTARTED);
}

static void a_torn_note_of_the_exit_is_a_doubt(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(scene.run.dir, "steps/a.1", 0700), 0);
    assert_true(
        rb_file_create(scene.run.dir, "steps/a.1/exit", "{\"exit\":", 8, false, NULL));
    assert_int_equal(find("a.1"), RB_FOUND_DOUBT);
}

/* The first interpreter is killed after `us`; the next does what a resume does. */
static enum rb_found kill_and_resume(const char *dir, const char *seconds, useconds_t us)
{
    pid_t pid = fork_interpreter(effect(dir, seconds));
    usleep(us);
    kill_interpreter(pid);
    scene_attach(&scene);
    enum rb_found found = find(dir);
    if (found == RB_FOUND_UNSTARTED)
        scene_send(&scene, effect(dir, seconds));
    if (found != RB_FOUND_ENDED)
        scene_wait(&scene, 10000);
    return found;
}

/* How long it takes here from the birth of an interpreter to the note of its step's exit. */
static useconds_t undisturbed(void)
{
    rb_time before = rb_clock_mono();
    pid_t pid = fork_interpreter(effect("first.1", "0.01"));
    wait_for_file("steps/first.1/exit");
    rb_time took = rb_clock_mono() - before;
    kill_interpreter(pid);
    scene_attach(&scene);
    return (useconds_t)took;
}

static void killed_at_any_moment_each_effect_happens_once(void **state)
{
    (void)state;
    enum { ROUNDS = 80 };
    size_t seen[4] = {0};
    useconds_t whole = undisturbed();
    for (unsigned i = 0; i < ROUNDS; i++) {
        char dir[32];
        snprintf(dir, sizeof dir, "s%u.1", i);
        enum rb_found found = kill_and_resume(dir, "0.01", whole * i * 5 / (ROUNDS * 4));
        seen[found]++;
        assert_int_not_equal(found, RB_FOUND_DOUBT);
        assert_outcome();
        assert_int_equal(effects_count(), i + 2);
    }
    print_message("unstarted %zu, running %zu, ended %zu\n", seen[RB_FOUND_UNSTARTED],
                  seen[RB_FOUND_RUNNING], seen[RB_FOUND_ENDED]);
    assert_in_range(seen[RB_FOUND_UNSTARTED], 1, ROUNDS - 1);
}

/* Attaching: the one before it died with its request in the socket, unread. */
static void what_lies_in_the_socket_is_served_before_the_next_is_greeted(void **state)
{
    (void)state;
    scene_run(&scene, scene_sh("a.1", "echo $PPID"));
    RB_AUTO_FREE char *said = scene_output(&scene, "out");
    pid_t supervisor = scene_pid(said);
    for (int i = 0; i < 10; i++) {
        char dir[16];
        snprintf(dir, sizeof dir, "b%d.1", i);
        kill(supervisor, SIGSTOP);
        scene_send(&scene, effect(dir, "0"));
        /* Closed by death, not by us: the socket's name stays. */
        scene_detach(&scene);
        pid_t waker = fork();
        if (waker == 0) {
            usleep(30000);
            kill(supervisor, SIGCONT);
            _exit(0);
        }
        scene_attach(&scene);
        waitpid(waker, NULL, 0);
        enum rb_found found = find(dir);
        assert_int_not_equal(found, RB_FOUND_UNSTARTED);
        if (found == RB_FOUND_RUNNING)
            scene_wait(&scene, 5000);
        assert_outcome();
        assert_int_equal(effects_count(), i + 1);
    }
}

static void a_socket_that_nobody_serves_is_replaced(void **state)
{
    (void)state;
    scene_detach(&scene);
    wait_for_no_supervisor();
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/supervisor.sock", scene.path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    scene_attach(&scene);
    scene_run(&scene, scene_sh("a.1", "exit 3"));
    assert_int_equal(rb_value_get_int(scene.outcome, "exit", -1), 3);
}

static void a_signal_to_the_supervisor_does_not_end_it(void **state)
{
    (void)state;
    scene_run(&scene, scene_sh("a.1", "kill -TERM $PPID; kill -HUP $PPID; kill -INT $PPID; "
                                      "kill -PIPE $PPID; exit 5"));
    assert_int_equal(rb_value_get_int(scene.outcome, "exit", -1), 5);
    assert_int_equal(scene.lost_count, 0);
}

static void the_cost_of_a_step_is_shown(void **state)
{
    (void)state;
    enum { STEPS = 300 };
    rb_time before = rb_clock_mono();
    for (int i = 0; i < STEPS; i++) {
        char dir[32];
        snprintf(dir, sizeof dir, "t%d.1", i);
        scene_run(&scene, scene_exec(dir, "/bin/true", NULL));
    }
    rb_time with = (rb_clock_mono() - before) / STEPS;
    before = rb_clock_mono();
    for (int i = 0; i < STEPS; i++) {
        pid_t pid;
        char *const argv[] = {"true", NULL};
        assert_int_equal(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ), 0);
        waitpid(pid, NULL, 0);
    }
    rb_time without = (rb_clock_mono() - before) / STEPS;
    print_message("a step: %lld us, spawn and wait alone: %lld us\n", (long long)with,
                  (long long)without);
    assert_int_equal(scene.settled_count, STEPS);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_running_step_is_adopted),
        CASE(an_adopted_step_ends_on_request),
        CASE(a_step_that_ended_meanwhile_has_its_outcome),
        CASE(a_step_whose_supervisor_is_gone_is_in_doubt),
        CASE(the_loss_of_the_supervisor_is_told_and_another_takes_over),
        CASE(one_killed_with_a_request_unread_is_lost_behind_its_last_answer),
        CASE(a_supervisor_without_interpreter_and_children_ends),
        CASE(a_read_ends_with_its_interpreter),
        CASE(notes_of_an_earlier_boot_settle_nothing_but_what_they_say),
        CASE(a_torn_note_of_the_exit_is_a_doubt),
        CASE(killed_at_any_moment_each_effect_happens_once),
        CASE(what_lies_in_the_socket_is_served_before_the_next_is_greeted),
        CASE(a_socket_that_nobody_serves_is_replaced),
        CASE(a_signal_to_the_supervisor_does_not_end_it),
        CASE(the_cost_of_a_step_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
