#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "effects/notes.h"
#include "effects/orphans.h"
#include "effects/tree.h"

static char folder[64];
static int run_dir;
static pid_t program;

/* A program with a child of its own; both end by nothing but KILL. *ret_child is that child. */
static pid_t start_stubborn(pid_t *ret_child)
{
    int ready[2];
    pid_t child = 0;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGTERM, SIG_IGN);
        child = fork();
        if (child > 0 && write(ready[1], &child, sizeof child) < 0)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &child, sizeof child), sizeof child);
    close(ready[0]);
    close(ready[1]);
    *ret_child = child;
    return pid;
}

static bool works(pid_t pid)
{
    struct rb_proc proc;
    return rb_proc_read(pid, &proc) && proc.alive;
}

static void note(const char *boot_id, pid_t pid)
{
    char now[RB_BOOT_ID + 1];
    int fd, steps = openat(run_dir, "steps/work.1", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(rb_note_boot_id(now, NULL));
    assert_true(rb_note_started(steps, &fd, NULL));
    rb_note_programs(fd, boot_id ? boot_id : now,
                     &(struct rb_note_programs){.pids = &pid, .count = 1});
    close(fd);
    close(steps);
}

/* As a supervisor leaves it that was killed before it could note a pid. */
static void note_pipe(int pipe)
{
    char now[RB_BOOT_ID + 1];
    struct stat info;
    int fd, steps = openat(run_dir, "steps/work.1", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(rb_note_boot_id(now, NULL));
    assert_true(rb_note_started(steps, &fd, NULL));
    assert_int_equal(fstat(pipe, &info), 0);
    rb_note_programs(fd, now, &(struct rb_note_programs){.pipes = {info.st_ino}});
    close(fd);
    close(steps);
}

/* A program that works, with its errors into a pipe. */
static pid_t start_writer(int pipe)
{
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipe, STDERR_FILENO);
        for (;;)
            pause();
    }
    return pid;
}

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/rb-orphans-XXXXXX");
    assert_non_null(mkdtemp(folder));
    run_dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(run_dir, "steps", 0700), 0);
    assert_int_equal(mkdirat(run_dir, "steps/work.1", 0700), 0);
    program = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (program > 0) {
        kill(program, SIGKILL);
        waitpid(program, NULL, 0);
    }
    unlinkat(run_dir, "supervisor.pid", 0);
    unlinkat(run_dir, "steps/work.1/started", 0);
    unlinkat(run_dir, "steps/work.1", AT_REMOVEDIR);
    unlinkat(run_dir, "steps", AT_REMOVEDIR);
    close(run_dir);
    rmdir(folder);
    return 0;
}

static void a_program_is_ended_with_all_that_it_started(void **state)
{
    (void)state;
    pid_t child;
    program = start_stubborn(&child);
    note(NULL, program);
    assert_true(works(program) && works(child));
    rb_orphans_end(run_dir, "work.1");
    assert_false(works(program));
    assert_false(works(child));
}

static void a_program_without_a_noted_pid_is_found_by_its_pipe(void **state)
{
    (void)state;
    int ours[2], others[2];
    assert_int_equal(pipe2(ours, O_CLOEXEC), 0);
    assert_int_equal(pipe2(others, O_CLOEXEC), 0);
    program = start_writer(ours[1]);
    pid_t stranger = start_writer(others[1]);
    note_pipe(ours[1]);
    /* It may not have come to its dup2 yet. */
    for (int i = 0; i < 500 && works(program); i++) {
        rb_orphans_end(run_dir, "work.1");
        usleep(10000);
    }
    assert_false(works(program));
    assert_true(works(stranger));
    kill(stranger, SIGKILL);
    waitpid(stranger, NULL, 0);
    for (int i = 0; i < 2; i++) {
        close(ours[i]);
        close(others[i]);
    }
}

static void a_stranger_who_has_the_pid_now_is_left_alone(void **state)
{
    (void)state;
    pid_t child;
    program = start_stubborn(&child);
    int steps = openat(run_dir, "steps/work.1", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = openat(steps, "started", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    char boot[RB_BOOT_ID + 1];
    assert_true(rb_note_boot_id(boot, NULL));
    dprintf(fd, "{\"boot_id\":\"%s\",\"pids\":[%d],\"starts\":[1]}", boot, (int)program);
    close(fd);
    close(steps);
    rb_orphans_end(run_dir, "work.1");
    assert_true(works(program) && works(child));
    kill(child, SIGKILL);
}

static void a_note_of_another_boot_ends_nobody(void **state)
{
    (void)state;
    pid_t child;
    program = start_stubborn(&child);
    note("00000000-0000-0000-0000-000000000000", program);
    rb_orphans_end(run_dir, "work.1");
    assert_true(works(program) && works(child));
    kill(child, SIGKILL);
}

static void note_supervisor(const char *boot_id, pid_t pid, uint64_t start)
{
    char note[128];
    int length = snprintf(note, sizeof note,
                          "{\"boot_id\":\"%s\",\"pids\":[%d],\"starts\":[%" PRIu64 "]}",
                          boot_id, (int)pid, start);
    assert_true(rb_file_replace(run_dir, "supervisor.pid", note, (size_t)length, NULL));
}

static void a_supervisor_is_signalled_and_nobody_else(void **state)
{
    (void)state;
    pid_t child;
    struct rb_proc proc = {0};
    char boot[RB_BOOT_ID + 1];
    program = start_stubborn(&child);
    assert_true(rb_note_boot_id(boot, NULL) && rb_proc_read(program, &proc));
    rb_note_signal_supervisor(run_dir, SIGKILL); /* there is no note */
    note_supervisor(boot, program, proc.start + 1);
    rb_note_signal_supervisor(run_dir, SIGKILL);
    note_supervisor("00000000-0000-0000-0000-000000000000", program, proc.start);
    rb_note_signal_supervisor(run_dir, SIGKILL);
    usleep(50000);
    assert_true(works(program));
    note_supervisor(boot, program, proc.start);
    rb_note_signal_supervisor(run_dir, SIGKILL);
    for (int i = 0; i < 500 && works(program); i++)
        usleep(10000);
    assert_false(works(program));
    kill(child, SIGKILL);
}

static void without_a_note_there_is_nothing_to_do(void **state)
{
    (void)state;
    rb_orphans_end(run_dir, "work.1");
    rb_orphans_end(run_dir, "none.1");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_program_is_ended_with_all_that_it_started),
        CASE(a_program_without_a_noted_pid_is_found_by_its_pipe),
        CASE(a_stranger_who_has_the_pid_now_is_left_alone),
        CASE(a_note_of_another_boot_ends_nobody),
        CASE(a_supervisor_is_signalled_and_nobody_else),
        CASE(without_a_note_there_is_nothing_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
