#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static mode_t mode_at(int dir, const char *path)
{
    struct stat st;
    assert_int_equal(fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW), 0);
    return st.st_mode & 07777;
}

static void ids_sort_by_time_and_tell_it(void **state)
{
    (void)state;
    char first[32], second[32];
    rb_time utc = INT64_C(1763852467104512);
    rb_run_make_id(utc, 0xff, first);
    rb_run_make_id(utc + RB_MS, 0, second);
    assert_string_equal(first, "r-20251122-230107-3b0z");
    assert_true(strcmp(first, second) < 0);
    rb_run_make_id(utc + RB_SEC, 0, second);
    assert_string_equal(second, "r-20251122-230108-3b00");
    assert_true(strcmp(first, second) < 0);
}

static void create_under(struct trial *trial, const char *id, mode_t mask)
{
    struct rb_run *run = NULL;
    struct rb_error err = {0};
    mode_t old = umask(mask);
    bool created = rb_run_create(trial->store, id, &run, &err) &&
                   rb_run_put(run, NULL, "plan.json", "{}", 2, &err);
    umask(old);
    assert_true(created);
    assert_string_equal(run->id, id);
    assert_int_equal(mode_at(AT_FDCWD, run->path), 0700);
    static const char *const folders[] = {"sources", "blobs", "blobs/sha256", "steps",
                                          "inbox"};
    for (size_t i = 0; i < RB_COUNT(folders); i++)
        assert_int_equal(mode_at(run->dir, folders[i]), 0700);
    assert_int_equal(mode_at(run->dir, "lock"), 0600);
    assert_int_equal(mode_at(run->dir, "plan.json"), 0400);
    assert_true(run->lock >= 0);
    rb_run_close(run);
}

static void a_new_run_is_for_its_owner_whatever_the_umask(void **state)
{
    create_under(*state, "r-1", 0);
    create_under(*state, "r-2", 0777);
}

static void nothing_is_closed_that_was_not_opened(void **state)
{
    (void)state;
    rb_run_close(NULL);
    rb_run_close(rb_alloc(sizeof(struct rb_run)));
    assert_int_not_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
}

static void a_run_is_created_once(void **state)
{
    struct trial *trial = *state;
    struct rb_run *run = NULL;
    struct rb_error err = {0};
    assert_false(rb_run_create(trial->store, TRIAL_RUN, &run, &err));
    assert_non_null(strstr(err.message, "File exists"));
    assert_int_equal(mode_at(trial->run->dir, "lock"), 0600);
}

static void what_is_not_an_id_is_refused(void **state)
{
    struct trial *trial = *state;
    struct rb_run *run = NULL;
    struct rb_error err = {0};
    static const char *const ids[] = {
        "",
        "..",
        ".",
        "../../x",
        "a/b",
        "R-1",
        "r_1",
        "-r",
        "r 1",
        "r\n",
        "r\x1b",
        "r\xc3\xa4",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    for (size_t i = 0; i < RB_COUNT(ids); i++) {
        assert_false(rb_run_create(trial->store, ids[i], &run, &err));
        assert_int_equal(err.code, RB_ERR_INVALID);
        assert_false(rb_run_open(trial->store, ids[i], &run, &err));
        assert_int_equal(err.code, RB_ERR_INVALID);
    }
}

static void opens(struct trial *trial, const char *wanted, const char *id)
{
    struct rb_run *run = NULL;
    struct rb_error err = {0};
    assert_true(rb_run_open(trial->store, wanted, &run, &err));
    assert_string_equal(run->id, id);
    assert_int_equal(run->lock, -1);
    rb_run_close(run);
}

static void not_found(struct trial *trial, const char *wanted, const char *why)
{
    struct rb_run *run = NULL;
    struct rb_error err = {0};
    assert_false(rb_run_open(trial->store, wanted, &run, &err));
    assert_int_equal(err.code, RB_ERR_NOT_FOUND);
    if (!strstr(err.message, why))
        fail_msg("\"%s\" does not say \"%s\"", err.message, why);
}

static void a_run_is_found_by_its_beginning_or_as_the_last(void **state)
{
    struct trial *trial = *state;
    struct rb_run *run = NULL;
    struct rb_error err = {0};
    opens(trial, "last", TRIAL_RUN);
    opens(trial, "r-2025", TRIAL_RUN);
    assert_true(rb_run_create(trial->store, "r-20260101-000000-abcd", &run, &err));
    rb_run_close(run);
    assert_true(rb_run_create(trial->store, "r-20260101", &run, &err));
    rb_run_close(run);
    opens(trial, "last", "r-20260101-000000-abcd");
    opens(trial, TRIAL_RUN, TRIAL_RUN);
    opens(trial, "r-20260101", "r-20260101");
    opens(trial, "r-2025", TRIAL_RUN);
    not_found(trial, "r-20", "more than one run begins with r-20");
    not_found(trial, "r-20251122-230108-abcd", "did you mean " TRIAL_RUN "?");
    not_found(trial, "zzz", "the newest is r-20260101-000000-abcd");
}

static void an_empty_store_says_so(void **state)
{
    struct trial *trial = *state;
    struct rb_store *store = NULL;
    struct rb_error err = {0};
    struct rb_run *run = NULL;
    RB_AUTO_FREE char *path = trial_path("%s/empty", trial->root);
    assert_true(rb_store_open(path, &store, &err));
    assert_false(rb_run_open(store, "last", &run, &err));
    assert_int_equal(err.code, RB_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "there is no run in"));
    rb_store_close(store);
}

static void refused(struct trial *trial, const char *id)
{
    struct rb_run *run = NULL;
    struct rb_error err = {0};
    assert_false(rb_run_open(trial->store, id, &run, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_non_null(strstr(err.message, id));
}

static void a_link_or_an_open_folder_is_not_a_run(void **state)
{
    struct trial *trial = *state;
    RB_AUTO_FREE char *link = trial_path("%s/runs/r-link", rb_store_path(trial->store));
    RB_AUTO_FREE char *file = trial_path("%s/runs/r-file", rb_store_path(trial->store));
    assert_int_equal(symlink(trial->run->path, link), 0);
    trial_write(file, "", 0);
    refused(trial, "r-link");
    refused(trial, "r-file");
    assert_int_equal(chmod(trial->run->path, 0770), 0);
    refused(trial, TRIAL_RUN);
    assert_int_equal(chmod(trial->run->path, 0702), 0);
    refused(trial, TRIAL_RUN);
    assert_int_equal(chmod(trial->run->path, 0700), 0);
}

static void files_are_put_once_and_read_again(void **state)
{
    struct trial *trial = *state;
    struct rb_run *run = trial->run;
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf out = {0};
    mode_t old = umask(0);
    assert_true(rb_run_put(run, "sources", "a.runbook.yaml", "steps: []\n", 10, &err));
    assert_true(rb_run_put(run, NULL, "plan.json", "{}", 2, &err));
    umask(old);
    assert_int_equal(mode_at(run->dir, "sources/a.runbook.yaml"), 0400);
    assert_int_equal(mode_at(run->dir, "plan.json"), 0400);
    assert_false(rb_run_put(run, NULL, "plan.json", "[]", 2, &err));
    assert_true(rb_run_get(run, "sources", "a.runbook.yaml", &out, &err));
    assert_true(rb_run_get(run, NULL, "plan.json", &out, &err));
    assert_string_equal(out.data, "steps: []\n{}");
    assert_false(rb_run_get(run, "sources", "b", &out, &err));
    assert_int_equal(err.code, RB_ERR_NOT_FOUND);
}

static void a_new_run_is_filled_with_files_that_are_not_there_yet(void **state)
{
    struct trial *trial = *state;
    struct rb_run *run = trial->run;
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf out = {0};
    const struct rb_run_file files[] = {{"sources", "a.yaml", "steps: []\n", 10},
                                        {NULL, "plan.json", "{}", 2}};
    assert_true(rb_run_fill(run, files, RB_COUNT(files), &err));
    assert_true(rb_run_get(run, "sources", "a.yaml", &out, &err));
    assert_true(rb_run_get(run, NULL, "plan.json", &out, &err));
    assert_string_equal(out.data, "steps: []\n{}");
    assert_false(rb_run_fill(run, &files[1], 1, &err));
    assert_int_equal(err.sys, EEXIST);
}

static void a_name_that_leads_elsewhere_is_refused(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf out = {0};
    static const char *const names[] = {"",    ".",           "..",  "../lock",
                                        "a/b", "/etc/passwd", "a\nb"};
    for (size_t i = 0; i < RB_COUNT(names); i++) {
        assert_false(rb_run_put(trial->run, "sources", names[i], "", 0, &err));
        assert_int_equal(err.code, RB_ERR_INVALID);
        assert_false(rb_run_get(trial->run, "sources", names[i], &out, &err));
        assert_int_equal(err.code, RB_ERR_INVALID);
    }
    RB_AUTO_FREE char *link = trial_path("%s/plan.json", trial->run->path);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_false(rb_run_get(trial->run, NULL, "plan.json", &out, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    RB_AUTO_FREE char *sources = trial_path("%s/sources", trial->run->path);
    assert_int_equal(rmdir(sources), 0);
    assert_int_equal(symlink("/etc", sources), 0);
    assert_false(rb_run_get(trial->run, "sources", "passwd", &out, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_false(rb_run_put(trial->run, "sources", "x", "", 0, &err));
    assert_int_equal(out.length, 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, trial_setup, trial_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_sort_by_time_and_tell_it),
        WITH(a_new_run_is_for_its_owner_whatever_the_umask),
        cmocka_unit_test(nothing_is_closed_that_was_not_opened),
        WITH(a_run_is_created_once),
        WITH(what_is_not_an_id_is_refused),
        WITH(a_run_is_found_by_its_beginning_or_as_the_last),
        WITH(an_empty_store_says_so),
        WITH(a_link_or_an_open_folder_is_not_a_run),
        WITH(files_are_put_once_and_read_again),
        WITH(a_new_run_is_filled_with_files_that_are_not_there_yet),
        WITH(a_name_that_leads_elsewhere_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
