#pragma once
/* Reading a journal, verifying the chain as it goes. The file is hostile input. */

#include "journal/line.h"

struct rb_reader;

/* `fd` is taken over. Reads a snapshot: the length at opening. */
struct rb_reader *rb_reader_new(int fd);
void rb_reader_free(struct rb_reader *reader); /* accepts NULL */
/* journal.jsonl of a run. */
bool rb_reader_open(int run_dir, struct rb_reader **ret_reader,
                    struct rb_error *err) RB_MUST_CHECK;

enum rb_read { RB_READ_RECORD, RB_READ_END, RB_READ_TORN, RB_READ_BAD };

/* The next record (borrowed until the next call). TORN: the file ends inside a line, in zeros,
 * or in zeros with unsynced lines behind them; everything before is sound. BAD: *err says which
 * seq and what was done to it: edited, reordered, missing lines, duplicated, spliced from
 * another run. */
enum rb_read rb_reader_next(struct rb_reader *reader, const struct rb_record **ret_record,
                            struct rb_error *err);

/* After END or TORN: byte offset behind the last sound record, size of the file, the last
 * record's seq, writer and hash (seq -1 when empty). */
struct rb_reader_end {
    int64_t offset, size, seq;
    int writer;
    char hash[RB_HASH_HEX + 1];
};
const struct rb_reader_end *rb_reader_at(const struct rb_reader *reader);
