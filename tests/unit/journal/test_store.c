#include "trial.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int folder_setup(void **state)
{
    *state = trial_folder();
    return 0;
}

static int folder_teardown(void **state)
{
    trial_remove(*state);
    return 0;
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static void a_store_is_made_for_its_owner_whatever_the_umask(void **state)
{
    struct rb_store *store = NULL;
    struct rb_error err = {0};
    RB_AUTO_FREE char *path = trial_path("%s/a/b/store", (char *)*state);
    RB_AUTO_FREE char *runs = trial_path("%s/runs", path);
    RB_AUTO_FREE char *above = trial_path("%s/a", (char *)*state);
    mode_t old = umask(0);
    assert_true(rb_store_open(path, &store, &err));
    umask(old);
    assert_string_equal(rb_store_path(store), path);
    assert_int_equal(mode_of(path), 0700);
    assert_int_equal(mode_of(runs), 0700);
    assert_int_equal(mode_of(above), 0700);
    rb_store_close(store);
    umask(0777);
    RB_AUTO_FREE char *other = trial_path("%s/c/d", (char *)*state);
    bool opened = rb_store_open(other, &store, &err);
    umask(old);
    assert_true(opened);
    assert_int_equal(mode_of(other), 0700);
    rb_store_close(store);
}

static void the_place_comes_from_the_environment(void **state)
{
    struct rb_store *store = NULL;
    struct rb_error err = {0};
    RB_AUTO_FREE char *own = trial_path("%s/own", (char *)*state);
    RB_AUTO_FREE char *home = trial_path("%s/home", (char *)*state);
    RB_AUTO_FREE char *state_home = trial_path("%s/state", (char *)*state);
    RB_AUTO_FREE char *in_state = trial_path("%s/runbook", state_home);
    RB_AUTO_FREE char *in_home = trial_path("%s/.local/state/runbook", home);
    setenv("RUNBOOK_STORE", own, 1);
    setenv("XDG_STATE_HOME", state_home, 1);
    setenv("HOME", home, 1);
    const char *const expected[] = {own, in_state, in_home};
    const char *const names[] = {"RUNBOOK_STORE", "XDG_STATE_HOME", "HOME"};
    for (size_t i = 0; i < RB_COUNT(names); i++) {
        assert_true(rb_store_open(NULL, &store, &err));
        assert_string_equal(rb_store_path(store), expected[i]);
        rb_store_close(store);
        setenv(names[i], "", 1);
    }
    assert_false(rb_store_open(NULL, &store, &err));
    assert_int_equal(err.code, RB_ERR_INVALID);
    assert_false(rb_store_open("", &store, &err));
}

static void refused(const char *path, const char *named)
{
    struct rb_store *store = NULL;
    struct rb_error err = {0};
    assert_false(rb_store_open(path, &store, &err));
    assert_int_equal(err.code, RB_ERR_INVALID);
    assert_non_null(strstr(err.message, named));
}

static void a_store_that_others_can_write_to_is_refused(void **state)
{
    struct rb_store *store = NULL;
    struct rb_error err = {0};
    RB_AUTO_FREE char *path = trial_path("%s/store", (char *)*state);
    RB_AUTO_FREE char *runs = trial_path("%s/runs", path);
    assert_true(rb_store_open(path, &store, &err));
    rb_store_close(store);
    static const mode_t modes[] = {0720, 0702, 0777, 01777};
    for (size_t i = 0; i < RB_COUNT(modes); i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        refused(path, path);
        assert_int_equal(chmod(path, 0755), 0);
        assert_int_equal(chmod(runs, modes[i]), 0);
        refused(path, runs);
        assert_int_equal(chmod(runs, 0700), 0);
    }
    assert_true(rb_store_open(path, &store, &err));
    rb_store_close(store);
}

static void a_store_that_others_can_move_away_is_refused(void **state)
{
    struct rb_store *store = NULL;
    struct rb_error err = {0};
    RB_AUTO_FREE char *path = trial_path("%s/above/store", (char *)*state);
    RB_AUTO_FREE char *above = trial_path("%s/above", (char *)*state);
    assert_true(rb_store_open(path, &store, &err));
    rb_store_close(store);
    assert_int_equal(chmod(above, 0777), 0);
    refused(path, path);
    assert_int_equal(chmod(above, 01777), 0);
    assert_true(rb_store_open(path, &store, &err));
    rb_store_close(store);
    assert_int_equal(chmod(above, 0775), 0);
    assert_true(rb_store_open(path, &store, &err));
    rb_store_close(store);
}

static void a_file_in_its_place_is_an_error(void **state)
{
    struct rb_store *store = NULL;
    struct rb_error err = {0};
    RB_AUTO_FREE char *path = trial_path("%s/file", (char *)*state);
    trial_write(path, "", 0);
    assert_false(rb_store_open(path, &store, &err));
    assert_int_equal(err.code, RB_ERR_IO);
}

static void a_link_in_the_place_of_a_run_is_listed_and_not_opened(void **state)
{
    struct rb_store *store = NULL;
    struct rb_run *run = NULL;
    struct rb_error err = {0};
    RB_AUTO_FREE char *path = trial_path("%s/store", (char *)*state);
    RB_AUTO_FREE char *link = trial_path("%s/runs/r-link", path);
    RB_AUTO_VALUE const struct rb_value *list = NULL;
    assert_true(rb_store_open(path, &store, &err));
    assert_int_equal(symlink("/", link), 0);
    assert_true(rb_store_list(store, &list, &err));
    assert_int_equal(rb_value_count(list), 1);
    assert_string_equal(rb_value_as_text(rb_value_at(list, 0), ""), "r-link");
    assert_false(rb_run_open(store, "last", &run, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    rb_store_close(store);
}

static void runs_are_listed_newest_first(void **state)
{
    struct rb_store *store = NULL;
    struct rb_run *run = NULL;
    struct rb_error err = {0};
    RB_AUTO_FREE char *path = trial_path("%s/store", (char *)*state);
    assert_true(rb_store_open(path, &store, &err));
    RB_AUTO_VALUE const struct rb_value *none = NULL;
    assert_true(rb_store_list(store, &none, &err));
    assert_int_equal(rb_value_count(none), 0);
    static const char *const ids[] = {"r-20260102-030405-aaaa", "r-20270101-000000-aaaa",
                                      "r-20260102-030405-bbbb"};
    for (size_t i = 0; i < RB_COUNT(ids); i++) {
        assert_true(rb_run_create(store, ids[i], &run, &err));
        rb_run_close(run);
    }
    RB_AUTO_FREE char *stray = trial_path("%s/runs/a-file", path);
    RB_AUTO_FREE char *upper = trial_path("%s/runs/R-1", path);
    trial_write(stray, "", 0);
    assert_int_equal(mkdir(upper, 0700), 0);
    RB_AUTO_VALUE const struct rb_value *list = NULL;
    assert_true(rb_store_list(store, &list, &err));
    assert_int_equal(rb_value_count(list), 3);
    assert_string_equal(rb_value_as_text(rb_value_at(list, 0), ""), ids[1]);
    assert_string_equal(rb_value_as_text(rb_value_at(list, 1), ""), ids[2]);
    assert_string_equal(rb_value_as_text(rb_value_at(list, 2), ""), ids[0]);
    rb_store_close(store);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_store_is_made_for_its_owner_whatever_the_umask),
        WITH(the_place_comes_from_the_environment),
        WITH(a_store_that_others_can_write_to_is_refused),
        WITH(a_store_that_others_can_move_away_is_refused),
        WITH(a_file_in_its_place_is_an_error),
        WITH(a_link_in_the_place_of_a_run_is_listed_and_not_opened),
        WITH(runs_are_listed_newest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
