#include "core/lock.h"

#include "core/book.h"
#include "core/rules.h"

enum { EXIT_LOCKED = 8 };

bool rb_lock_is_due(const struct rb_state *state)
{
    bool live = state->phase == RB_RUN_STARTING || state->phase == RB_RUN_RUNNING;
    return live && rb_book_done(state, -1) && !state->main.error && !state->locked &&
           rb_value_count(state->locks) > 0;
}

bool rb_lock_rule(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_value *why = rb_value_get(state->lock_refused, "why");
    bool begun = state->phase == RB_RUN_RUNNING;
    if (!state->lock_refused)
        return false;
    return rb_rule_say(state, ret, begun ? RB_EV_RUN_SUSPENDED : RB_EV_RUN_FINISHED,
                       rb_value_map("status", begun ? NULL : rb_value_text("refused"),
                                    "why",
                                    rb_value_text(rb_value_as_text(why, "it is locked")),
                                    "exit", rb_value_int(EXIT_LOCKED), NULL));
}

const struct rb_value *rb_lock_request(const struct rb_state *state)
{
    return rb_value_map("keys", rb_value_ref(state->locks), NULL);
}
