#pragma once
/* A recorded run held in memory: its plan and its events, and the fake executor that answers
 * what a state wants with what the record says came of it. */

#include "core/core.h"
#include "journal/store.h"
#include "parse/parse.h"

struct tape {
    struct rb_document *document;
    struct rb_event *events;
    size_t count, capacity;
};

bool tape_read(struct rb_store *store, const char *run_id, struct tape *ret_tape,
               struct rb_error *err);
void tape_done(struct tape *tape);

/* Does an input that nobody in the state asked for (a signal, a resumption, a recovered tail)
 * come at or after this event? The fake executor has no answer to that. */
bool tape_is_interrupted(const struct tape *tape, size_t from);

/* The fact that the record holds for what the state wants: the same effect of the same step
 * and attempt, the n-th where there are several. NULL: the record has none. */
const struct rb_event *tape_answer(const struct tape *tape, const struct rb_state *state,
                                   const struct rb_event *past, size_t past_count);
