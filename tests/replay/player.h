#pragma once
/* The fake executor: it answers what a state wants with what a tape says came of it, and sends what nobody
 * asked for (signals, resumptions, remarks) where it stands on the tape. */

#include "tape.h"

struct player {
    const struct tape *tape;
    size_t length;   /* so much of the tape had happened when it was resumed */
    size_t unasked;  /* of the tape: what nobody asked for comes from here on */
    size_t repeated; /* times that are not on the tape, so far */
    rb_time late;    /* by so much later than on the tape it is */
    bool overtaken;  /* to repeat them would take longer than what is waited for beside */
};

/* For whoever resumes after the first `length` events. A signal that had not stopped the run by then is
 * sent again. */
struct player player_at(const struct tape *tape, size_t length);

/* What comes next, after these events; false: the tape has no more of what could. Whoever resumes begins
 * the time of a gate and of a guard anew: the sample that let it pass, or trip, is repeated until it
 * does. ret_input->d is a new reference. */
bool player_next(struct player *player, const struct rb_state *state,
                 const struct rb_event *past, size_t past_count,
                 struct rb_input *ret_input);
