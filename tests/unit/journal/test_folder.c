#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/folder.h"

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

static int opened(void **state)
{
    int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void a_name_is_one_part_of_a_path(void **state)
{
    (void)state;
    assert_true(rb_folder_is_name("a.b-c"));
    assert_true(rb_folder_is_name("..."));
    assert_true(rb_folder_is_name("\xc3\xa4"));
    assert_false(rb_folder_is_name(""));
    assert_false(rb_folder_is_name("."));
    assert_false(rb_folder_is_name(".."));
    assert_false(rb_folder_is_name("a/b"));
    assert_false(rb_folder_is_name("a\x1b"));
    assert_false(rb_folder_is_name("a\x7f"));
}

static void a_path_is_followed_through_folders_only(void **state)
{
    RB_AUTO_CLOSE int dir = opened(state);
    RB_AUTO_CLOSE int fd = -1, sub = -1;
    struct stat st;
    struct rb_error err = {0};
    assert_true(rb_folder_make(dir, "a", &err));
    assert_true(rb_folder_make(dir, "a/b", &err));
    assert_true(rb_folder_create(dir, "a/b/file", 0600, &fd, &err));
    rb_close_descriptor(&fd);
    assert_true(rb_folder_file(dir, "a/b/file", O_RDONLY, &st, &fd, &err));
    assert_true(rb_folder_open(dir, "a/b", &sub, &err));
    assert_true(rb_folder_sync(dir, "a/b", &err));
    assert_true(rb_folder_sync(dir, "", &err));
    assert_int_equal(symlinkat("b", dir, "a/link"), 0);
    assert_int_equal(symlinkat("file", dir, "a/b/link"), 0);
    int none = -1;
    assert_false(rb_folder_file(dir, "a/link/file", O_RDONLY, &st, &none, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_false(rb_folder_file(dir, "a/b/link", O_RDONLY, &st, &none, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_false(rb_folder_file(dir, "a/b", O_RDONLY, &st, &none, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_false(rb_folder_file(dir, "a/none", O_RDONLY, &st, &none, &err));
    assert_int_equal(err.code, RB_ERR_NOT_FOUND);
    assert_false(rb_folder_open(dir, "a/b/file", &none, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_int_equal(none, -1);
}

static void a_fifo_is_refused_and_not_waited_for(void **state)
{
    RB_AUTO_CLOSE int dir = opened(state);
    struct stat st;
    struct rb_error err = {0};
    int none = -1;
    assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
    assert_false(rb_folder_file(dir, "fifo", O_RDONLY, &st, &none, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_false(rb_folder_file(dir, "fifo", O_WRONLY, &st, &none, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
}

static void what_exists_is_not_created_again(void **state)
{
    RB_AUTO_CLOSE int dir = opened(state);
    RB_AUTO_CLOSE int fd = -1;
    struct rb_error err = {0};
    assert_int_equal(symlinkat("target", dir, "link"), 0);
    assert_false(rb_folder_create(dir, "link", 0600, &fd, &err));
    assert_int_equal(err.sys, EEXIST);
    assert_int_not_equal(faccessat(dir, "target", F_OK, 0), 0);
    assert_true(rb_folder_make(dir, "folder", &err));
    assert_false(rb_folder_make(dir, "folder", &err));
    assert_int_equal(err.sys, EEXIST);
}

static void a_file_is_read_up_to_its_cap(void **state)
{
    RB_AUTO_CLOSE int dir = opened(state);
    RB_AUTO_CLOSE int fd = -1;
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf out = {0};
    char bytes[40000];
    memset(bytes, 'x', sizeof bytes);
    assert_true(rb_folder_create(dir, "file", 0600, &fd, &err));
    assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
    assert_true(rb_folder_read(fd, "file", sizeof bytes, &out, &err));
    assert_int_equal(out.length, sizeof bytes);
    assert_false(rb_folder_read(fd, "file", sizeof bytes - 1, &out, &err));
    assert_int_equal(out.length, sizeof bytes);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_one_part_of_a_path),
        WITH(a_path_is_followed_through_folders_only),
        WITH(a_fifo_is_refused_and_not_waited_for),
        WITH(what_exists_is_not_created_again),
        WITH(a_file_is_read_up_to_its_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
