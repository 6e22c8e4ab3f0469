#include "trial.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal/lockfile.h"
#include "journal/locks.h"

static const struct rb_value *holder_of(const struct trial *trial, const char *run)
{
    return rb_value_map("run", rb_value_text(run), "store",
                        rb_value_text(rb_store_path(trial->store)), "by",
                        rb_value_text("alice"), "pid", rb_value_int(getpid()), "since",
                        rb_value_text("2025-11-22T23:01:07.000000Z"), NULL);
}

static struct rb_locks *open_locks(struct trial *trial)
{
    struct rb_locks *locks = NULL;
    struct rb_error err = {0};
    unsetenv("RUNBOOK_LOCKS");
    assert_true(rb_locks_open(trial->store, &locks, &err));
    return locks;
}

static bool take(struct trial *trial, struct rb_locks *locks, const char *run,
                 const struct rb_value *owned_keys, struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *keys = owned_keys;
    RB_AUTO_VALUE const struct rb_value *holder = holder_of(trial, run);
    return rb_locks_take(locks, keys, holder, NULL, err);
}

static const struct rb_value *keys(const char *one, const char *other)
{
    return other ? rb_value_list(rb_value_text(one), rb_value_text(other), NULL)
                 : rb_value_list(rb_value_text(one), NULL);
}

static void all_are_taken_or_none(void **state)
{
    struct trial *trial = *state;
    struct rb_locks *first = open_locks(trial), *second = open_locks(trial);
    struct rb_error err = {0};
    assert_true(take(trial, first, "r-1", keys("b", NULL), &err));
    assert_false(take(trial, second, "r-2", keys("a", "b"), &err));
    assert_int_equal(err.code, RB_ERR_LOCKED);
    assert_non_null(strstr(err.message, "b is held by run r-1 of alice"));
    /* What it had got of them it has not kept. */
    struct rb_locks *third = open_locks(trial);
    assert_true(take(trial, third, "r-3", keys("a", NULL), &err));
    rb_locks_free(third);
    rb_locks_free(second);
    rb_locks_free(first);
}

static void a_key_named_twice_is_taken_once(void **state)
{
    struct trial *trial = *state;
    struct rb_locks *locks = open_locks(trial);
    struct rb_error err = {0};
    assert_true(take(trial, locks, "r-1", keys("a", "a"), &err));
    assert_true(take(trial, locks, "r-1", keys("a", "b"), &err));
    RB_AUTO_VALUE const struct rb_value *taken = rb_locks_taken(locks);
    assert_int_equal(rb_value_count(rb_value_get(taken, "keys")), 2);
    rb_locks_free(locks);
}

/* The run of the trial is open: it has a record that has not ended. */
static void an_open_run_keeps_it_without_a_process(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    trial_journal(trial, 2);
    struct rb_locks *first = open_locks(trial);
    assert_true(take(trial, first, TRIAL_RUN, keys("a", NULL), &err));
    rb_locks_free(first);
    struct rb_locks *second = open_locks(trial);
    assert_false(take(trial, second, "r-2", keys("a", NULL), &err));
    assert_int_equal(err.code, RB_ERR_LOCKED);
    err = (struct rb_error){0};
    assert_true(take(trial, second, TRIAL_RUN, keys("a", NULL), &err));
    rb_locks_release(second, "succeeded");
    assert_true(take(trial, second, "r-2", keys("a", NULL), &err));
    RB_AUTO_VALUE const struct rb_value *taken = rb_locks_taken(second);
    assert_null(rb_value_get(taken, "over"));
    rb_locks_free(second);
}

static void put_line_with_a_hole(struct trial *trial, const char *name)
{
    static const char line[] = "\0\0\0\0\0\0\0\0\0,\"run\":\"r-3\"}\n";
    char path[512];
    snprintf(path, sizeof path, "%s/locks/%s", rb_store_path(trial->store), name);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, line, sizeof line - 1), sizeof line - 1);
    close(fd);
}

/* The power went before it was synced: of its beginning nothing is on the disk. */
static void of_a_line_with_a_hole_nothing_has_begun(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    trial_journal(trial, 2);
    struct rb_locks *first = open_locks(trial), *second = open_locks(trial);
    assert_true(
        take(trial, first, TRIAL_RUN, keys("b", NULL), &err)); /* makes the folder */
    put_line_with_a_hole(trial, "a");
    assert_true(take(trial, first, TRIAL_RUN, keys("a", NULL), &err));
    rb_locks_free(first);
    put_line_with_a_hole(trial, "a");
    put_line_with_a_hole(trial, "a");
    assert_false(take(trial, second, "r-2", keys("a", NULL), &err));
    assert_int_equal(err.code, RB_ERR_LOCKED);
    assert_non_null(strstr(err.message, "a is held by run " TRIAL_RUN));
    rb_locks_free(second);
}

static void a_broken_one_tells_the_next(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    RB_AUTO_VALUE const struct rb_value *before = NULL;
    RB_AUTO_VALUE const struct rb_value *broken =
        rb_value_map("by", rb_value_text("bob"), "reason", rb_value_text("by hand"), NULL);
    trial_journal(trial, 2);
    struct rb_locks *locks = open_locks(trial), *other = open_locks(trial);
    assert_true(take(trial, locks, TRIAL_RUN, keys("a", NULL), &err));
    assert_false(rb_locks_break(other, "a", broken, &before, &err));
    assert_int_equal(err.code, RB_ERR_LOCKED);
    rb_locks_free(locks);
    assert_true(rb_locks_break(other, "a", broken, &before, &err));
    assert_string_equal(rb_value_get_text(before, "run", ""), TRIAL_RUN);
    assert_false(rb_locks_break(other, "a", broken, &before, &err));
    assert_int_equal(err.code, RB_ERR_NOT_FOUND);
    assert_true(take(trial, other, "r-2", keys("a", NULL), &err));
    RB_AUTO_VALUE const struct rb_value *taken = rb_locks_taken(other);
    const struct rb_value *over = rb_value_at(rb_value_get(taken, "over"), 0);
    assert_string_equal(rb_value_get_text(over, "why", ""),
                        "it was taken from that run by bob: by hand");
    rb_locks_free(other);
}

static void each_key_has_a_name_of_its_own(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"db:primary", "db%3Aprimary"},
        {"a/../b", "a%2F..%2Fb"},
        {"..", "%2E."},
        {".", "%2E"},
        {"%3A", "%253A"},
        {"a b\n", "a%20b%0A"},
        {"\xc3\xa9", "%C3%A9"},
        {"~x", "%7Ex"},
    };
    for (size_t i = 0; i < RB_COUNT(names); i++) {
        RB_AUTO_BUF struct rb_buf name = {0};
        rb_lockfile_name(names[i][0], &name);
        assert_string_equal(rb_buf_text(&name), names[i][1]);
    }
    RB_AUTO_BUF struct rb_buf one = {0}, other = {0};
    char key[301];
    memset(key, 'k', 300);
    key[300] = '\0';
    rb_lockfile_name(key, &one);
    key[299] = 'j';
    rb_lockfile_name(key, &other);
    assert_true(one.length < 200);
    assert_string_not_equal(rb_buf_text(&one), rb_buf_text(&other));
}

/* By the same process, which the file would else go on to call free. */
static void what_a_run_has_given_up_it_is_given_anew(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    for (int i = 0; i < 2; i++) {
        struct rb_locks *locks = open_locks(trial);
        assert_true(take(trial, locks, "r-1", keys("a", NULL), &err));
        RB_AUTO_VALUE const struct rb_value *list = NULL;
        assert_true(rb_locks_list(locks, &list, &err));
        assert_int_equal(rb_value_count(list), 1);
        assert_true(rb_value_get_bool(rb_value_at(list, 0), "held", false));
        rb_locks_release(locks, "failed");
        rb_locks_free(locks);
    }
}

/* One of the two: takes it when it is told to, says whether it has it, and gives it up when it is told to. */
static void contend(struct trial *trial, const char *run, int from, int to)
{
    char word;
    while (read(from, &word, 1) == 1) {
        struct rb_locks *locks = open_locks(trial);
        struct rb_error err = {0};
        bool taken = take(trial, locks, run, keys("a", NULL), &err);
        word = taken ? 'y' : err.code == RB_ERR_LOCKED ? 'n' : '?';
        if (write(to, &word, 1) != 1 || read(from, &word, 1) != 1)
            _exit(1);
        if (taken)
            rb_locks_release(locks, "succeeded");
        rb_locks_free(locks);
        if (write(to, &word, 1) != 1)
            _exit(1);
    }
    _exit(0);
}

static void tell_both(const int to[2])
{
    for (int i = 0; i < 2; i++)
        assert_int_equal(write(to[i], "g", 1), 1);
}

static void f48_of_two_at_the_same_instant_exactly_one_gets_it(void **state)
{
    struct trial *trial = *state;
    int to[2], from[2];
    pid_t pids[2];
    for (int i = 0; i < 2; i++) {
        int there[2], back[2];
        assert_int_equal(pipe2(there, O_CLOEXEC), 0);
        assert_int_equal(pipe2(back, O_CLOEXEC), 0);
        pids[i] = fork();
        if (pids[i] == 0) {
            close(there[1]);
            if (i == 1)
                close(to[0]);
            contend(trial, i == 0 ? "r-1" : "r-2", there[0], back[1]);
        }
        close(there[0]);
        close(back[1]);
        to[i] = there[1];
        from[i] = back[0];
    }
    int got[2] = {0};
    for (int round = 0; round < 1000; round++) {
        char said[2], over;
        tell_both(to);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(read(from[i], &said[i], 1), 1);
            assert_true(said[i] == 'y' || said[i] == 'n');
            got[i] += said[i] == 'y';
        }
        assert_true((said[0] == 'y') != (said[1] == 'y'));
        tell_both(to);
        for (int i = 0; i < 2; i++)
            assert_int_equal(read(from[i], &over, 1), 1);
    }
    for (int i = 0; i < 2; i++) {
        close(to[i]);
        assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
        close(from[i]);
    }
    assert_int_equal(got[0] + got[1], 1000);
}

#define TRIAL(test) cmocka_unit_test_setup_teardown(test, trial_setup, trial_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRIAL(all_are_taken_or_none),
        TRIAL(a_key_named_twice_is_taken_once),
        TRIAL(an_open_run_keeps_it_without_a_process),
        TRIAL(of_a_line_with_a_hole_nothing_has_begun),
        TRIAL(a_broken_one_tells_the_next),
        TRIAL(what_a_run_has_given_up_it_is_given_anew),
        TRIAL(f48_of_two_at_the_same_instant_exactly_one_gets_it),
        cmocka_unit_test(each_key_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
