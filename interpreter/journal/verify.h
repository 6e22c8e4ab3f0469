#pragma once
/* Is this record what was written? Replay (journal/replay.h) tells whether its decisions follow. */

#include "journal/reader.h"
#include "journal/store.h"

enum rb_finding { RB_FINDING_PASS, RB_FINDING_FAIL, RB_FINDING_ABSENT };

/* One line of the report: CHAIN, STRUCTURE, DECISIONS, EVIDENCE, APPROVALS, SEAL, ANCHORS. */
struct rb_level {
    const char *name;
    enum rb_finding finding;
    char text[400]; /* what was found, with counts; names seq on FAIL */
};

struct rb_verification {
    struct rb_level levels[7];
    int64_t events;
    bool finished; /* the last event ends the run */
    bool unproven; /* something signed could not be verified again */
    int exit;      /* 0, 7 or 9 */
};

/* Fills all levels but DECISIONS, which is ABSENT until rb_replay fills it. STRUCTURE: first
 * event run.created for this run, writer epochs, times that don't go back within one writer,
 * digests of sources and plan. EVIDENCE: each blob that an event names is there and right. */
void rb_verify_run(const struct rb_run *run, struct rb_verification *ret_verification);
void rb_verify_conclude(
    struct rb_verification *verification); /* sets exit from the levels */
