#include "core/look.h"

#include "core/apply.h"
#include "core/effects.h"
#include "core/front.h"

static const rb_time GATE_EVERY = 10 * RB_SEC, GATE_TIMEOUT = 3600 * RB_SEC;

static const char *const names[] = {
    [RB_HOLDS] = "holds", [RB_FAILS] = "fails", [RB_UNKNOWN] = "unknown"};

/* What is left of a gate's time, as of the last event. */
static rb_time gate_left(const struct rb_state *state)
{
    const struct rb_value *spec = rb_node_step(state, state->current)->spec;
    return rb_state_current(state)->active->first_attempt - state->steady.elapsed +
           rb_value_get_int(spec, "timeout_us", GATE_TIMEOUT);
}

/* A gate looks for the last time when its own is over. */
static rb_time pause_of(const struct rb_state *state)
{
    const struct rb_value *spec = rb_node_step(state, state->current)->spec;
    if (rb_front_is_guard(state, state->current))
        return rb_value_get_int(spec, "every_us", RB_GUARD_EVERY);
    rb_time every = rb_value_get_int(spec, "every_us", GATE_EVERY);
    rb_time left = gate_left(state);
    return every < left ? every : left;
}

/* Whoever looks for the last time still has a second for it. */
rb_time rb_look_left(const struct rb_state *state, rb_time now)
{
    if (state->current < 0 || rb_front_is_guard(state, state->current))
        return 0;
    if (rb_node_step(state, state->current)->action != RB_ACTION_GATE)
        return rb_request_timeout(state);
    rb_time left = gate_left(state) - (now - state->steady.mono);
    return left < RB_SEC ? RB_SEC : left;
}

void rb_look_take(struct rb_state *state, const struct rb_event *event)
{
    struct rb_node *node = rb_state_current(state);
    rb_time pause = pause_of(state);
    node->active->polls++;
    node->active->looked = event->mono;
    node->active->due = event->mono + pause;
    node->active->due_utc = event->utc + pause;
    node->phase = RB_PHASE_LOOKED;
}

/* Since when, where it is so now. */
static rb_time since(bool is, rb_time before, rb_time now)
{
    return !is ? 0 : before ? before : now;
}

static void guard_waits(struct rb_active *active, const struct rb_event *event)
{
    bool unknown = rb_apply_says(event, "verdict", "unknown");
    /* What can't be told is no break of what was. */
    if (!unknown)
        active->failing_since = since(rb_apply_says(event, "verdict", "fails"),
                                      active->failing_since, event->mono);
    active->unknown_since = since(unknown, active->unknown_since, event->mono);
    active->pausing = rb_value_get_bool(event->d, "pauses", false);
    rb_value_put(&active->failure, NULL); /* it has looked since */
}

void rb_look_wait(struct rb_state *state, const struct rb_event *event)
{
    struct rb_active *active = rb_state_current(state)->active;
    rb_value_put(&active->waits, event->d);
    if (rb_front_is_guard(state, state->current))
        guard_waits(active, event);
    else
        active->held_since = since(rb_apply_says(event, "verdict", "holds"),
                                   active->held_since, event->mono);
}

void rb_look_forget(struct rb_node *node)
{
    struct rb_active *active = node->active;
    active->held_since = active->failing_since = active->unknown_since = 0;
    rb_value_put(&active->waits, NULL);
}

/* What it saw before the break is no part of a time without one. */
void rb_look_resume(struct rb_node *node)
{
    rb_look_forget(node);
    if (node->phase == RB_PHASE_LOOKED)
        node->phase = RB_PHASE_READY;
}

bool rb_look_may_be(const struct rb_node *node, rb_time now)
{
    return node->phase != RB_PHASE_LOOKED || now >= node->active->due;
}

bool rb_look_is_last(const struct rb_node *node)
{
    return node->active->due <= node->active->looked;
}

enum rb_verdict rb_look_verdict(const struct rb_event *event)
{
    const char *why;
    const struct rb_value *item;
    if (event->type == RB_EV_EVAL_RESULT)
        return rb_verdict_of(rb_value_get(event->d, "items"), &why, &item);
    return rb_apply_says(event, "verdict", names[RB_HOLDS])   ? RB_HOLDS
           : rb_apply_says(event, "verdict", names[RB_FAILS]) ? RB_FAILS
                                                              : RB_UNKNOWN;
}

bool rb_look_stands(const struct rb_node *node, enum rb_verdict verdict)
{
    const char *said = rb_value_get_text(node->active->waits, "verdict", "");
    return strcmp(said, names[verdict]) == 0;
}

bool rb_look_say(const struct rb_state *state, struct rb_event *ret,
                 enum rb_verdict verdict, bool pauses)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_active *active = node->active;
    if (rb_look_stands(node, verdict) &&
        rb_value_get_bool(active->waits, "pauses", false) == pauses)
        return false;
    return rb_rule_say(state, ret, RB_EV_GATE_WAITING,
                       rb_value_map("step", rb_rule_key(state), "polls",
                                    rb_value_int(active->polls), "verdict",
                                    rb_value_text(names[verdict]), "at",
                                    rb_value_int(active->due_utc), "pauses",
                                    pauses ? rb_value_bool(true) : NULL, NULL));
}
