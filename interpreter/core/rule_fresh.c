#include "core/front.h"
#include "core/rules.h"

/* How a step that is needed stands, seen from the one that needs it. */
enum need { NEED_MET, NEED_STALE, NEED_FAILED, NEED_DOUBTED };

/* What was made for this step since it was last about to begin counts whatever its age: else two
 * that take longer than each other's `fresh_for` would be made for ever. */
static bool made_for(const struct rb_state *state, const struct rb_node *needed)
{
    return needed->parent == state->current &&
           needed->ended >= rb_state_current(state)->active->entered;
}

static bool is_young(const struct rb_state *state, const struct rb_node *needed)
{
    rb_time fresh = rb_value_get_int(state->plan->steps[needed->step].spec, "fresh_us", 0);
    return fresh == 0 || state->steady.elapsed - needed->ended <= fresh;
}

/* It, or something in it, may have been done, and nobody could say whether. */
static bool is_doubted(const struct rb_state *state, int needed)
{
    for (int i = needed; i < state->node_count; i++) {
        int at = i;
        while (at > needed)
            at = state->nodes[at].parent;
        if (at == needed && state->nodes[i].doubted && !rb_node_step(state, i)->idempotent)
            return true;
    }
    return false;
}

/* Only a person has a step tried again that failed for what it needs. */
static bool is_decided(const struct rb_state *state)
{
    const struct rb_value *failure = rb_state_current(state)->active->failure;
    return rb_reason_find(rb_value_get_text(failure, "reason", "")) == RB_REASON_NEEDS;
}

/* One that was skipped does not apply, which is as good as young. */
static enum need age_of(const struct rb_state *state, int at)
{
    const struct rb_node *needed = at < 0 ? NULL : &state->nodes[at];
    if (!needed || needed->status == RB_STATUS_ACTIVE)
        return NEED_STALE;
    if (needed->status == RB_STATUS_SKIPPED)
        return NEED_MET;
    if (needed->status == RB_STATUS_FAILED)
        return made_for(state, needed) ? NEED_FAILED : NEED_STALE;
    return made_for(state, needed) || is_young(state, needed) ? NEED_MET : NEED_STALE;
}

/* What is in doubt is not done again by itself, for whoever needs it. */
static enum need look_at(const struct rb_state *state, int step)
{
    int at = rb_front_seen(state, step);
    enum need need = age_of(state, at);
    bool doubted = need == NEED_STALE && at >= 0 && is_doubted(state, at);
    return doubted && !is_decided(state) ? NEED_DOUBTED : need;
}

/* Both stand in the same loops. */
static bool begin_again(const struct rb_state *state, struct rb_event *ret, int step)
{
    RB_AUTO_BUF struct rb_buf key = {0};
    const struct rb_step *needed = &state->plan->steps[step];
    const struct rb_value *own = rb_rule_key(state);
    const char *text = rb_value_as_text(own, "");
    rb_buf_puts(&key, needed->id);
    rb_buf_puts(&key, text + strlen(rb_node_step(state, state->current)->id));
    return rb_rule_say(state, ret, RB_EV_STEP_BEGAN,
                       rb_value_map("step", rb_value_text(rb_buf_text(&key)), "action",
                                    rb_value_text(rb_action_name(needed->action)), "for",
                                    own, NULL));
}

static bool fail(const struct rb_state *state, struct rb_event *ret, const char *id,
                 enum need need)
{
    RB_AUTO_VALUE const struct rb_value *why = rb_value_textf(
        "it needs `%s`, %s", id,
        need == NEED_FAILED
            ? "which failed"
            : "and nobody can say what of it was done: `retry` makes it again");
    return rb_rule_fail(state, ret, RB_REASON_NEEDS, NULL, rb_value_as_text(why, ""));
}

/* The first of what the current node needs that is not as it should be; NULL: all is. */
static const char *missing(const struct rb_state *state, int *ret_step, enum need *ret_need)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_value *needs =
        rb_value_get(rb_node_step(state, state->current)->spec, "needs");
    for (size_t i = 0; node->element < 0 && i < rb_value_count(needs); i++) {
        const char *id = rb_value_as_text(rb_value_at(needs, i), "");
        *ret_step = rb_plan_find(state->plan, id);
        *ret_need = *ret_step < 0 ? NEED_MET : look_at(state, *ret_step);
        if (*ret_need != NEED_MET)
            return id;
    }
    return NULL;
}

bool rb_fresh_holds(const struct rb_state *state)
{
    int step;
    enum need need;
    return !missing(state, &step, &need);
}

bool rb_rule_fresh(const struct rb_state *state, struct rb_event *ret)
{
    int step;
    enum need need;
    const char *id = missing(state, &step, &need);
    if (!id)
        return false;
    return need == NEED_STALE ? begin_again(state, ret, step) : fail(state, ret, id, need);
}
