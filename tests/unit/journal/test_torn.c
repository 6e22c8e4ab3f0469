#include "trial.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "journal/torn.h"

/* The journal as a file of these bytes, of which the last `torn` are torn. */
static int journal_of(struct trial *trial, const char *text, int64_t torn,
                      struct rb_reader_end *ret_end)
{
    RB_AUTO_FREE char *path = trial_path("%s/journal.jsonl", trial->run->path);
    trial_write(path, text, strlen(text));
    *ret_end = (struct rb_reader_end){
        .offset = (int64_t)strlen(text) - torn, .size = (int64_t)strlen(text), .seq = 6};
    return open(path, O_RDWR | O_APPEND | O_CLOEXEC);
}

static int64_t size_of(struct trial *trial, const char *name)
{
    struct stat st;
    return fstatat(trial->run->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_size : -1;
}

static void the_copy_has_what_was_cut_off(void **state)
{
    struct trial *trial = *state;
    struct rb_reader_end end;
    struct rb_error err = {0};
    char hex[RB_DIGEST_HEX + 1];
    RB_AUTO_VALUE const struct rb_value *torn = NULL;
    RB_AUTO_CLOSE int fd = journal_of(trial, "whole\n{\"d\":", 5, &end);
    assert_true(rb_torn_put_aside(trial->run->dir, fd, &end, &torn, &err));
    assert_int_equal(size_of(trial, "journal.jsonl"), 6);
    assert_int_equal(size_of(trial, "journal.torn.7"), 5);
    rb_digest_of("{\"d\":", 5, hex);
    RB_AUTO_FREE char *expected = trial_path("sha256:%s", hex);
    assert_string_equal(rb_value_get_text(torn, "sha256", ""), expected);
    assert_int_equal(rb_value_get_int(torn, "bytes", 0), 5);
}

static void a_long_tail_is_copied_whole(void **state)
{
    struct trial *trial = *state;
    struct rb_reader_end end;
    struct rb_error err = {0};
    RB_AUTO_VALUE const struct rb_value *torn = NULL;
    RB_AUTO_BUF struct rb_buf text = {0}, copy = {0};
    rb_buf_puts(&text, "whole\n");
    for (int i = 0; i < 40000; i++)
        rb_buf_printf(&text, "%d ", i);
    RB_AUTO_CLOSE int fd = journal_of(trial, text.data, (int64_t)text.length - 6, &end);
    assert_true(rb_torn_put_aside(trial->run->dir, fd, &end, &torn, &err));
    RB_AUTO_FREE char *path = trial_path("%s/journal.torn.7", trial->run->path);
    trial_read(path, &copy);
    assert_string_equal(copy.data, text.data + 6);
    char hex[RB_DIGEST_HEX + 1];
    rb_digest_of(text.data + 6, text.length - 6, hex);
    assert_string_equal(rb_value_get_text(torn, "sha256", "") + strlen("sha256:"), hex);
}

static void an_earlier_copy_stays(void **state)
{
    struct trial *trial = *state;
    struct rb_reader_end end;
    struct rb_error err = {0};
    for (int64_t i = 1; i <= 3; i++) {
        RB_AUTO_VALUE const struct rb_value *torn = NULL;
        RB_AUTO_CLOSE int fd = journal_of(trial, "whole\nabcdef", i, &end);
        assert_true(rb_torn_put_aside(trial->run->dir, fd, &end, &torn, &err));
    }
    assert_int_equal(size_of(trial, "journal.torn.7"), 1);
    assert_int_equal(size_of(trial, "journal.torn.7.1"), 2);
    assert_int_equal(size_of(trial, "journal.torn.7.2"), 3);
}

static void without_a_copy_nothing_is_cut_off(void **state)
{
    struct trial *trial = *state;
    struct rb_reader_end end;
    struct rb_error err = {0};
    const struct rb_value *torn = NULL;
    RB_AUTO_CLOSE int fd = journal_of(trial, "whole\nabcdef", 6, &end);
    assert_false(rb_torn_put_aside(-1, fd, &end, &torn, &err));
    assert_int_equal(size_of(trial, "journal.jsonl"), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_copy_has_what_was_cut_off, trial_setup,
                                        trial_teardown),
        cmocka_unit_test_setup_teardown(a_long_tail_is_copied_whole, trial_setup,
                                        trial_teardown),
        cmocka_unit_test_setup_teardown(an_earlier_copy_stays, trial_setup, trial_teardown),
        cmocka_unit_test_setup_teardown(without_a_copy_nothing_is_cut_off, trial_setup,
                                        trial_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
