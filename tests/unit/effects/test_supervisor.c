/* What a step's program gets, and what is told about it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
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

static void assert_output(const char *member, const char *expected)
{
    RB_AUTO_FREE char *got = scene_output(&scene, member);
    assert_string_equal(got, expected);
}

static void a_program_ends_with_its_exit_code(void **state)
{
    (void)state;
    scene_run(&scene, scene_sh("a.1", "echo out; echo err >&2; exit 3"));
    assert_string_equal(scene.settled, "a.1");
    assert_int_equal(number("exit"), 3);
    assert_output("out", "out\n");
    assert_output("err", "err\n");
    assert_int_equal(rb_value_get_int(rb_value_get(scene.outcome, "out"), "bytes", -1), 4);
    assert_true(number("duration_us") > 0);
    assert_null(rb_value_get(scene.outcome, "killed"));
    assert_null(rb_value_get(scene.outcome, "survivors"));
}

static void a_silent_program_leaves_no_output(void **state)
{
    (void)state;
    scene_run(&scene, scene_exec("a.1", "true", NULL));
    assert_int_equal(number("exit"), 0);
    assert_null(rb_value_get(scene.outcome, "out"));
    assert_null(rb_value_get(scene.outcome, "err"));
    assert_int_equal(faccessat(scene.run.dir, "steps/a.1/out", F_OK, 0), -1);
}

static void a_signal_has_its_name(void **state)
{
    (void)state;
    scene_run(&scene, scene_sh("a.1", "kill -SEGV $$"));
    assert_string_equal(text("signal"), "SIGSEGV");
    assert_null(rb_value_get(scene.outcome, "exit"));
}

static void the_environment_is_exactly_that_of_the_request(void **state)
{
    (void)state;
    /* The supervisor is already there; a second one has these from its start. */
    scene_detach(&scene);
    setenv("BASH_ENV", "/tmp/evil", 1);
    setenv("PGSERVICE", "evil", 1);
    setenv("LD_BIND_NOW", "1", 1);
    scene_attach(&scene);
    const struct rb_value *env =
        rb_value_map("B", rb_value_text("x \n'y'"), "A", rb_value_text("1"), NULL);
    scene_run(&scene, scene_with(scene_exec("a.1", "/usr/bin/env", NULL), "env", env));
    unsetenv("BASH_ENV");
    unsetenv("PGSERVICE");
    unsetenv("LD_BIND_NOW");
    assert_output("out", "A=1\nB=x \n'y'\n");
}

static void a_program_has_no_descriptors_but_three(void **state)
{
    (void)state;
    scene_detach(&scene);
    int leaked[3];
    for (int i = 0; i < 3; i++)
        leaked[i] = open("/etc/passwd", O_RDONLY);
    scene_attach(&scene);
    scene_run(&scene, scene_sh("a.1", "ls /proc/$$/fd; : done"));
    for (int i = 0; i < 3; i++)
        close(leaked[i]);
    assert_output("out", "0\n1\n2\n");
}

static void the_supervisor_holds_nothing_of_its_interpreter(void **state)
{
    (void)state;
    scene_detach(&scene);
    int low = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    int high = fcntl(low, F_DUPFD_CLOEXEC, 200);
    scene_attach(&scene);
    scene_run(&scene, scene_sh("a.1", "ls -l /proc/$PPID/fd"));
    close(low);
    close(high);
    RB_AUTO_FREE char *said = scene_output(&scene, "out");
    assert_non_null(strstr(said, scene.path));
    assert_null(strstr(said, "passwd"));
}

static void a_program_is_in_its_own_session_without_a_terminal(void **state)
{
    (void)state;
    scene_run(&scene, scene_sh("a.1", "test $(ps -o sid= -p $$) -eq $$ && : </dev/tty"));
    assert_int_not_equal(number("exit"), 0);
    RB_AUTO_FREE char *said = scene_output(&scene, "err");
    assert_non_null(strstr(said, "/dev/tty"));
}

static void signals_are_as_at_a_login(void **state)
{
    (void)state;
    scene_run(&scene,
              scene_exec("a.1", "grep", "-E", "Sig(Blk|Ign)", "/proc/self/status", NULL));
    RB_AUTO_FREE char *said = scene_output(&scene, "out");
    unsigned long long blocked, ignored;
    // NOLINTNEXTLINE(cert-err34-c): masks of 64 bits, from the kernel
    assert_int_equal(sscanf(said, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_int_equal(blocked, 0);
    /* Those from 32 on are the C library's own business. */
    assert_int_equal(ignored & 0x7fffffff, 0);
}

static void standard_input_is_the_text_or_nothing(void **state)
{
    (void)state;
    scene_run(&scene, scene_with(scene_exec("a.1", "cat", NULL), "stdin",
                                 rb_value_text("one\ntwo")));
    assert_output("out", "one\ntwo");
    scene_run(&scene, scene_exec("a.2", "cat", NULL));
    assert_int_equal(number("exit"), 0);
    assert_output("out", "");
}

static void the_folder_is_that_of_the_request(void **state)
{
    (void)state;
    scene_run(&scene,
              scene_with(scene_exec("a.1", "pwd", NULL), "cwd", rb_value_text("/usr")));
    assert_output("out", "/usr\n");
}

static void relative_programs_start_at_the_folder_of_the_request(void **state)
{
    (void)state;
    assert_true(
        rb_file_create(scene.run.dir, "tool", "#!/bin/sh\necho tool\n", 20, false, NULL));
    fchmodat(scene.run.dir, "tool", 0700, 0);
    scene_run(&scene, scene_with(scene_exec("a.1", "./tool", NULL), "cwd",
                                 rb_value_text(scene.path)));
    assert_output("out", "tool\n");
    const struct rb_value *env = rb_value_map("PATH", rb_value_text(":/usr/bin"), NULL);
    const struct rb_value *request =
        scene_with(scene_exec("a.2", "tool", NULL), "env", env);
    scene_run(&scene, scene_with(request, "cwd", rb_value_text(scene.path)));
    assert_output("out", "tool\n");
}

/* Runs it; it can't be started, for this reason. */
static void assert_unstarted(const struct rb_value *owned, const char *name,
                             const char *what)
{
    scene_run(&scene, owned);
    assert_string_equal(text("spawn_error"), name);
    if (!strstr(text("what"), what))
        fail_msg("\"%s\" doesn't say \"%s\"", text("what"), what);
    assert_null(rb_value_get(scene.outcome, "exit"));
}

static const struct rb_value *with_file(const char *dir, const char *name,
                                        const char *bytes, mode_t mode)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", scene.path, name);
    assert_true(rb_file_create(AT_FDCWD, path, bytes, strlen(bytes), false, NULL));
    chmod(path, mode);
    return scene_exec(dir, path, NULL);
}

static void what_keeps_a_program_from_starting_is_said(void **state)
{
    (void)state;
    assert_unstarted(scene_exec("a.1", "no-such-tool", NULL), "ENOENT",
                     "no-such-tool was not found in PATH=/usr/bin:/bin");
    assert_unstarted(scene_exec("a.2", "/no/such", NULL), "ENOENT",
                     "/no/such does not exist");
    assert_unstarted(scene_with(scene_exec("a.3", "true", NULL), "env",
                                rb_value_map("A", rb_value_text("1"), NULL)),
                     "ENOENT", "PATH is not in the environment");
    assert_unstarted(
        scene_with(scene_exec("a.4", "true", NULL), "cwd", rb_value_text("/no/folder")),
        "ENOENT", "the folder /no/folder does not exist");
    assert_unstarted(
        scene_with(scene_exec("a.5", "true", NULL), "cwd", rb_value_text("/etc/passwd")),
        "ENOTDIR", "/etc/passwd is not a folder");
    assert_unstarted(scene_exec("a.6", "/usr", NULL), "EACCES", "permission denied");
    assert_unstarted(with_file("a.7", "plain", "true\n", 0600), "EACCES",
                     "permission denied");
    assert_unstarted(with_file("a.8", "bare", "true\n", 0700), "ENOEXEC", "begins with #!");
    assert_unstarted(with_file("a.9", "orphan", "#!/no/shell\n", 0700), "ENOENT",
                     "the interpreter that");
    assert_unstarted(
        scene_programs(
            "a.10", rb_value_list(rb_value_list(rb_value_string("a\0b", 3), NULL), NULL)),
        "ENOENT", "was not found");
    assert_unstarted(
        scene_programs("a.11",
                       rb_value_list(rb_value_list(rb_value_text("true"),
                                                   rb_value_string("a\0b", 3), NULL),
                                     NULL)),
        "EINVAL", "argument 1");
    assert_unstarted(scene_programs("a.12", rb_value_list(NULL)), "EINVAL", "no program");
}

static void without_descriptors_nothing_starts(void **state)
{
    (void)state;
    struct rlimit before, tight;
    scene_detach(&scene);
    getrlimit(RLIMIT_NOFILE, &before);
    tight = before;
    scene_attach(&scene);
    /* Found by its step, since the supervisor is nobody's child. */
    scene_run(&scene, scene_sh("a.1", "echo $PPID"));
    RB_AUTO_FREE char *pid = scene_output(&scene, "out");
    tight.rlim_cur = 10;
    assert_int_equal(prlimit(scene_pid(pid), RLIMIT_NOFILE, &tight, NULL), 0);
    assert_unstarted(scene_sh("a.2", "true"), "EMFILE", "pipe");
    RB_AUTO_FREE char *note = scene_file(&scene, "steps/a.2/exit");
    assert_non_null(strstr(note, "EMFILE"));
    assert_int_equal(prlimit(scene_pid(pid), RLIMIT_NOFILE, &before, NULL), 0);
    scene_run(&scene, scene_sh("a.3", "exit 4"));
    assert_int_equal(number("exit"), 4);
}

static const struct rb_value *sh(const char *script)
{
    return rb_value_list(rb_value_text("sh"), rb_value_text("-c"), rb_value_text(script),
                         NULL);
}

static void a_pipe_fails_by_the_last_program_that_failed(void **state)
{
    (void)state;
    scene_run(&scene, scene_programs("a.1", rb_value_list(sh("echo one; echo two; exit 5"),
                                                          sh("grep two; exit 6"), sh("cat"),
                                                          NULL)));
    assert_int_equal(number("exit"), 6);
    const struct rb_value *exits = rb_value_get(scene.outcome, "exits");
    assert_int_equal(rb_value_count(exits), 3);
    assert_int_equal(rb_value_as_int(rb_value_at(exits, 0), -1), 5);
    assert_int_equal(rb_value_as_int(rb_value_at(exits, 1), -1), 6);
    assert_int_equal(rb_value_as_int(rb_value_at(exits, 2), -1), 0);
    assert_output("out", "two\n");
}

static void a_writer_to_a_pipe_that_was_closed_ends_by_its_signal(void **state)
{
    (void)state;
    scene_run(&scene,
              scene_programs("a.1", rb_value_list(sh("exec yes"), sh("head -n 1"), NULL)));
    assert_string_equal(text("signal"), "SIGPIPE");
    assert_int_equal(
        rb_value_as_int(rb_value_at(rb_value_get(scene.outcome, "exits"), 0), -1), 141);
    assert_output("out", "y\n");
}

static void a_pipe_starts_nothing_when_a_program_is_missing(void **state)
{
    (void)state;
    char script[128];
    snprintf(script, sizeof script, "touch %s/effect", scene.path);
    assert_unstarted(
        scene_programs(
            "a.1", rb_value_list(sh(script),
                                 rb_value_list(rb_value_text("no-such-tool"), NULL), NULL)),
        "ENOENT", "no-such-tool");
    assert_int_equal(faccessat(scene.run.dir, "effect", F_OK, 0), -1);
}

static void a_pipe_goes_on_beside_a_program_that_could_not_be_executed(void **state)
{
    (void)state;
    const struct rb_value *bare = with_file("x", "bare", "true\n", 0700);
    const struct rb_value *argv = rb_value_at(rb_value_get(bare, "programs"), 0);
    scene_run(&scene,
              scene_programs("a.1", rb_value_list(sh("exit 0"), rb_value_ref(argv), NULL)));
    rb_value_unref(bare);
    assert_int_equal(number("exit"), 126);
    assert_null(rb_value_get(scene.outcome, "spawn_error"));
    assert_non_null(strstr(text("what"), "begins with #!"));
}

static void no_request_is_started_twice(void **state)
{
    (void)state;
    scene_run(&scene, scene_sh("a.1", "exit 7"));
    scene_run(&scene, scene_sh("a.1", "exit 8"));
    assert_string_equal(text("spawn_error"), "EEXIST");
    RB_AUTO_FREE char *note = scene_file(&scene, "steps/a.1/exit");
    assert_non_null(strstr(note, "\"exit\":7"));
}

static void the_notes_tell_pids_and_outcome(void **state)
{
    (void)state;
    scene_run(&scene, scene_sh("a.1", "echo $$"));
    RB_AUTO_FREE char *pid = scene_output(&scene, "out");
    pid[strcspn(pid, "\n")] = '\0';
    RB_AUTO_FREE char *started = scene_file(&scene, "steps/a.1/started");
    RB_AUTO_FREE char *boot = scene_file(&scene, "supervisor.boot");
    assert_non_null(strstr(started, pid));
    assert_non_null(strstr(started, boot));
    const struct rb_value *outcome = NULL;
    RB_AUTO_VALUE const struct rb_value *known = scene_exec("a.1", "true", NULL);
    RB_AUTO_VALUE const struct rb_value *other = scene_exec("a.2", "true", NULL);
    assert_int_equal(rb_supervisor_find(scene.supervisor, known, true, &outcome),
                     RB_FOUND_ENDED);
    assert_true(rb_value_equal(outcome, scene.outcome));
    rb_value_unref(outcome);
    assert_int_equal(rb_supervisor_find(scene.supervisor, other, true, &outcome),
                     RB_FOUND_UNSTARTED);
}

/* Killed before it can note a pid, the supervisor leaves programs that can be found. */
static void pipes_are_noted_before_a_program_starts(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf script = {0};
    rb_buf_printf(
        &script,
        "cat %s/steps/a.1/started; pipes=$(readlink /proc/$$/fd/[12]); echo \"$pipes\" >&2",
        scene.path);
    scene_run(&scene, scene_sh("a.1", rb_buf_text(&script)));
    RB_AUTO_FREE char *note = scene_output(&scene, "out");
    RB_AUTO_FREE char *pipes = scene_output(&scene, "err");
    int64_t out = 0, err = 0;
    // NOLINTNEXTLINE(cert-err34-c): numbers of 64 bits, from the kernel
    assert_int_equal(sscanf(pipes, "pipe:[%" SCNd64 "]\npipe:[%" SCNd64 "]", &out, &err),
                     2);
    RB_AUTO_BUF struct rb_buf wanted = {0};
    rb_buf_printf(&wanted, "\"pipes\":[%" PRId64 ",%" PRId64 "]", err, out);
    assert_non_null(strstr(note, rb_buf_text(&wanted)));
}

static void a_read_leaves_its_output_and_nothing_else(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        scene_run(&scene, scene_with(scene_sh("a.1.gate.1", "echo seen"), "class",
                                     rb_value_text("read")));
        assert_output("out", "seen\n");
        assert_int_equal(faccessat(scene.run.dir, "steps/a.1.gate.1", F_OK, 0), -1);
    }
}

static void requests_at_the_same_time_keep_to_themselves(void **state)
{
    (void)state;
    scene_send(&scene, scene_sh("a.1", "sleep 0.3; echo a; exit 1"));
    scene_send(&scene, scene_with(scene_sh("b.1", "echo b; exit 2"), "class",
                                  rb_value_text("read")));
    scene_wait(&scene, 5000);
    assert_string_equal(scene.settled, "b.1");
    assert_int_equal(number("exit"), 2);
    assert_output("out", "b\n");
    scene_wait(&scene, 5000);
    assert_string_equal(scene.settled, "a.1");
    assert_int_equal(number("exit"), 1);
    assert_output("out", "a\n");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_program_ends_with_its_exit_code),
        CASE(a_silent_program_leaves_no_output),
        CASE(a_signal_has_its_name),
        CASE(the_environment_is_exactly_that_of_the_request),
        CASE(a_program_has_no_descriptors_but_three),
        CASE(the_supervisor_holds_nothing_of_its_interpreter),
        CASE(a_program_is_in_its_own_session_without_a_terminal),
        CASE(signals_are_as_at_a_login),
        CASE(standard_input_is_the_text_or_nothing),
        CASE(the_folder_is_that_of_the_request),
        CASE(relative_programs_start_at_the_folder_of_the_request),
        CASE(what_keeps_a_program_from_starting_is_said),
        CASE(without_descriptors_nothing_starts),
        CASE(a_pipe_fails_by_the_last_program_that_failed),
        CASE(a_writer_to_a_pipe_that_was_closed_ends_by_its_signal),
        CASE(a_pipe_starts_nothing_when_a_program_is_missing),
        CASE(a_pipe_goes_on_beside_a_program_that_could_not_be_executed),
        CASE(no_request_is_started_twice),
        CASE(the_notes_tell_pids_and_outcome),
        CASE(pipes_are_noted_before_a_program_starts),
        CASE(a_read_leaves_its_output_and_nothing_else),
        CASE(requests_at_the_same_time_keep_to_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
