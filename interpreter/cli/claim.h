#pragma once
/* The locks of a run, taken before it does anything: who does not get them writes nothing. */

#include "cli/args.h"
#include "core/state.h"
#include "journal/locks.h"

struct rb_claim {
    struct rb_locks *locks; /* NULL: the run has none */
    const struct rb_plan *plan;
    const struct rb_value *store;  /* its absolute path */
    const struct rb_value *holder; /* what the files of the locks say of the run */
    char run[64];                  /* its id */
    bool is_new;
};

/* Opens where locks are, for a run of this plan; nothing where it has none. `run` NULL: it is yet to
 * be created, and gets its id with its locks: runs sort by when they began, not by when they began
 * to wait. Both are borrowed. */
bool rb_claim_open(struct rb_store *store, const struct rb_plan *plan, const char *run,
                   struct rb_claim *ret_claim, struct rb_error *err) RB_MUST_CHECK;
/* Takes the keys of the state, filled in; with --wait once they are free, saying what for. */
bool rb_claim_take(const struct rb_args *args, struct rb_claim *claim,
                   const struct rb_value *keys, struct rb_error *err) RB_MUST_CHECK;
void rb_claim_done(struct rb_claim *claim); /* accepts zeroed */

/* A new id of a run, of this moment. */
bool rb_claim_id(char ret_id[32], struct rb_error *err) RB_MUST_CHECK;
