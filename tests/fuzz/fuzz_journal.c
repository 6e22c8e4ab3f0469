/* Arbitrary bytes as a journal: the reader and the verifier, on them as they are and on their
 * lines with the hash that belongs to each, whatever it says. */

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"
#include "journal/chain.h"
#include "journal/folder.h"
#include "journal/link.h"
#include "journal/reader.h"
#include "journal/verify.h"

static char folder[] = "/tmp/runbook-fuzz-XXXXXX";
static int folder_fd = -1;

static void remove_folder(void)
{
    unlinkat(folder_fd, RB_JOURNAL_NAME, 0);
    rmdir(folder);
}

/* The folder of a run that has nothing but its journal. */
static int run_folder(void)
{
    if (folder_fd >= 0)
        return folder_fd;
    assert(mkdtemp(folder) && atexit(remove_folder) == 0);
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert(folder_fd >= 0);
    return folder_fd;
}

/* Reads it all: each record is the one after the one before it. */
static enum rb_read read_all(const void *bytes, size_t length, int64_t *ret_count)
{
    const struct rb_record *record = NULL;
    struct rb_error err = {0};
    struct rb_reader *reader = rb_reader_new(fuzz_file("journal", bytes, length));
    int64_t count = 0;
    enum rb_read found;
    char last[RB_HASH_HEX + 1] = RB_LINK_ZERO;
    while ((found = rb_reader_next(reader, &record, &err)) == RB_READ_RECORD) {
        assert(record->seq == count++ && strcmp(record->prev, last) == 0);
        memcpy(last, record->hash, sizeof last);
    }
    const struct rb_reader_end *end = rb_reader_at(reader);
    assert(end->seq == count - 1 && end->offset <= end->size);
    assert(found != RB_READ_END || end->offset == end->size);
    assert(found != RB_READ_BAD || err.message[0]);
    rb_reader_free(reader);
    *ret_count = count;
    return found;
}

/* A record whose plan and sources are absent is never sound, and the verifier has seen what the
 * reader did. */
static void verify(const void *bytes, size_t length)
{
    int64_t count;
    struct rb_error err = {0};
    struct rb_verification verification;
    enum rb_read end = read_all(bytes, length, &count);
    struct rb_run run = {.id = "r-1", .path = folder, .dir = run_folder(), .lock = -1};
    unlinkat(run.dir, RB_JOURNAL_NAME, 0);
    assert(rb_file_create(run.dir, RB_JOURNAL_NAME, bytes, length, false, &err));
    rb_verify_run(&run, &verification);
    assert(verification.exit == 7 || verification.exit == 9);
    assert(verification.events == count);
    assert(end != RB_READ_BAD || !verification.finished);
    assert((end == RB_READ_END && count > 0) ==
           (verification.levels[0].finding == RB_FINDING_PASS));
    for (size_t i = 0; i < RB_COUNT(verification.levels); i++)
        assert(verification.levels[i].text[0]);
}

/* A body with the hash that belongs to it: what is accepted must encode to the same bytes. */
static void decode(const char *body, size_t length, struct rb_buf *journal)
{
    char hash[RB_DIGEST_HEX + 1];
    struct rb_record record = {0};
    struct rb_chain_entry entry;
    size_t start = journal->length;
    RB_AUTO_BUF struct rb_buf again = {0}, line = {0};
    rb_buf_append(journal, body, length);
    rb_link_close("runbook.journal.v1", journal, start, hash);
    const char *made = journal->data + start;
    size_t size = journal->length - start;
    if (rb_line_decode(made, size - 1, &record, NULL)) {
        rb_line_encode(&record, &again);
        assert(again.length == size && memcmp(again.data, made, size) == 0);
        rb_record_done(&record);
    }
    rb_buf_append(&line, body, length);
    rb_link_close("runbook.runs.v1", &line, 0, hash);
    assert(!rb_chain_decode(line.data, line.length - 1, &entry) || rb_run_is_id(entry.run));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    RB_AUTO_BUF struct rb_buf journal = {0};
    struct fuzz_lines lines = fuzz_lines_of(bytes, length);
    const char *line;
    size_t line_length;
    verify(bytes, length);
    while (fuzz_line_next(&lines, &line, &line_length))
        decode(line, line_length, &journal);
    verify(rb_buf_text(&journal), journal.length);
    return 0;
}
