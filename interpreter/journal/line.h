#pragma once
/* One event as one line of the journal: canonical JSON, hash-chained.
 *
 *   {"d":{...},"mono":N,"prev":"<hex>","seq":N,"t":"...Z","type":"step.began","v":1,"w":1,"~h":"<hex>"}
 *
 * h = SHA-256("runbook.journal.v1" NUL body), body = the stored bytes up to the comma before
 * "~h". The hash covers what is stored, never a re-serialisation. */

#include "base/buf.h"
#include "base/error.h"
#include "core/event.h"

#define RB_HASH_HEX   64
#define RB_LINE_MAX   (16u << 20) /* bytes; a longer line is refused */
#define RB_LINE_DEPTH 64          /* lists and maps within each other in a payload */

struct rb_record {
    int64_t seq;
    int writer; /* epoch: +1 for each exec or resume */
    struct rb_event event;
    char prev[RB_HASH_HEX + 1], hash[RB_HASH_HEX + 1];
};

void rb_record_done(struct rb_record *record);

/* Appends the line with its newline; fills record->hash from the other members. */
void rb_line_encode(struct rb_record *record, struct rb_buf *out);

/* Reads one line (without its newline). Refuses, with RB_ERR_RECORD and a message that goes on
 * from "seq 12 " ("was edited: its hash does not match"), anything that is not byte for byte what rb_line_encode would have written: other key order,
 * space, escapes, duplicate keys, a wrong hash, an unknown version, an unknown type. */
bool rb_line_decode(const char *line, size_t length, struct rb_record *ret_record,
                    struct rb_error *err) RB_MUST_CHECK;
