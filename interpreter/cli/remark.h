#pragma once
/* Remarks: facts about a run that somebody adds from elsewhere, also when it has ended: that it was
 * handed over, that a duty was done. To the process at work on a run they go through its inbox, as
 * `remark.1`, `remark.2`...: {type, d}; else they are put into the record at once. */

#include <uv.h>

#include "cli/args.h"
#include "cli/history.h"

struct rb_remarks;

typedef void rb_remarks_put(void *context, enum rb_event_type type,
                            const struct rb_value *owned);

/* Hands on what is in the inbox and not on the record of `state` yet, now and whenever it changes.
 * Both are borrowed. */
struct rb_remarks *rb_remarks_new(uv_loop_t *loop, const struct rb_run *run,
                                  const struct rb_state *state, rb_remarks_put *put,
                                  void *context);
/* Takes those that were left before: once the run is under way. */
void rb_remarks_look(struct rb_remarks *remarks);
/* The loop has to turn once more. Accepts NULL. */
void rb_remarks_free(struct rb_remarks *remarks);

/* Makes the payload of a remark of what the run is now: a new reference, or NULL with *err. */
typedef const struct rb_value *rb_remark_make(void *context, const struct rb_state *state,
                                              struct rb_error *err);

/* Adds the remark to the record of the run that the arguments name, and waits until it is on it
 * where a process is at work on the run. *ret_history is the run with it; `done` it. */
bool rb_remark_add(const struct rb_args *args, enum rb_event_type type,
                   rb_remark_make *make, void *context, struct rb_history *ret_history,
                   struct rb_error *err);
