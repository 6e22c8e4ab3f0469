#pragma once
/* Is what a record refers to there, and is it what was recorded? */

#include "journal/line.h"
#include "journal/verify.h"

struct rb_evidence_blob;

struct rb_evidence {
    const struct rb_run *run;
    struct rb_level level;          /* what was found so far */
    struct rb_evidence_blob *right; /* blobs that are as recorded, by digest */
    int64_t named;                  /* references */
    int64_t missing;                /* of them */
    int64_t lost;                   /* bytes of output that were not kept, as recorded */
};

void rb_evidence_init(struct rb_evidence *evidence, const struct rb_run *run);
void rb_evidence_done(struct rb_evidence *evidence);
/* Looks for references anywhere in the payload. */
void rb_evidence_take(struct rb_evidence *evidence, const struct rb_record *record);
void rb_evidence_end(struct rb_evidence *evidence);
