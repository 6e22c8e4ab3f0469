#include "trial.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rb_read read_all(const struct rb_buf *bytes, int64_t *ret_count)
{
    struct rb_error err = {0};
    return trial_read_all(bytes->data, bytes->length, ret_count, &err);
}

static void records_come_in_order_and_then_the_end(void **state)
{
    struct trial *trial = *state;
    struct rb_reader *reader = NULL;
    struct rb_error err = {0};
    const struct rb_record *record = NULL;
    trial_journal(trial, 3);
    assert_true(rb_reader_open(trial->run->dir, &reader, &err));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rb_reader_next(reader, &record, &err), RB_READ_RECORD);
        assert_int_equal(record->seq, i);
        assert_int_equal(record->event.type, RB_EV_STEP_BEGAN);
        assert_int_equal(record->event.mono, 104512345 + i);
    }
    char hash[RB_HASH_HEX + 1];
    memcpy(hash, record->hash, sizeof hash);
    assert_int_equal(rb_reader_next(reader, &record, &err), RB_READ_END);
    assert_int_equal(rb_reader_next(reader, &record, &err), RB_READ_END);
    const struct rb_reader_end *end = rb_reader_at(reader);
    assert_int_equal(end->seq, 2);
    assert_int_equal(end->writer, 1);
    assert_int_equal(end->offset, end->size);
    assert_string_equal(end->hash, hash);
    rb_reader_free(reader);
}

static void an_empty_journal_ends_at_once(void **state)
{
    (void)state;
    struct rb_buf none = {0};
    int64_t count = 0;
    assert_int_equal(read_all(&none, &count), RB_READ_END);
    assert_int_equal(count, 0);
}

static void no_bit_of_a_journal_can_be_flipped(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    trial_lines(4, 0, &bytes);
    for (size_t bit = 0; bit < 8 * bytes.length; bit++) {
        int64_t count = 0;
        bool last = bit / 8 == bytes.length - 1;
        bytes.data[bit / 8] ^= (char)(1 << (bit % 8));
        assert_int_equal(read_all(&bytes, &count), last ? RB_READ_TORN : RB_READ_BAD);
        assert_true(count < 4);
        bytes.data[bit / 8] ^= (char)(1 << (bit % 8));
    }
}

static void a_journal_cut_anywhere_is_torn_or_shorter(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    trial_lines(4, 0, &bytes);
    for (; bytes.length > 0; bytes.length--) {
        int64_t count = 0;
        bool whole = bytes.data[bytes.length - 1] == '\n';
        assert_int_equal(read_all(&bytes, &count), whole ? RB_READ_END : RB_READ_TORN);
        assert_true(whole ? count > 0 : count < 4);
    }
}

static void a_tail_of_zeros_is_torn_wherever_it_begins(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    trial_lines(2, 0, &bytes);
    size_t second = (size_t)(strchr(bytes.data, '\n') + 1 - bytes.data);
    for (size_t at = bytes.length - 1; at >= second; at--) {
        int64_t count = 0;
        bytes.data[at] = '\0';
        assert_int_equal(read_all(&bytes, &count), RB_READ_TORN);
        assert_int_equal(count, 1);
    }
}

/* Four lines, the second of them partly zeros; `seq` is of this type. */
static enum rb_read read_holed(int seq, enum rb_event_type type, size_t zeros)
{
    RB_AUTO_BUF struct rb_buf bytes = {0};
    int64_t count = 0;
    trial_lines_with(seq, type, 4, 0, &bytes);
    size_t second = (size_t)(strchr(bytes.data, '\n') + 1 - bytes.data);
    memset(bytes.data + second + 1, 0, zeros);
    enum rb_read found = read_all(&bytes, &count);
    assert_int_equal(count, 1);
    return found;
}

static void zeros_before_unsynced_lines_are_torn(void **state)
{
    (void)state;
    assert_int_equal(read_holed(2, RB_EV_EVAL_RESULT, 100), RB_READ_TORN);
    assert_int_equal(read_holed(3, RB_EV_EFFECT_INTENT, 100), RB_READ_TORN);
}

static void zeros_before_what_was_synced_are_damage(void **state)
{
    (void)state;
    assert_int_equal(read_holed(2, RB_EV_EFFECT_INTENT, 100), RB_READ_BAD);
    assert_int_equal(read_holed(2, RB_EV_QUESTION_ASKED, 100), RB_READ_BAD);
    assert_int_equal(read_holed(2, RB_EV_EVAL_RESULT, 1), RB_READ_BAD);
}

static void a_huge_line_is_refused(void **state)
{
    struct trial *trial = *state;
    struct rb_reader *reader = NULL;
    struct rb_error err = {0};
    const struct rb_record *record = NULL;
    trial_journal(trial, 1);
    RB_AUTO_CLOSE int fd =
        openat(trial->run->dir, "journal.jsonl", O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "{", 1), 1);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(ftruncate(fd, st.st_size + (1 << 28)), 0);
    assert_int_equal(write(fd, "}\n", 2), 2);
    assert_true(rb_reader_open(trial->run->dir, &reader, &err));
    assert_int_equal(rb_reader_next(reader, &record, &err), RB_READ_RECORD);
    assert_int_equal(rb_reader_next(reader, &record, &err), RB_READ_BAD);
    assert_string_equal(err.message, "seq 1 is a line of more than 16777216 bytes");
    rb_reader_free(reader);
}

/* Nothing behind what is wrong is given out. */
static void what_is_wrong_is_said_again(void **state)
{
    struct trial *trial = *state;
    struct rb_reader *reader = NULL;
    const struct rb_record *record = NULL;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    RB_AUTO_FREE char *path = trial_path("%s/journal.jsonl", trial->run->path);
    trial_lines(2, 0, &bytes);
    strstr(bytes.data, "s0")[0] = 'S';
    trial_write(path, bytes.data, bytes.length);
    struct rb_error err = {0};
    assert_true(rb_reader_open(trial->run->dir, &reader, &err));
    for (int i = 0; i < 3; i++) {
        struct rb_error why = {0};
        assert_int_equal(rb_reader_next(reader, &record, &why), RB_READ_BAD);
        assert_string_equal(why.message, "seq 0 was edited: its hash does not match");
    }
    assert_null(record);
    rb_reader_free(reader);
}

static void a_link_or_a_hard_link_is_not_a_journal(void **state)
{
    struct trial *trial = *state;
    struct rb_reader *reader = NULL;
    struct rb_error err = {0};
    int dir = trial->run->dir;
    trial_journal(trial, 1);
    assert_int_equal(linkat(dir, "journal.jsonl", dir, "other", 0), 0);
    assert_false(rb_reader_open(dir, &reader, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_non_null(strstr(err.message, "hard-linked"));
    assert_int_equal(unlinkat(dir, "journal.jsonl", 0), 0);
    assert_int_equal(symlinkat("other", dir, "journal.jsonl"), 0);
    assert_false(rb_reader_open(dir, &reader, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_int_equal(unlinkat(dir, "journal.jsonl", 0), 0);
    assert_int_equal(mkfifoat(dir, "journal.jsonl", 0600), 0);
    assert_false(rb_reader_open(dir, &reader, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_int_equal(unlinkat(dir, "journal.jsonl", 0), 0);
    assert_false(rb_reader_open(dir, &reader, &err));
    assert_int_equal(err.code, RB_ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_come_in_order_and_then_the_end, trial_setup,
                                        trial_teardown),
        cmocka_unit_test(an_empty_journal_ends_at_once),
        cmocka_unit_test(no_bit_of_a_journal_can_be_flipped),
        cmocka_unit_test(a_journal_cut_anywhere_is_torn_or_shorter),
        cmocka_unit_test(a_tail_of_zeros_is_torn_wherever_it_begins),
        cmocka_unit_test(zeros_before_unsynced_lines_are_torn),
        cmocka_unit_test(zeros_before_what_was_synced_are_damage),
        cmocka_unit_test_setup_teardown(a_huge_line_is_refused, trial_setup,
                                        trial_teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said_again, trial_setup,
                                        trial_teardown),
        cmocka_unit_test_setup_teardown(a_link_or_a_hard_link_is_not_a_journal, trial_setup,
                                        trial_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
