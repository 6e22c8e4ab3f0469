#include "trial.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The run, opened anew as another process would. */
static struct rb_run *again(struct trial *trial)
{
    struct rb_run *run = NULL;
    struct rb_error err = {0};
    assert_true(rb_run_open(trial->store, TRIAL_RUN, &run, &err));
    return run;
}

static void one_holds_the_lock_and_is_named(void **state)
{
    struct trial *trial = *state;
    struct rb_run *other = again(trial);
    struct rb_error err = {0};
    assert_true(rb_run_is_live(other));
    assert_false(rb_run_lock(other, &err));
    assert_int_equal(err.code, RB_ERR_LOCKED);
    assert_int_equal(rb_error_exit_status(err.code), 8);
    RB_AUTO_FREE char *expected =
        trial_path("process %ld is at work on " TRIAL_RUN, (long)getpid());
    assert_string_equal(err.message, expected);
    assert_int_equal(other->lock, -1);
    rb_run_close(other);
}

static void closing_the_run_lets_go(void **state)
{
    struct trial *trial = *state;
    struct rb_run *other = again(trial);
    struct rb_error err = {0};
    rb_run_close(trial->run);
    trial->run = NULL;
    assert_false(rb_run_is_live(other));
    assert_true(rb_run_lock(other, &err));
    assert_true(rb_run_is_live(other));
    rb_run_close(other);
}

/* Looking, and closing what was looked at, must not lose the lock: POSIX locks would. */
static void looking_does_not_let_go(void **state)
{
    struct trial *trial = *state;
    struct rb_run *other = again(trial);
    struct rb_error err = {0};
    assert_true(rb_run_is_live(other));
    rb_run_close(other);
    other = again(trial);
    assert_false(rb_run_lock(other, &err));
    rb_run_close(other);
}

static void the_end_of_the_process_lets_go(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    int status = 0;
    rb_run_close(trial->run);
    trial->run = NULL;
    struct rb_run *run = again(trial);
    pid_t child = fork();
    if (child == 0)
        _exit(rb_run_lock(run, &err) ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_false(rb_run_is_live(run));
    assert_true(rb_run_lock(run, &err));
    rb_run_close(run);
}

static void a_lock_that_is_a_link_is_refused(void **state)
{
    struct trial *trial = *state;
    struct rb_run *run = again(trial);
    struct rb_error err = {0};
    assert_int_equal(unlinkat(run->dir, "lock", 0), 0);
    assert_int_equal(symlinkat("/tmp", run->dir, "lock"), 0);
    assert_false(rb_run_lock(run, &err));
    assert_false(rb_run_is_live(run));
    rb_run_close(run);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, trial_setup, trial_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(one_holds_the_lock_and_is_named),  WITH(closing_the_run_lets_go),
        WITH(looking_does_not_let_go),          WITH(the_end_of_the_process_lets_go),
        WITH(a_lock_that_is_a_link_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
