#include "journal/writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/folder.h"
#include "journal/like.h"
#include "journal/link.h"
#include "journal/reader.h"
#include "journal/torn.h"

#define RESERVE_NAME "reserve"

/* Room for a few events and their folder entries. */
enum { RESERVE_BYTES = 64 << 10 };

struct rb_writer {
    char *run_id;
    int dir, fd;
    dev_t device;
    ino_t inode;
    int64_t size; /* of the file, as far as we wrote it */
    int64_t seq;  /* of the next record */
    int epoch;
    char hash[RB_HASH_HEX + 1]; /* of the last record */
    struct rb_likes *likes;
    struct rb_buf buf;
    bool unsynced; /* bytes were written since the last sync */
    bool unnamed;  /* its name in the folder is not synced yet */
    bool full;
    struct rb_error failed; /* with a code: nothing is written any more */
};

static struct rb_writer *new_writer(const struct rb_run *run)
{
    struct rb_writer *writer = rb_alloc(sizeof *writer);
    writer->run_id = rb_strdup(run->id);
    writer->dir = fcntl(run->dir, F_DUPFD_CLOEXEC, 0);
    writer->fd = -1;
    writer->epoch = 1;
    writer->likes = rb_likes_new();
    memcpy(writer->hash, RB_LINK_ZERO, sizeof writer->hash);
    return writer;
}

void rb_writer_close(struct rb_writer *writer)
{
    if (!writer)
        return;
    rb_close_descriptor(&writer->dir);
    rb_close_descriptor(&writer->fd);
    rb_buf_done(&writer->buf);
    rb_likes_free(writer->likes);
    free(writer->run_id);
    free(writer);
}

static bool make_reserve(struct rb_writer *writer, struct rb_error *err)
{
    struct stat st;
    if (fstatat(writer->dir, RESERVE_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    RB_AUTO_CLOSE int fd = -1;
    if (!rb_folder_create(writer->dir, RESERVE_NAME, 0600, &fd, err))
        return false;
    errno = posix_fallocate(fd, 0, RESERVE_BYTES);
    if (errno == 0)
        return true;
    rb_fail_errno(err, RB_ERR_IO, "cannot set %d bytes aside for a full disk",
                  RESERVE_BYTES);
    unlinkat(writer->dir, RESERVE_NAME, 0);
    return false;
}

/* Remembers which file it is, and its size. */
static bool look(struct rb_writer *writer, struct rb_error *err)
{
    struct stat st;
    if (writer->dir < 0 || fstat(writer->fd, &st) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot look at the journal");
    writer->device = st.st_dev;
    writer->inode = st.st_ino;
    writer->size = st.st_size;
    return true;
}

/* The journal of which run it is, and that this ends the program with 74. */
static bool fail_as_journal(const struct rb_writer *writer, struct rb_error *err)
{
    if (err)
        err->code = RB_ERR_JOURNAL;
    return rb_error_prefix(err, "the journal of %s", writer->run_id);
}

static bool create(struct rb_writer *writer, struct rb_error *err)
{
    if (!rb_folder_create(writer->dir, RB_JOURNAL_NAME, 0600, &writer->fd, err) ||
        !look(writer, err) || !make_reserve(writer, err))
        return false;
    writer->unnamed = true;
    return fcntl(writer->fd, F_SETFL, O_APPEND) == 0 ||
           rb_fail_errno(err, RB_ERR_IO, "cannot set it to append");
}

bool rb_writer_create(struct rb_run *run, struct rb_writer **ret_writer,
                      struct rb_error *err)
{
    assert(run->lock >= 0);
    struct rb_writer *writer = new_writer(run);
    if (!create(writer, err)) {
        fail_as_journal(writer, err);
        rb_writer_close(writer);
        return false;
    }
    *ret_writer = writer;
    return true;
}

static bool resume(struct rb_writer *writer, const struct rb_reader_end *end,
                   const struct rb_value **ret_torn, struct rb_error *err)
{
    struct stat st;
    if (!rb_folder_file(writer->dir, RB_JOURNAL_NAME, O_RDWR | O_APPEND, &st, &writer->fd,
                        err) ||
        !rb_folder_single_link(RB_JOURNAL_NAME, &st, err) || !look(writer, err))
        return false;
    if (writer->size != end->size)
        return rb_fail(err, RB_ERR_JOURNAL, "another process wrote to it");
    writer->seq = end->seq + 1;
    writer->epoch = end->writer + 1;
    memcpy(writer->hash, end->hash, sizeof writer->hash);
    if (!make_reserve(writer, err))
        return false;
    if (end->offset == end->size) {
        *ret_torn = NULL;
        return true;
    }
    if (!rb_torn_put_aside(writer->dir, writer->fd, end, ret_torn, err))
        return false;
    writer->size = end->offset;
    return true;
}

bool rb_writer_resume(struct rb_run *run, struct rb_reader *reader,
                      struct rb_writer **ret_writer, const struct rb_value **ret_torn,
                      struct rb_error *err)
{
    assert(run->lock >= 0);
    struct rb_writer *writer = new_writer(run);
    if (!resume(writer, rb_reader_at(reader), ret_torn, err)) {
        fail_as_journal(writer, err);
        rb_writer_close(writer);
        return false;
    }
    *ret_writer = writer;
    return true;
}

/* What no reader would take must not be written: the record would end with it. */
static void check_readable(struct rb_writer *writer, const struct rb_record *record,
                           size_t length)
{
    const char *what = length > RB_LINE_MAX + 1                          ? "long"
                       : rb_value_depth(record->event.d) > RB_LINE_DEPTH ? "deep"
                                                                         : NULL;
    if (what && writer->failed.code == RB_OK)
        rb_fail(&writer->failed, RB_ERR_JOURNAL,
                "the journal of %s: %s, seq %" PRId64 ", is too %s for a line",
                writer->run_id, rb_event_name(record->event.type), record->seq, what);
}

void rb_writer_append(struct rb_writer *writer, const struct rb_event *event,
                      struct rb_record *ret_record)
{
    struct rb_record record = {
        .seq = writer->seq, .writer = writer->epoch, .event = *event};
    memcpy(record.prev, writer->hash, sizeof record.prev);
    size_t start = writer->buf.length;
    RB_AUTO_VALUE const struct rb_value *written =
        rb_likes_shorten(writer->likes, event, record.seq);
    record.event.d = written;
    rb_line_encode(&record, &writer->buf);
    record.event.d = event->d;
    check_readable(writer, &record, writer->buf.length - start);
    memcpy(writer->hash, record.hash, sizeof writer->hash);
    writer->seq++;
    if (ret_record)
        *ret_record = record;
}

/* Are we still the one that writes it? A writer that was paused while another took over must
 * find out before it writes, and at the latest before it acts on what it wrote. */
static bool check_ours(const struct rb_writer *writer, struct rb_error *err)
{
    struct stat st;
    if (fstatat(writer->dir, RB_JOURNAL_NAME, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return rb_fail(err, RB_ERR_JOURNAL, "it was removed or renamed");
        return rb_fail_errno(err, RB_ERR_JOURNAL, "cannot look at it");
    }
    if (st.st_dev != writer->device || st.st_ino != writer->inode)
        return rb_fail(err, RB_ERR_JOURNAL, "it was replaced by another file");
    if (st.st_size != writer->size)
        return rb_fail(err, RB_ERR_JOURNAL,
                       "another process changed it: it has %" PRId64 " bytes, not %" PRId64,
                       (int64_t)st.st_size, writer->size);
    return true;
}

static bool free_reserve(struct rb_writer *writer)
{
    if (writer->full || unlinkat(writer->dir, RESERVE_NAME, 0) != 0)
        return false;
    writer->full = true;
    return true;
}

static bool write_out(struct rb_writer *writer, struct rb_error *err)
{
    struct rb_buf *buf = &writer->buf;
    for (size_t done = 0; done < buf->length;) {
        ssize_t put = write(writer->fd, buf->data + done, buf->length - done);
        if (put == 0)
            errno = EIO;
        if (put > 0) {
            done += (size_t)put;
            writer->size += put;
            writer->unsynced = true;
        } else if (errno != EINTR &&
                   !((errno == ENOSPC || errno == EDQUOT) && free_reserve(writer))) {
            return rb_fail_errno(err, RB_ERR_JOURNAL, "cannot write it");
        }
    }
    rb_buf_clear(buf);
    return true;
}

static bool flush(struct rb_writer *writer, bool durable, struct rb_error *err)
{
    if (!check_ours(writer, err))
        return false;
    if (writer->buf.length > 0 && (!write_out(writer, err) || !check_ours(writer, err)))
        return false;
    if (!durable || !writer->unsynced)
        return true;
    if (fdatasync(writer->fd) != 0)
        return rb_fail_errno(err, RB_ERR_JOURNAL, "cannot sync it");
    if (writer->unnamed && !rb_folder_sync(writer->dir, "", err))
        return false;
    writer->unsynced = writer->unnamed = false;
    return true;
}

bool rb_writer_flush(struct rb_writer *writer, bool durable, struct rb_error *err)
{
    bool nothing = writer->buf.length == 0 && !(durable && writer->unsynced);
    struct rb_error *failed = &writer->failed;
    if (failed->code == RB_OK && !nothing && !flush(writer, durable, failed))
        fail_as_journal(writer, failed);
    if (failed->code != RB_OK && err)
        *err = *failed;
    return failed->code == RB_OK;
}

bool rb_writer_disk_full(const struct rb_writer *writer)
{
    return writer->full;
}
