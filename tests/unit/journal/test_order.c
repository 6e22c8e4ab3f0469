/* Forgeries: lines that are each sound, and don't belong where they stand. */
#include "trial.h"

#include <string.h>

#include "journal/link.h"

enum { LINES = 8 };

struct journal {
    struct rb_buf bytes;
    size_t start[LINES + 1]; /* offsets of the lines */
};

static void journal_make(struct journal *journal, int salt)
{
    *journal = (struct journal){0};
    trial_lines(LINES, salt, &journal->bytes);
    const char *at = journal->bytes.data;
    for (int i = 1; i <= LINES; i++) {
        at = strchr(at, '\n') + 1;
        journal->start[i] = (size_t)(at - journal->bytes.data);
    }
}

static void journal_done(struct journal *journal)
{
    rb_buf_done(&journal->bytes);
}

static void add(struct rb_buf *out, const struct journal *journal, int from, int to)
{
    rb_buf_append(out, journal->bytes.data + journal->start[from],
                  journal->start[to] - journal->start[from]);
}

static void expect(const struct rb_buf *bytes, int records, const char *message)
{
    struct rb_error err = {0};
    int64_t count = 0;
    assert_int_equal(trial_read_all(bytes->data, bytes->length, &count, &err), RB_READ_BAD);
    assert_int_equal(err.code, RB_ERR_RECORD);
    assert_string_equal(err.message, message);
    assert_int_equal(count, records);
}

/* Line ranges [from, to) of the journal, as many as given. */
static void refused(int records, const char *message, const int *ranges, int count)
{
    RB_CLEANUP(journal_done) struct journal journal;
    RB_AUTO_BUF struct rb_buf forged = {0};
    journal_make(&journal, 1);
    for (int i = 0; i < 2 * count; i += 2)
        add(&forged, &journal, ranges[i], ranges[i + 1]);
    expect(&forged, records, message);
}

#define REFUSED(records, message, ...)                           \
    do {                                                         \
        static const int ranges[] = {__VA_ARGS__};               \
        refused(records, message, ranges, RB_COUNT(ranges) / 2); \
    } while (0)

static void a_dropped_line_is_missing(void **state)
{
    (void)state;
    REFUSED(3, "seq 4 follows seq 2: 1 line is missing", 0, 3, 4, 8);
    REFUSED(3, "seq 6 follows seq 2: 3 lines are missing", 0, 3, 6, 8);
    REFUSED(0, "the first line is seq 1: 1 line is missing before it", 1, 8);
    REFUSED(0, "the first line is seq 5: 5 lines are missing before it", 5, 8);
}

static void lines_in_another_order_are_told(void **state)
{
    (void)state;
    REFUSED(3, "seq 4 stands before seq 3: the lines were put in another order", 0, 3, 4, 5,
            3, 4, 5, 8);
    REFUSED(0, "seq 7 stands before seq 0: the lines were put in another order", 7, 8, 0,
            7);
}

static void a_line_twice_is_told(void **state)
{
    (void)state;
    REFUSED(4, "seq 3 stands there twice", 0, 4, 3, 8);
    REFUSED(8, "seq 2 is repeated after seq 7", 0, 8, 2, 3);
    REFUSED(8, "seq 0 is repeated after seq 7", 0, 8, 0, 8);
}

static void splice(int own, int other_from, int other_to, int rest, int records,
                   const char *message)
{
    RB_CLEANUP(journal_done) struct journal journal, other;
    RB_AUTO_BUF struct rb_buf forged = {0};
    journal_make(&journal, 1);
    journal_make(&other, 2);
    add(&forged, &journal, 0, own);
    add(&forged, &other, other_from, other_to);
    add(&forged, &journal, rest, LINES);
    expect(&forged, records, message);
}

static void a_line_of_another_run_is_told(void **state)
{
    (void)state;
    splice(3, 3, 4, 4, 3,
           "seq 3: prev is not the hash of seq 2: a line from elsewhere, or an edited one "
           "before it");
    splice(3, 3, 8, 8, 3,
           "seq 3: prev is not the hash of seq 2: a line from elsewhere, or an edited one "
           "before it");
    splice(3, 1, 2, 3, 3,
           "a second seq 1, unlike the first, follows seq 2: lines of two writers, or of "
           "another run");
    splice(0, 0, 1, 1, 1,
           "seq 1: prev is not the hash of seq 0: a line from elsewhere, or an edited one "
           "before it");
}

static void two_writers_at_once_are_told(void **state)
{
    (void)state;
    RB_CLEANUP(journal_done) struct journal one;
    RB_AUTO_BUF struct rb_buf forged = {0};
    journal_make(&one, 1);
    add(&forged, &one, 0, 4);
    /* The other goes on from seq 2, as one does that was paused there. */
    struct rb_record record = {.seq = 3, .writer = 2};
    record.event = trial_event(RB_EV_RUN_RESUMED, 9, rb_value_map(NULL));
    const char *third = one.bytes.data + one.start[3];
    memcpy(record.prev, strstr(third, "prev") + 7, RB_HASH_HEX);
    rb_line_encode(&record, &forged);
    rb_record_done(&record);
    add(&forged, &one, 4, 8);
    expect(&forged, 4,
           "a second seq 3, unlike the first, follows seq 3: lines of two writers, or of "
           "another run");
}

/* The forger writes the hash anew, and can't help that the next line names the old one. */
static void an_edit_with_a_new_hash_shows_in_the_next_line(void **state)
{
    (void)state;
    RB_CLEANUP(journal_done) struct journal journal;
    RB_AUTO_BUF struct rb_buf forged = {0};
    struct rb_record record = {0};
    struct rb_error err = {0};
    journal_make(&journal, 1);
    add(&forged, &journal, 0, 4);
    size_t length = journal.start[5] - journal.start[4] - 1;
    assert_true(
        rb_line_decode(journal.bytes.data + journal.start[4], length, &record, &err));
    record.event.utc += 60 * RB_SEC;
    rb_line_encode(&record, &forged);
    rb_record_done(&record);
    add(&forged, &journal, 5, 8);
    expect(&forged, 5,
           "seq 5: prev is not the hash of seq 4: a line from elsewhere, or an edited one "
           "before it");
}

static void an_edited_line_is_named(void **state)
{
    (void)state;
    RB_CLEANUP(journal_done) struct journal journal;
    journal_make(&journal, 1);
    strstr(journal.bytes.data + journal.start[6], "s6")[1] = '7';
    expect(&journal.bytes, 6, "seq 6 was edited: its hash does not match");
    RB_AUTO_BUF struct rb_buf forged = {0};
    add(&forged, &journal, 0, 2);
    rb_buf_puts(&forged, "\n");
    add(&forged, &journal, 2, 8);
    expect(&forged, 2,
           "seq 2 was edited: it is not a line of a journal, its end is not a hash");
}

static void a_first_line_that_follows_something_is_told(void **state)
{
    (void)state;
    struct rb_record record = {.seq = 0, .writer = 1};
    RB_AUTO_BUF struct rb_buf forged = {0};
    record.event = trial_event(RB_EV_RUN_CREATED, 9, rb_value_map(NULL));
    memset(record.prev, 'a', RB_HASH_HEX);
    rb_line_encode(&record, &forged);
    rb_record_done(&record);
    expect(&forged, 0,
           "seq 0: prev is not zeros: the lines before it are missing, or it is from "
           "elsewhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dropped_line_is_missing),
        cmocka_unit_test(lines_in_another_order_are_told),
        cmocka_unit_test(a_line_twice_is_told),
        cmocka_unit_test(a_line_of_another_run_is_told),
        cmocka_unit_test(two_writers_at_once_are_told),
        cmocka_unit_test(an_edit_with_a_new_hash_shows_in_the_next_line),
        cmocka_unit_test(an_edited_line_is_named),
        cmocka_unit_test(a_first_line_that_follows_something_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
