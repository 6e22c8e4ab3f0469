#include "journal/structure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "journal/level.h"

void rb_structure_init(struct rb_structure *structure, const struct rb_run *run)
{
    *structure = (struct rb_structure){
        .run = run, .level = {.name = "STRUCTURE", .finding = RB_FINDING_PASS}};
}

/* A stored file against the digest that the record has of it ("sha256:<hex>"). */
static void check_file(struct rb_structure *structure, const char *folder, const char *name,
                       const char *recorded)
{
    RB_AUTO_BUF struct rb_buf bytes = {0};
    struct rb_error err = {0};
    char hex[RB_DIGEST_HEX + 1], digest[80];
    if (!rb_run_get(structure->run, folder, name, &bytes, &err)) {
        bool gone = err.code == RB_ERR_NOT_FOUND || err.code == RB_ERR_IO;
        rb_level_find(&structure->level, gone ? RB_FINDING_ABSENT : RB_FINDING_FAIL, "%s",
                      err.message);
        return;
    }
    rb_digest_of(rb_buf_text(&bytes), bytes.length, hex);
    snprintf(digest, sizeof digest, "sha256:%s", hex);
    if (strcmp(digest, recorded) == 0)
        structure->files++;
    else
        rb_level_find(&structure->level, RB_FINDING_FAIL,
                      "%s was changed: its bytes have another digest than the record has",
                      name);
}

static void check_first(struct rb_structure *structure, const struct rb_record *record)
{
    const struct rb_value *d = record->event.d;
    const char *run = rb_value_get_text(d, "run", "");
    const struct rb_value *sources = rb_value_get(d, "sources");
    if (record->event.type != RB_EV_RUN_CREATED) {
        rb_level_find(&structure->level, RB_FINDING_FAIL, "seq 0 is %s, not run.created",
                      rb_event_name(record->event.type));
        return;
    }
    if (strcmp(run, structure->run->id) != 0)
        rb_level_find(&structure->level, RB_FINDING_FAIL,
                      "seq 0 is of the run %.80s: this is the journal of another run", run);
    check_file(structure, NULL, "plan.json", rb_value_get_text(d, "plan", ""));
    if (rb_value_count(sources) == 0)
        rb_level_find(&structure->level, RB_FINDING_ABSENT, "seq 0 names no source");
    for (size_t i = 0; i < rb_value_count(sources); i++)
        check_file(structure, "sources",
                   rb_value_get_text(rb_value_at(sources, i), "name", ""),
                   rb_value_get_text(rb_value_at(sources, i), "sha256", ""));
}

/* An exec is writer 1, each resume the next. It says so in its first event, or in its second
 * where it found a torn line; nowhere else, because replay takes it for a new beginning. */
static void check_writer(struct rb_structure *structure, const struct rb_record *record)
{
    enum rb_event_type type = record->event.type;
    const char *name = rb_event_name(type);
    int64_t seq = record->seq;
    bool fresh = record->writer != structure->writer;
    bool begins = type == RB_EV_RUN_RESUMED || type == RB_EV_TAIL_RECOVERED;
    bool remark = rb_event_is_remark(type);
    bool after_torn = type == RB_EV_RUN_RESUMED && structure->last == RB_EV_TAIL_RECOVERED;
    if (fresh && record->writer != structure->writer + 1)
        rb_level_find(&structure->level, RB_FINDING_FAIL,
                      "seq %" PRId64 " is by writer %d, and before it wrote %d", seq,
                      record->writer, structure->writer);
    else if (fresh && seq > 0 && !begins && !remark)
        rb_level_find(&structure->level, RB_FINDING_FAIL,
                      "seq %" PRId64 ": writer %d begins with %s", seq, record->writer,
                      name);
    else if ((!fresh && begins && !after_torn) || (seq > 0 && type == RB_EV_RUN_CREATED))
        rb_level_find(&structure->level, RB_FINDING_FAIL,
                      "seq %" PRId64 ": %s in the midst of writer %d", seq, name,
                      record->writer);
}

/* The monotonic clock never goes back under one writer; the other may be set. */
static void check_times(struct rb_structure *structure, const struct rb_record *record)
{
    if (record->writer == structure->writer && record->event.mono < structure->mono)
        rb_level_find(&structure->level, RB_FINDING_FAIL,
                      "seq %" PRId64 " is of an earlier time than the one before it",
                      record->seq);
    structure->set_back += record->event.utc < structure->utc;
    structure->mono = record->event.mono;
    structure->utc = record->event.utc;
}

void rb_structure_take(struct rb_structure *structure, const struct rb_record *record)
{
    if (structure->writer == 0)
        check_first(structure, record);
    check_writer(structure, record);
    check_times(structure, record);
    structure->writer = record->writer;
    structure->last = record->event.type;
}

void rb_structure_end(struct rb_structure *structure)
{
    if (structure->level.finding != RB_FINDING_PASS)
        return;
    if (structure->writer == 0) {
        rb_level_find(&structure->level, RB_FINDING_ABSENT, "there is no event");
        return;
    }
    rb_level_say(&structure->level,
                 "begins with run.created of this run, %d %s, times in order, "
                 "%d stored %s as recorded",
                 structure->writer, structure->writer == 1 ? "writer" : "writers",
                 structure->files, structure->files == 1 ? "file" : "files");
    if (structure->set_back > 0)
        rb_level_add(&structure->level, "; the clock was set back %d %s",
                     structure->set_back, structure->set_back == 1 ? "time" : "times");
}
