#include "journal/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "journal/folder.h"
#include "journal/like.h"
#include "journal/lines.h"
#include "journal/link.h"
#include "journal/order.h"

struct rb_reader {
    int fd;
    struct rb_lines lines;
    struct rb_record record;
    struct rb_likes *likes;
    struct rb_reader_end at;
    enum rb_read ended;  /* what the end was; RECORD: not there yet */
    struct rb_error err; /* where it was BAD */
};

struct rb_reader *rb_reader_new(int fd)
{
    struct rb_reader *reader = rb_alloc(sizeof *reader);
    struct stat st = {0};
    reader->fd = fd;
    reader->likes = rb_likes_new();
    reader->at = (struct rb_reader_end){.seq = -1, .hash = RB_LINK_ZERO};
    if (fstat(fd, &st) != 0) {
        rb_fail_errno(&reader->err, RB_ERR_IO, "cannot look at the journal");
        reader->ended = RB_READ_BAD;
    }
    reader->at.size = st.st_size;
    rb_lines_init(&reader->lines, fd, 0, st.st_size, RB_LINE_MAX);
    return reader;
}

void rb_reader_free(struct rb_reader *reader)
{
    if (!reader)
        return;
    rb_lines_done(&reader->lines);
    rb_record_done(&reader->record);
    rb_likes_free(reader->likes);
    rb_close_descriptor(&reader->fd);
    free(reader);
}

bool rb_reader_open(int run_dir, struct rb_reader **ret_reader, struct rb_error *err)
{
    struct stat st;
    int fd = -1;
    if (!rb_folder_file(run_dir, RB_JOURNAL_NAME, O_RDONLY, &st, &fd, err) ||
        !rb_folder_single_link(RB_JOURNAL_NAME, &st, err)) {
        rb_close_descriptor(&fd);
        return false;
    }
    *ret_reader = rb_reader_new(fd);
    return true;
}

static bool fail_at(int64_t seq, struct rb_error *err)
{
    struct rb_error why = *err;
    return rb_fail(err, why.code, "seq %" PRId64 " %s", seq, why.message);
}

static bool take(struct rb_reader *reader, const char *line, size_t length, int64_t at,
                 struct rb_error *err)
{
    struct rb_record *record = &reader->record;
    struct rb_reader_end *last = &reader->at;
    rb_record_done(record);
    if (!rb_line_decode(line, length, record, err))
        return fail_at(last->seq + 1, err);
    if (record->seq != last->seq + 1 || strcmp(record->prev, last->hash) != 0)
        return rb_order_explain(reader->fd, last, at, record, err);
    if (!rb_likes_restore(reader->likes, record, err))
        return fail_at(record->seq, err);
    last->offset = reader->lines.offset;
    last->seq = record->seq;
    last->writer = record->writer;
    memcpy(last->hash, record->hash, sizeof last->hash);
    return true;
}

/* Is there a line behind one that had to be on the disk, with all before it, before anything
 * else could happen? Then no power cut has made the hole. */
static bool was_synced(struct rb_reader *reader)
{
    const char *line = NULL;
    size_t length = 0;
    bool waits = false;
    while (rb_lines_next(&reader->lines, &line, &length, NULL) == RB_LINES_LINE) {
        struct rb_record record = {0};
        if (waits)
            return true;
        waits = rb_line_decode(line, length, &record, NULL) &&
                (record.event.type == RB_EV_EFFECT_INTENT ||
                 record.event.type == RB_EV_QUESTION_ASKED);
        rb_record_done(&record);
    }
    return false;
}

static enum rb_read judge_hole(struct rb_reader *reader, struct rb_error *err)
{
    if (!was_synced(reader))
        return RB_READ_TORN;
    rb_fail(err, RB_ERR_RECORD, "seq %" PRId64 " was overwritten with zeros",
            reader->at.seq + 1);
    return RB_READ_BAD;
}

static enum rb_read step(struct rb_reader *reader, struct rb_error *err)
{
    const char *line = NULL;
    size_t length = 0;
    int64_t at = reader->lines.offset;
    switch (rb_lines_next(&reader->lines, &line, &length, err)) {
    case RB_LINES_LINE:
        if (rb_lines_has_hole(line, length))
            return judge_hole(reader, err);
        return take(reader, line, length, at, err) ? RB_READ_RECORD : RB_READ_BAD;
    case RB_LINES_END:
        return RB_READ_END;
    case RB_LINES_TORN:
        return RB_READ_TORN;
    case RB_LINES_TOO_LONG:
        rb_fail(err, RB_ERR_RECORD, "seq %" PRId64 " is a line of more than %u bytes",
                reader->at.seq + 1, RB_LINE_MAX);
        return RB_READ_BAD;
    case RB_LINES_FAILED:
        break;
    }
    return RB_READ_BAD;
}

enum rb_read rb_reader_next(struct rb_reader *reader, const struct rb_record **ret_record,
                            struct rb_error *err)
{
    if (reader->ended == RB_READ_RECORD)
        reader->ended = step(reader, &reader->err);
    enum rb_read found = reader->ended;
    if (found == RB_READ_RECORD)
        *ret_record = &reader->record;
    else if (found == RB_READ_BAD && err)
        *err = reader->err;
    return found;
}

const struct rb_reader_end *rb_reader_at(const struct rb_reader *reader)
{
    return &reader->at;
}
