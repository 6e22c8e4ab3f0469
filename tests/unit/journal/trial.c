#include "trial.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "journal/link.h"

char *trial_path(const char *format, ...)
{
    struct rb_buf path = {0};
    va_list args;
    va_start(args, format);
    rb_buf_vprintf(&path, format, args);
    va_end(args);
    return rb_buf_take(&path);
}

char *trial_folder(void)
{
    const char *tmp = getenv("TMPDIR");
    char *path = trial_path("%s/rb-journal-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
    assert_non_null(mkdtemp(path));
    return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void trial_remove(char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}

int trial_setup(void **state)
{
    struct trial *trial = rb_alloc(sizeof *trial);
    struct rb_error err = {0};
    trial->root = trial_folder();
    RB_AUTO_FREE char *store = trial_path("%s/store", trial->root);
    assert_true(rb_store_open(store, &trial->store, &err));
    assert_true(rb_run_create(trial->store, TRIAL_RUN, &trial->run, &err));
    *state = trial;
    return 0;
}

int trial_teardown(void **state)
{
    struct trial *trial = *state;
    rb_run_close(trial->run);
    rb_store_close(trial->store);
    trial_remove(trial->root);
    free(trial);
    return 0;
}

void trial_read(const char *path, struct rb_buf *out)
{
    struct rb_error err = {0};
    assert_true(rb_file_read(AT_FDCWD, path, 64 << 20, out, &err));
}

void trial_write(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

void trial_flip(const char *path, size_t bit)
{
    char byte;
    RB_AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, (off_t)(bit / 8)), 1);
    byte ^= (char)(1 << (bit % 8));
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
}

struct rb_event trial_event(enum rb_event_type type, int64_t tick,
                            const struct rb_value *owned)
{
    return (struct rb_event){.type = type,
                             .d = owned,
                             .utc = INT64_C(1763852467104512) + tick,
                             .mono = 104512345 + tick};
}

void trial_append(struct rb_writer *writer, enum rb_event_type type, int64_t tick,
                  const struct rb_value *owned)
{
    struct rb_event event = trial_event(type, tick, owned);
    rb_writer_append(writer, &event, NULL);
    rb_value_unref(owned);
}

static const struct rb_value *payload(int number, int salt)
{
    return rb_value_map("step", rb_value_textf("s%d", number), "salt", rb_value_int(salt),
                        NULL);
}

void trial_journal(struct trial *trial, int count)
{
    struct rb_writer *writer = NULL;
    struct rb_error err = {0};
    assert_true(rb_writer_create(trial->run, &writer, &err));
    for (int i = 0; i < count; i++)
        trial_append(writer, RB_EV_STEP_BEGAN, i, payload(i, 0));
    assert_true(rb_writer_flush(writer, true, &err));
    rb_writer_close(writer);
}

void trial_lines(int count, int salt, struct rb_buf *out)
{
    trial_lines_with(-1, RB_EV_STEP_BEGAN, count, salt, out);
}

void trial_lines_with(int seq, enum rb_event_type type, int count, int salt,
                      struct rb_buf *out)
{
    char hash[RB_HASH_HEX + 1] = RB_LINK_ZERO;
    for (int i = 0; i < count; i++) {
        struct rb_record record = {.seq = i, .writer = 1};
        record.event = trial_event(i == seq ? type : RB_EV_STEP_BEGAN, i, payload(i, salt));
        memcpy(record.prev, hash, sizeof hash);
        rb_line_encode(&record, out);
        memcpy(hash, record.hash, sizeof hash);
        rb_record_done(&record);
    }
}

enum rb_read trial_read_all(const char *bytes, size_t length, int64_t *ret_count,
                            struct rb_error *err)
{
    int fd = memfd_create("journal", MFD_CLOEXEC);
    struct rb_reader *reader = NULL;
    const struct rb_record *record = NULL;
    assert_true(fd >= 0);
    assert_true(rb_file_write_all(fd, bytes, length, err));
    reader = rb_reader_new(fd);
    *ret_count = 0;
    enum rb_read found;
    while ((found = rb_reader_next(reader, &record, err)) == RB_READ_RECORD)
        ++*ret_count;
    rb_reader_free(reader);
    return found;
}
