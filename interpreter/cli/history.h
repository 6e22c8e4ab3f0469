#pragma once
/* A run as its record tells it: the plan compiled from its stored source, the state folded. */

#include "cli/called.h"
#include "core/state.h"
#include "journal/reader.h"
#include "journal/store.h"
#include "parse/parse.h"

struct rb_history {
    struct rb_store *store;
    struct rb_run *run;
    struct rb_diags diags;
    struct rb_document *document;
    struct rb_state *state;
    struct rb_reader *reader;       /* at its end */
    const struct rb_value *created; /* payload of the first event */
    char first_hash[RB_HASH_HEX + 1];
    int64_t records;
    bool torn; /* the last line is cut off */
};

/* Called for each record in order, with the state after it. */
typedef void rb_history_watch(void *context, const struct rb_state *state,
                              const struct rb_record *record);

/* What it is opened for. Anybody's record can be read, as an auditor does; what another user wrote is
 * not gone on with, nor answered. */
enum rb_history_use {
    RB_HISTORY_READ,
    RB_HISTORY_ADD,   /* something is left for whoever is at work on it */
    RB_HISTORY_WRITE, /* takes its lock */
};

/* Opens the run named in the store that the arguments name. Errors: RB_ERR_NOT_FOUND, RB_ERR_INVALID
 * for one that is another user's, RB_ERR_LOCKED, RB_ERR_RECORD for a record that is not sound, or
 * whose source no longer gives the recorded plan. */
struct rb_args;
bool rb_history_open(const struct rb_args *args, const char *id, enum rb_history_use use,
                     rb_history_watch *watch, void *context, struct rb_history *ret_history,
                     struct rb_error *err);
/* The same with only the first event read: for those who read the record themselves. */
bool rb_history_begin(const struct rb_args *args, const char *id,
                      struct rb_history *ret_history, struct rb_error *err);
void rb_history_done(struct rb_history *history);

/* The store that --store names, or the default. */
bool rb_history_store(const struct rb_args *args, struct rb_store **ret_store,
                      struct rb_error *err);

/* Adds the files that the runbook calls, as the run keeps them: with the digests that its record has. */
bool rb_history_called(const struct rb_history *history, struct rb_called_files *called,
                       struct rb_error *err) RB_MUST_CHECK;
