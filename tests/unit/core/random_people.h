#pragma once
/* Those who run a run, answer its questions and sign for it. */

#include "core/core.h"
#include "random_book.h"

/* `operator` of run.created and run.resumed: who is nobody to sign, or somebody who may sign elsewhere. */
const struct rb_value *people_operator(bool signer);

/* Some answer that the question allows. */
const struct rb_value *people_answer(struct dice *dice, const struct rb_value *question);
/* One with which nothing is stopped, left or refused where it can go on. */
const struct rb_value *people_agree(const struct rb_value *question);

/* approval.received about this question. Whoever made it knows more than the run: `good` where nothing is
 * wrong with it, so that it has to count if it comes in time, from somebody who does not run the run and has
 * not signed yet. An honest one has to count. */
const struct rb_value *people_sign(struct dice *dice, bool honest,
                                   const struct rb_state *state,
                                   const struct rb_value *question);
