#pragma once
/* Appending to a run's journal. One writer, under the run's lock. */

#include "journal/line.h"
#include "journal/store.h"

struct rb_writer;

/* journal.jsonl of a new run: exclusive creation, 0600, a reserve beside it for a full disk. The
 * first durable flush makes file and name durable. */
bool rb_writer_create(struct rb_run *run, struct rb_writer **ret_writer,
                      struct rb_error *err) RB_MUST_CHECK;

/* Goes on after the records that `reader` (journal/reader.h) read to the end; epoch + 1. A torn
 * last line is copied to journal.torn.<seq>, synced, truncated; *ret_torn is then the payload of
 * tail.recovered ({bytes, sha256}), else NULL: the caller puts that event in. */
struct rb_reader;
bool rb_writer_resume(struct rb_run *run, struct rb_reader *reader,
                      struct rb_writer **ret_writer, const struct rb_value **ret_torn,
                      struct rb_error *err) RB_MUST_CHECK;
void rb_writer_close(struct rb_writer *writer); /* accepts NULL; does not sync */

/* Encodes the event into the buffer; nothing is written yet. *ret_record (may be NULL) tells its
 * seq, writer and hashes; its event is borrowed. */
void rb_writer_append(struct rb_writer *writer, const struct rb_event *event,
                      struct rb_record *ret_record);
/* Writes what is buffered; with `durable`, one fdatasync for all since the last one. Before
 * that it checks that it still is the writer: same inode with a link, expected size. An error is
 * final (RB_ERR_JOURNAL, exit 74): every later call fails the same. When the disk is full the
 * reserve is freed once so that a suspension can still be written: *ret_full. */
bool rb_writer_flush(struct rb_writer *writer, bool durable,
                     struct rb_error *err) RB_MUST_CHECK;
bool rb_writer_disk_full(const struct rb_writer *writer);
