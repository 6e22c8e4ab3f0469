#pragma once
/* A run under way in this process: loop, engine, view, signals. exec and resume differ only in
 * how they come to a state and a writer. */

#include "cli/args.h"
#include "cli/load.h"
#include "effects/engine.h"
#include "journal/locks.h"
#include "journal/store.h"

struct rb_session_start {
    const struct rb_args *args;
    struct rb_store *store;   /* borrowed */
    struct rb_run *run;       /* locked; borrowed */
    struct rb_state *state;   /* borrowed */
    struct rb_state *shown;   /* the same, folded apart: what views see; borrowed */
    struct rb_writer *writer; /* borrowed */
    const struct rb_load_answers *answers; /* borrowed */
    const struct rb_value *engine;         /* versions, for the record; borrowed */
    const struct rb_document *document;    /* borrowed */
    const struct rb_value
        *signers;           /* whose keys count (effects/signers.h); NULL: nothing is
                                     * signed; borrowed */
    const char *file;       /* of the runbook, for messages */
    struct rb_locks *locks; /* of the run; NULL: it has none; borrowed */
    const struct rb_value *lock_holder; /* cli/claim.h; borrowed */
    int epoch;                          /* of the writer */
    const char *first_hash; /* of the first record; NULL: it is still to be written */
    bool resumed;
    bool asks;                   /* questions may be asked on the terminal */
    const struct rb_value *torn; /* payload of tail.recovered; NULL: none; borrowed */
    /* The first fact: run.created or run.resumed, and its payload without `interactive`,
     * `operator`, `engine` and `answers`, which the session adds. Borrowed. */
    enum rb_event_type first;
    const struct rb_value *payload;
};

/* Runs until the run is finished or suspended; exit status of the program. */
int rb_session_run(const struct rb_session_start *start);
