#include "trial.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "journal/blob.h"

static char *blob_path(struct trial *trial, const char *hex)
{
    return trial_path("%s/blobs/sha256/%s", trial->run->path, hex);
}

static void put(struct trial *trial, const char *text, char hex[65])
{
    struct rb_error err = {0};
    assert_true(rb_blob_put(trial->run->dir, text, strlen(text), hex, &err));
}

static void change(struct trial *trial, const char *hex, const char *text)
{
    RB_AUTO_FREE char *path = blob_path(trial, hex);
    assert_int_equal(chmod(path, 0600), 0);
    trial_write(path, text, strlen(text));
}

static void what_was_put_is_read_again(void **state)
{
    struct trial *trial = *state;
    char hex[65], right[65];
    struct stat st;
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf out = {0};
    put(trial, "hello", hex);
    rb_digest_of("hello", 5, right);
    assert_string_equal(hex, right);
    assert_true(rb_blob_read(trial->run->dir, hex, 0, 100, &out, &err));
    assert_string_equal(out.data, "hello");
    RB_AUTO_FREE char *path = blob_path(trial, hex);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0400);
    assert_true(rb_blob_verify(trial->run->dir, hex, 5, &err));
    put(trial, "hello", hex);
    put(trial, "", hex);
    assert_true(rb_blob_verify(trial->run->dir, hex, 0, &err));
}

static void a_part_is_read_without_its_digest(void **state)
{
    struct trial *trial = *state;
    char hex[65];
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf out = {0};
    put(trial, "0123456789", hex);
    assert_true(rb_blob_read(trial->run->dir, hex, 7, 100, &out, &err));
    assert_true(rb_blob_read(trial->run->dir, hex, 2, 3, &out, &err));
    assert_true(rb_blob_read(trial->run->dir, hex, 10, 3, &out, &err));
    assert_true(rb_blob_read(trial->run->dir, hex, SIZE_MAX, 3, &out, &err));
    assert_string_equal(out.data, "789234");
}

static void a_changed_blob_is_refused(void **state)
{
    struct trial *trial = *state;
    char hex[65];
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf out = {0};
    put(trial, "hello", hex);
    change(trial, hex, "hellO");
    assert_false(rb_blob_read(trial->run->dir, hex, 0, 100, &out, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_int_equal(out.length, 0);
    assert_false(rb_blob_verify(trial->run->dir, hex, 5, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_non_null(strstr(err.message, "another digest"));
    change(trial, hex, "hello!");
    assert_false(rb_blob_verify(trial->run->dir, hex, 5, &err));
    assert_non_null(strstr(err.message, "6 bytes, not 5"));
}

static void a_missing_blob_is_not_found(void **state)
{
    struct trial *trial = *state;
    char hex[65];
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_digest_of("x", 1, hex);
    assert_false(rb_blob_read(trial->run->dir, hex, 0, 1, &out, &err));
    assert_int_equal(err.code, RB_ERR_NOT_FOUND);
    assert_false(rb_blob_verify(trial->run->dir, hex, 1, &err));
    assert_int_equal(err.code, RB_ERR_NOT_FOUND);
}

static void a_name_that_leads_elsewhere_is_refused(void **state)
{
    struct trial *trial = *state;
    char hex[65];
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf out = {0};
    assert_false(rb_blob_read(trial->run->dir, "../../journal.jsonl", 0, 1, &out, &err));
    assert_int_equal(err.code, RB_ERR_INVALID);
    assert_false(rb_blob_adopt(trial->run->dir, "lock", "ab", &err));
    assert_int_equal(err.code, RB_ERR_INVALID);
    rb_digest_of("x", 1, hex);
    RB_AUTO_FREE char *path = blob_path(trial, hex);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_false(rb_blob_read(trial->run->dir, hex, 0, 100, &out, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(rb_blob_verify(trial->run->dir, hex, 1, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
}

static void a_file_becomes_a_blob(void **state)
{
    struct trial *trial = *state;
    char hex[65];
    struct rb_error err = {0};
    rb_digest_of("output", 6, hex);
    for (int i = 0; i < 2; i++) {
        RB_AUTO_FREE char *from = trial_path("%s/steps/out", trial->run->path);
        trial_write(from, "output", 6);
        assert_true(rb_blob_adopt(trial->run->dir, "steps/out", hex, &err));
        assert_int_not_equal(access(from, F_OK), 0);
        assert_true(rb_blob_verify(trial->run->dir, hex, 6, &err));
    }
    assert_false(rb_blob_adopt(trial->run->dir, "steps/none", hex, &err));
    rb_digest_of("other", 5, hex);
    assert_false(rb_blob_adopt(trial->run->dir, "steps/none", hex, &err));
    assert_int_equal(err.code, RB_ERR_NOT_FOUND);
}

static ino_t inode_of(struct trial *trial, const char *hex)
{
    struct stat st;
    RB_AUTO_FREE char *path = blob_path(trial, hex);
    assert_int_equal(stat(path, &st), 0);
    return st.st_ino;
}

static void a_blob_that_is_there_stays(void **state)
{
    struct trial *trial = *state;
    char hex[65];
    put(trial, "hello", hex);
    ino_t first = inode_of(trial, hex);
    put(trial, "hello", hex);
    assert_int_equal(inode_of(trial, hex), first);
}

static void a_reference_names_the_digest(void **state)
{
    (void)state;
    char hex[65];
    rb_digest_of("x", 1, hex);
    RB_AUTO_VALUE const struct rb_value *good = rb_blob_reference(hex, 1, 2);
    assert_string_equal(rb_blob_hex(good), hex);
    assert_int_equal(rb_value_get_int(good, "bytes", 0), 1);
    assert_int_equal(rb_value_get_int(good, "lost", 0), 2);
    assert_null(rb_blob_hex(NULL));
    hex[63] = 'A';
    RB_AUTO_VALUE const struct rb_value *upper = rb_blob_reference(hex, 1, 0);
    assert_null(rb_blob_hex(upper));
    hex[63] = '\0';
    RB_AUTO_VALUE const struct rb_value *small = rb_blob_reference(hex, 1, 0);
    assert_null(rb_blob_hex(small));
    RB_AUTO_VALUE const struct rb_value *text =
        rb_value_map("blob", rb_value_textf("sha256:%063d", 0), NULL);
    assert_null(rb_blob_hex(text));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, trial_setup, trial_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(what_was_put_is_read_again),
        WITH(a_part_is_read_without_its_digest),
        WITH(a_changed_blob_is_refused),
        WITH(a_missing_blob_is_not_found),
        WITH(a_name_that_leads_elsewhere_is_refused),
        WITH(a_file_becomes_a_blob),
        WITH(a_blob_that_is_there_stays),
        cmocka_unit_test(a_reference_names_the_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
