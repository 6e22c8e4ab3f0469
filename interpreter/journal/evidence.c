#include "journal/evidence.h"

#include <inttypes.h>

#include "base/digest.h"
#include "base/hash.h"
#include "journal/blob.h"
#include "journal/level.h"

/* Kept once it was read, so that a blob is read once however often it is named; what is missing
 * is not kept, so that there are no more of these than there are files. */
struct rb_evidence_blob {
    char hex[RB_DIGEST_HEX + 1];
    int64_t bytes;
    UT_hash_handle hh;
};

void rb_evidence_init(struct rb_evidence *evidence, const struct rb_run *run)
{
    *evidence = (struct rb_evidence){
        .run = run, .level = {.name = "EVIDENCE", .finding = RB_FINDING_PASS}};
}

void rb_evidence_done(struct rb_evidence *evidence)
{
    struct rb_evidence_blob *blob = evidence->right, *next;
    HASH_CLEAR(hh, evidence->right);
    for (; blob; blob = next) {
        next = blob->hh.next;
        free(blob);
    }
}

static void keep(struct rb_evidence *evidence, const char *hex, int64_t bytes)
{
    struct rb_evidence_blob *blob = rb_alloc(sizeof *blob);
    memcpy(blob->hex, hex, sizeof blob->hex);
    blob->bytes = bytes;
    HASH_ADD_STR(evidence->right, hex, blob);
}

static void check_blob(struct rb_evidence *evidence, int64_t seq,
                       const struct rb_value *reference)
{
    const char *hex = rb_blob_hex(reference);
    int64_t bytes = rb_value_get_int(reference, "bytes", -1);
    int64_t lost = rb_value_get_int(reference, "lost", 0);
    struct rb_evidence_blob *known = NULL;
    struct rb_error err = {0};
    evidence->named++;
    if (lost > 0 && lost < INT64_MAX - evidence->lost)
        evidence->lost += lost;
    HASH_FIND_STR(evidence->right, hex, known);
    if (known && known->bytes == bytes)
        return;
    if (rb_blob_verify(evidence->run->dir, hex, bytes, &err)) {
        keep(evidence, hex, bytes);
        return;
    }
    bool gone = err.code == RB_ERR_NOT_FOUND || err.code == RB_ERR_IO;
    evidence->missing += gone;
    rb_level_find(&evidence->level, gone ? RB_FINDING_ABSENT : RB_FINDING_FAIL,
                  "seq %" PRId64 " names it: %s", seq, err.message);
}

static bool is_reference(const struct rb_value *value)
{
    return rb_value_is(value, RB_MAP) && rb_value_count(value) == 3 && rb_blob_hex(value) &&
           rb_value_is(rb_value_get(value, "bytes"), RB_INT) &&
           rb_value_is(rb_value_get(value, "lost"), RB_INT);
}

/* As deep as JSON is read at most. */
static void walk(struct rb_evidence *evidence, int64_t seq, const struct rb_value *value)
{
    if (is_reference(value)) {
        check_blob(evidence, seq, value);
        return;
    }
    bool map = rb_value_is(value, RB_MAP);
    for (size_t i = 0; i < rb_value_count(value); i++)
        walk(evidence, seq, map ? rb_value_member_at(value, i) : rb_value_at(value, i));
}

void rb_evidence_take(struct rb_evidence *evidence, const struct rb_record *record)
{
    walk(evidence, record->seq, record->event.d);
}

void rb_evidence_end(struct rb_evidence *evidence)
{
    if (evidence->missing > 0 && evidence->level.finding == RB_FINDING_ABSENT)
        rb_level_add(&evidence->level, " (%" PRId64 " of %" PRId64 " are missing)",
                     evidence->missing, evidence->named);
    if (evidence->level.finding != RB_FINDING_PASS)
        return;
    if (evidence->named == 0)
        rb_level_say(&evidence->level, "no event names a blob");
    else
        rb_level_say(&evidence->level,
                     "every blob is as recorded: %u, named %" PRId64 " times",
                     HASH_COUNT(evidence->right), evidence->named);
    if (evidence->lost > 0)
        rb_level_add(&evidence->level, "; %" PRId64 " bytes of output were not kept",
                     evidence->lost);
}
