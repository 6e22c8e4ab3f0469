#pragma once
/* The pure core: from recorded facts to the next thing to do. No I/O, no clock, no randomness. */

#include "base/error.h"
#include "core/event.h"
#include "core/state.h"

/* Something that arrived from outside. `type` is the fact it becomes. */
struct rb_input {
    enum rb_event_type type;
    const struct rb_value *d; /* borrowed for the call */
    rb_time utc, mono;
};

/* With an input: the fact it becomes, or false where the state has no use for it (a late
 * answer, a result of nothing). Without one: the next decision, or false: quiet.
 * ret->d holds one reference that the caller releases. */
bool rb_decide(const struct rb_state *state, const struct rb_input *input,
               struct rb_event *ret_event);

/* Total; decides nothing. */
void rb_apply(struct rb_state *state, const struct rb_event *event);

enum rb_effect_kind {
    RB_EFFECT_NONE,
    RB_EFFECT_EVAL,
    RB_EFFECT_PROCESS,
    RB_EFFECT_HTTP,
    RB_EFFECT_SQL,
    RB_EFFECT_MAIL,
    RB_EFFECT_ASK,
    RB_EFFECT_RELEASE, /* of a transaction that is done but for its COMMIT: {dir, commit} */
    RB_EFFECT_LOCK     /* of the run itself, before anything else: {keys} */
};

/* What the state calls for. As long as the same effect is wanted, it goes on; when it no longer
 * is, it is to be withdrawn. */
struct rb_effect {
    enum rb_effect_kind kind;
    int node;          /* -1: of the run itself */
    const char *phase; /* of an evaluation: start, prepare, examine...; static text */
    int attempt;
    int number; /* of its kind, of this attempt of this node */
};

bool rb_effect_same(const struct rb_effect *a, const struct rb_effect *b);
/* Negative, zero or positive: the order in which rb_wanted gives them. */
int rb_effect_order(const struct rb_effect *a, const struct rb_effect *b);

struct rb_effects {
    struct rb_effect *items;
    int count, capacity;
};
void rb_effects_done(struct rb_effects *effects); /* accepts zeroed */

/* All that is wanted at this monotonic time, in the order of the nodes; what was in *effects (zeroed
 * at first) is replaced. *ret_deadline is when timer.due is to be put in and this asked again (a gate or
 * guard looks then, for which there is no timer.due), 0: none. */
void rb_wanted(const struct rb_state *state, rb_time now, struct rb_effects *effects,
               rb_time *ret_deadline);

/* The request of a wanted effect (see the protocol in effects/): a new reference. A process
 * request whose text can't be made is an error. Pure: the same state gives the same bytes. */
bool rb_effect_request(const struct rb_state *state, const struct rb_effect *effect,
                       const struct rb_value **ret_request,
                       struct rb_error *err) RB_MUST_CHECK;

/* The key of the step instance that a wanted effect belongs to: a new reference. */
const struct rb_value *rb_effect_step(const struct rb_state *state,
                                      const struct rb_effect *effect);

/* How many steps there are and how many ended, counting plan steps at the leaves. */
void rb_state_progress(const struct rb_state *state, int *ret_done, int *ret_total);
