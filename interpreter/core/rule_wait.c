#include "core/rules.h"

#include "base/moment.h"
#include "core/effects.h"

/* The text of `until` as it is filled in; false where there is none, or it is no time. */
static bool moment_of(const struct rb_value *spec, struct rb_moment *ret)
{
    const char *until = rb_value_get_text(spec, "until", NULL);
    return until && rb_moment_parse(until, ret);
}

bool rb_wait_asks(const struct rb_state *state)
{
    RB_AUTO_VALUE const struct rb_value *spec = NULL;
    struct rb_moment moment;
    struct rb_error err = {0};
    const struct rb_node *node = rb_state_current(state);
    if (node->active->waited ||
        !rb_value_get(rb_node_step(state, state->current)->spec, "tz"))
        return false;
    return rb_filled_spec(state, &spec, &err) && moment_of(spec, &moment) &&
           moment.kind != RB_MOMENT_ABSOLUTE;
}

static bool no_time(const struct rb_state *state, struct rb_event *ret, const char *why)
{
    return rb_rule_fail(state, ret, RB_REASON_EVAL, NULL, why);
}

/* Of a time at a place: what the evaluation made of it, in seconds. */
static bool looked_up(const struct rb_state *state, rb_time *ret_at, const char **ret_why)
{
    const struct rb_value *item =
        rb_item_named(rb_state_current(state)->active->eval, "until");
    const struct rb_value *value = rb_value_get(item, "value");
    *ret_why = rb_value_get_text(item, "error", "nobody can say when that is");
    return rb_value_is(value, RB_INT) &&
           !__builtin_mul_overflow(rb_value_as_int(value, 0), RB_SEC, ret_at);
}

static bool wait(const struct rb_state *state, struct rb_event *ret, rb_time at)
{
    return rb_rule_say(
        state, ret, RB_EV_WAIT_BEGAN,
        rb_value_map("step", rb_rule_key(state), "at", rb_value_int(at), NULL));
}

bool rb_wait_begin(const struct rb_state *state, struct rb_event *ret)
{
    RB_AUTO_VALUE const struct rb_value *spec = NULL;
    struct rb_moment moment;
    struct rb_error err = {0};
    const char *why;
    rb_time at;
    if (!rb_filled_spec(state, &spec, &err))
        return no_time(state, ret, err.message);
    if (!rb_value_get(spec, "until"))
        return wait(state, ret, state->utc + rb_value_get_int(spec, "for_us", 0));
    if (!moment_of(spec, &moment))
        return no_time(state, ret, "until is not a time like 2025-11-22T23:00:00Z");
    if (moment.kind == RB_MOMENT_ABSOLUTE)
        return wait(state, ret, moment.utc + moment.offset);
    if (!rb_value_get(spec, "tz"))
        return no_time(state, ret, "until is the time of a place, and `tz` says of none");
    return looked_up(state, &at, &why) ? wait(state, ret, at + moment.offset)
                                       : no_time(state, ret, why);
}
