#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static struct rb_writer *create(struct trial *trial)
{
    struct rb_writer *writer = NULL;
    struct rb_error err = {0};
    assert_true(rb_writer_create(trial->run, &writer, &err));
    return writer;
}

static void begin(struct rb_writer *writer, int64_t tick)
{
    trial_append(writer, RB_EV_STEP_BEGAN, tick,
                 rb_value_map("step", rb_value_text("one"), NULL));
}

static bool flush(struct rb_writer *writer, struct rb_error *err)
{
    return rb_writer_flush(writer, true, err);
}

static void refused(struct rb_writer *writer, const char *why)
{
    struct rb_error err = {0};
    assert_false(flush(writer, &err));
    assert_int_equal(err.code, RB_ERR_JOURNAL);
    assert_int_equal(rb_error_exit_status(err.code), 74);
    if (!strstr(err.message, why))
        fail_msg("\"%s\" does not say \"%s\"", err.message, why);
    assert_non_null(strstr(err.message, TRIAL_RUN));
}

static void journal_of(struct trial *trial, struct rb_buf *out)
{
    RB_AUTO_FREE char *path = trial_path("%s/journal.jsonl", trial->run->path);
    trial_read(path, out);
}

static int64_t records(struct trial *trial, enum rb_read end)
{
    RB_AUTO_BUF struct rb_buf bytes = {0};
    int64_t count = 0;
    struct rb_error err = {0};
    journal_of(trial, &bytes);
    assert_int_equal(trial_read_all(rb_buf_text(&bytes), bytes.length, &count, &err), end);
    return count;
}

static void nothing_is_written_before_the_flush(void **state)
{
    struct trial *trial = *state;
    struct rb_writer *writer = create(trial);
    struct rb_error err = {0};
    begin(writer, 1);
    begin(writer, 2);
    assert_int_equal(records(trial, RB_READ_END), 0);
    assert_true(rb_writer_flush(writer, false, &err));
    assert_int_equal(records(trial, RB_READ_END), 2);
    begin(writer, 3);
    assert_true(rb_writer_flush(writer, true, &err));
    assert_true(rb_writer_flush(writer, true, &err));
    assert_int_equal(records(trial, RB_READ_END), 3);
    rb_writer_close(writer);
}

static void append_tells_where_the_event_went(void **state)
{
    struct trial *trial = *state;
    struct rb_writer *writer = create(trial);
    struct rb_record first = {0}, second = {0};
    RB_AUTO_VALUE const struct rb_value *d = rb_value_map(NULL);
    struct rb_event event = trial_event(RB_EV_RUN_STARTED, 0, d);
    rb_writer_append(writer, &event, &first);
    rb_writer_append(writer, &event, &second);
    assert_int_equal(first.seq, 0);
    assert_int_equal(second.seq, 1);
    assert_int_equal(second.writer, 1);
    assert_string_equal(first.hash, second.prev);
    assert_ptr_equal(second.event.d, d);
    rb_writer_close(writer);
}

static void a_journal_is_for_its_owner_whatever_the_umask(void **state)
{
    struct trial *trial = *state;
    struct stat st;
    mode_t old = umask(0);
    rb_writer_close(create(trial));
    umask(old);
    assert_int_equal(fstatat(trial->run->dir, "journal.jsonl", &st, 0), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    assert_int_equal(fstatat(trial->run->dir, "reserve", &st, 0), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    assert_true(st.st_blocks * 512 >= 64 << 10);
}

static void an_existing_journal_is_not_written_over(void **state)
{
    struct trial *trial = *state;
    struct rb_writer *writer = NULL;
    struct rb_error err = {0};
    trial_journal(trial, 2);
    assert_false(rb_writer_create(trial->run, &writer, &err));
    assert_int_equal(err.code, RB_ERR_JOURNAL);
    assert_int_equal(records(trial, RB_READ_END), 2);
}

static void a_journal_that_was_removed_is_noticed(void **state)
{
    struct trial *trial = *state;
    struct rb_writer *writer = create(trial);
    struct rb_error err = {0};
    begin(writer, 1);
    assert_true(flush(writer, &err));
    assert_int_equal(unlinkat(trial->run->dir, "journal.jsonl", 0), 0);
    begin(writer, 2);
    refused(writer, "removed or renamed");
    rb_writer_close(writer);
}

static void a_journal_that_was_replaced_is_noticed(void **state)
{
    struct trial *trial = *state;
    struct rb_writer *writer = create(trial);
    struct rb_error err = {0};
    int dir = trial->run->dir;
    begin(writer, 1);
    assert_true(flush(writer, &err));
    RB_AUTO_BUF struct rb_buf bytes = {0};
    journal_of(trial, &bytes);
    assert_int_equal(renameat(dir, "journal.jsonl", dir, "old"), 0);
    assert_true(
        rb_file_create(dir, "journal.jsonl", bytes.data, bytes.length, false, &err));
    begin(writer, 2);
    refused(writer, "replaced by another file");
    assert_int_equal(records(trial, RB_READ_END), 1);
    rb_writer_close(writer);
}

/* A writer that was paused, and another that took over. */
static void a_journal_that_someone_else_wrote_to_is_noticed(void **state)
{
    struct trial *trial = *state;
    struct rb_writer *writer = create(trial), *other = NULL;
    struct rb_reader *reader = NULL;
    const struct rb_record *record = NULL;
    const struct rb_value *torn = NULL;
    struct rb_error err = {0};
    begin(writer, 1);
    assert_true(flush(writer, &err));
    assert_true(rb_reader_open(trial->run->dir, &reader, &err));
    while (rb_reader_next(reader, &record, &err) == RB_READ_RECORD)
        ;
    assert_true(rb_writer_resume(trial->run, reader, &other, &torn, &err));
    assert_null(torn);
    begin(other, 5);
    assert_true(flush(other, &err));
    begin(writer, 6);
    refused(writer, "another process changed it");
    begin(other, 7);
    assert_true(flush(other, &err));
    assert_int_equal(records(trial, RB_READ_END), 3);
    rb_reader_free(reader);
    rb_writer_close(writer);
    rb_writer_close(other);
}

static void an_error_is_final(void **state)
{
    struct trial *trial = *state;
    struct rb_writer *writer = create(trial);
    struct rb_error err = {0};
    int dir = trial->run->dir;
    begin(writer, 1);
    assert_int_equal(renameat(dir, "journal.jsonl", dir, "away"), 0);
    refused(writer, "removed or renamed");
    assert_int_equal(renameat(dir, "away", dir, "journal.jsonl"), 0);
    begin(writer, 2);
    refused(writer, "removed or renamed");
    assert_false(rb_writer_flush(writer, false, &err));
    assert_int_equal(records(trial, RB_READ_END), 0);
    rb_writer_close(writer);
}

static void a_file_that_may_not_grow_is_an_error_for_good(void **state)
{
    struct trial *trial = *state;
    struct rb_writer *writer = create(trial);
    struct rlimit old, small = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = 100, .rlim_max = old.rlim_max};
    void (*was)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    begin(writer, 1);
    refused(writer, "File too large");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, was);
    refused(writer, "File too large");
    assert_false(rb_writer_disk_full(writer));
    assert_int_equal(records(trial, RB_READ_TORN), 0);
    rb_writer_close(writer);
}

static void a_line_that_no_reader_would_take_is_not_written(void **state)
{
    struct trial *trial = *state;
    struct rb_writer *writer = create(trial);
    RB_AUTO_FREE char *big = rb_alloc(RB_LINE_MAX + 1);
    memset(big, 'x', RB_LINE_MAX);
    trial_append(writer, RB_EV_STEP_BEGAN, 1,
                 rb_value_map("step", rb_value_string(big, RB_LINE_MAX), NULL));
    refused(writer, "step.began, seq 0, is too long for a line");
    assert_int_equal(records(trial, RB_READ_END), 0);
    rb_writer_close(writer);
}

/* A payload of so many maps within each other. */
static const struct rb_value *nest(int depth)
{
    const struct rb_value *value = rb_value_number(0.5);
    for (int i = 0; i < depth; i++)
        value = i % 2 ? rb_value_list(value, NULL) : rb_value_map("a", value, NULL);
    return rb_value_map("a", value, NULL);
}

static void a_payload_that_no_reader_would_take_is_not_written(void **state)
{
    struct trial *trial = *state;
    struct rb_writer *writer = create(trial);
    struct rb_error err = {0};
    trial_append(writer, RB_EV_STEP_BEGAN, 1, nest(RB_LINE_DEPTH - 1));
    assert_true(flush(writer, &err));
    trial_append(writer, RB_EV_STEP_BEGAN, 1, nest(RB_LINE_DEPTH));
    refused(writer, "step.began, seq 1, is too deep for a line");
    assert_int_equal(records(trial, RB_READ_END), 1);
    rb_writer_close(writer);
}

/* A file system of 256 KiB, gone with the process. */
static bool mount_small(const char *at)
{
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return false;
    /* EINVAL: in a chroot, whose root is no mount of its own. */
    return (mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) == 0 || errno == EINVAL) &&
           mount("none", at, "tmpfs", 0, "size=256k") == 0;
}

static void fill_disk(struct rb_run *run)
{
    char zeros[4096] = {0};
    RB_AUTO_CLOSE int fd = openat(run->dir, "filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (write(fd, zeros, sizeof zeros) > 0)
        ;
}

static void begin_until_full(struct rb_writer *writer)
{
    struct rb_error err = {0};
    for (int i = 0; i < 100 && !rb_writer_disk_full(writer); i++) {
        begin(writer, i);
        assert_true(flush(writer, &err));
    }
    assert_true(rb_writer_disk_full(writer));
}

static void a_full_disk_leaves_room_to_say_so(void **state)
{
    struct trial *trial = *state;
    RB_AUTO_FREE char *path = trial_path("%s/small", trial->root);
    struct rb_store *store = NULL;
    struct rb_run *run = NULL;
    struct rb_writer *writer = NULL;
    struct rb_reader *reader = NULL;
    struct rb_error err = {0};
    const struct rb_record *record = NULL;
    const struct rb_value *torn = NULL;
    mkdir(path, 0700);
    assert_true(mount_small(path));
    assert_int_equal(chmod(path, 0700), 0);
    assert_true(rb_store_open(path, &store, &err));
    assert_true(rb_run_create(store, TRIAL_RUN, &run, &err));
    assert_true(rb_writer_create(run, &writer, &err));
    fill_disk(run);
    begin_until_full(writer);
    trial_append(writer, RB_EV_RUN_SUSPENDED, 200,
                 rb_value_map("why", rb_value_text("ENOSPC"), NULL));
    assert_true(flush(writer, &err));
    rb_writer_close(writer);
    assert_true(rb_reader_open(run->dir, &reader, &err));
    enum rb_event_type last = RB_EV_COUNT;
    while (rb_reader_next(reader, &record, &err) == RB_READ_RECORD)
        last = record->event.type;
    assert_int_equal(last, RB_EV_RUN_SUSPENDED);
    /* While it is full it can't go on; with room again it can. */
    fill_disk(run);
    assert_false(rb_writer_resume(run, reader, &writer, &torn, &err));
    assert_int_equal(err.code, RB_ERR_JOURNAL);
    assert_int_equal(unlinkat(run->dir, "filler", 0), 0);
    assert_true(rb_writer_resume(run, reader, &writer, &torn, &err));
    assert_false(rb_writer_disk_full(writer));
    rb_reader_free(reader);
    rb_writer_close(writer);
    rb_run_close(run);
    rb_store_close(store);
    assert_int_equal(umount2(path, MNT_DETACH), 0);
}

static struct rb_reader *read_to_end(struct trial *trial, enum rb_read end)
{
    struct rb_reader *reader = NULL;
    const struct rb_record *record = NULL;
    struct rb_error err = {0};
    enum rb_read found;
    assert_true(rb_reader_open(trial->run->dir, &reader, &err));
    while ((found = rb_reader_next(reader, &record, &err)) == RB_READ_RECORD)
        ;
    assert_int_equal(found, end);
    return reader;
}

static void a_resumed_run_has_the_next_epoch(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    const struct rb_value *torn = NULL;
    trial_journal(trial, 2);
    for (int epoch = 2; epoch < 5; epoch++) {
        struct rb_reader *reader = read_to_end(trial, RB_READ_END);
        struct rb_writer *writer = NULL;
        struct rb_record record = {0};
        RB_AUTO_VALUE const struct rb_value *d = rb_value_map(NULL);
        struct rb_event event = trial_event(RB_EV_RUN_RESUMED, 9, d);
        assert_true(rb_writer_resume(trial->run, reader, &writer, &torn, &err));
        rb_writer_append(writer, &event, &record);
        assert_int_equal(record.writer, epoch);
        assert_int_equal(record.seq, epoch);
        assert_true(flush(writer, &err));
        rb_writer_close(writer);
        rb_reader_free(reader);
    }
    assert_int_equal(records(trial, RB_READ_END), 5);
}

static void a_torn_line_is_put_aside_before_it_is_cut_off(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    struct rb_writer *writer = NULL;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    RB_AUTO_VALUE const struct rb_value *torn = NULL;
    RB_AUTO_FREE char *path = trial_path("%s/journal.jsonl", trial->run->path);
    trial_journal(trial, 3);
    trial_read(path, &bytes);
    assert_int_equal(truncate(path, (off_t)bytes.length - 10), 0);
    struct rb_reader *reader = read_to_end(trial, RB_READ_TORN);
    int64_t offset = rb_reader_at(reader)->offset;
    assert_true(rb_writer_resume(trial->run, reader, &writer, &torn, &err));
    rb_reader_free(reader);
    int64_t cut = (int64_t)bytes.length - 10 - offset;
    assert_int_equal(rb_value_get_int(torn, "bytes", 0), cut);
    RB_AUTO_FREE char *aside = trial_path("%s/journal.torn.2", trial->run->path);
    RB_AUTO_BUF struct rb_buf copy = {0};
    trial_read(aside, &copy);
    assert_int_equal(copy.length, cut);
    assert_memory_equal(copy.data, bytes.data + offset, copy.length);
    trial_append(writer, RB_EV_TAIL_RECOVERED, 9, rb_value_ref(torn));
    assert_true(flush(writer, &err));
    assert_int_equal(records(trial, RB_READ_END), 3);
    rb_writer_close(writer);
}

static void who_can_not_know_the_end_does_not_go_on(void **state)
{
    struct trial *trial = *state;
    struct rb_error err = {0};
    struct rb_writer *writer = NULL;
    const struct rb_value *torn = NULL;
    RB_AUTO_FREE char *path = trial_path("%s/journal.jsonl", trial->run->path);
    trial_journal(trial, 3);
    struct rb_reader *reader = read_to_end(trial, RB_READ_END);
    RB_AUTO_CLOSE int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_false(rb_writer_resume(trial->run, reader, &writer, &torn, &err));
    assert_int_equal(err.code, RB_ERR_JOURNAL);
    assert_non_null(strstr(err.message, "another process wrote to it"));
    rb_reader_free(reader);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, trial_setup, trial_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(nothing_is_written_before_the_flush),
        WITH(append_tells_where_the_event_went),
        WITH(a_journal_is_for_its_owner_whatever_the_umask),
        WITH(an_existing_journal_is_not_written_over),
        WITH(a_journal_that_was_removed_is_noticed),
        WITH(a_journal_that_was_replaced_is_noticed),
        WITH(a_journal_that_someone_else_wrote_to_is_noticed),
        WITH(an_error_is_final),
        WITH(a_file_that_may_not_grow_is_an_error_for_good),
        WITH(a_line_that_no_reader_would_take_is_not_written),
        WITH(a_payload_that_no_reader_would_take_is_not_written),
        WITH(a_full_disk_leaves_room_to_say_so),
        WITH(a_resumed_run_has_the_next_epoch),
        WITH(a_torn_line_is_put_aside_before_it_is_cut_off),
        WITH(who_can_not_know_the_end_does_not_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
