#include "core/core.h"

#include <stdio.h>
#include <string.h>

#include "core/effects.h"
#include "core/rules.h"
#include "core/start.h"

static void name_effect(struct rb_effect *effect, const char *what, const char *key, int n)
{
    snprintf(effect->key, sizeof effect->key, "%s:%.120s.%d.%d", what, key, effect->attempt,
             n);
}

static void want_eval(const struct rb_state *state, const char *phase, const char *key,
                      int n, struct rb_effect *ret)
{
    ret->kind = RB_EFFECT_EVAL;
    ret->node = state->current;
    ret->phase = phase;
    name_effect(ret, phase, key, n);
}

static bool quiet(const struct rb_state *state)
{
    struct rb_event event = {0};
    bool busy = rb_decide(state, NULL, &event);
    rb_value_unref(event.d);
    return !busy;
}

static void want_of_node(const struct rb_state *state, struct rb_effect *ret,
                         rb_time *ret_deadline)
{
    const struct rb_node *node = rb_state_current(state);
    RB_AUTO_BUF struct rb_buf key = {0};
    rb_node_key(state, state->current, &key);
    ret->attempt = node->attempt;
    const char *phase = rb_next_eval(state);
    if (phase) {
        int n = node->active->polls + node->active->item;
        if (quiet(state))
            want_eval(state, phase, rb_buf_text(&key), n, ret);
    } else if (node->phase == RB_PHASE_RUNNING && state->stop_level < 2) {
        enum rb_action action = rb_node_step(state, state->current)->action;
        ret->kind = action == RB_ACTION_HTTP  ? RB_EFFECT_HTTP
                    : action == RB_ACTION_SQL ? RB_EFFECT_SQL
                                              : RB_EFFECT_PROCESS;
        ret->node = state->current;
        name_effect(ret,
                    ret->kind == RB_EFFECT_PROCESS ? "process" : rb_action_name(action),
                    rb_buf_text(&key), node->active->intents);
    } else if (node->phase == RB_PHASE_ASKING) {
        ret->kind = RB_EFFECT_ASK;
        ret->node = state->current;
        name_effect(ret, "ask", rb_buf_text(&key), state->questions);
    } else if (node->phase == RB_PHASE_WAITING) {
        *ret_deadline = node->active->due;
    }
}

void rb_wanted(const struct rb_state *state, struct rb_effect *ret_effect,
               rb_time *ret_deadline)
{
    *ret_effect = (struct rb_effect){.kind = RB_EFFECT_NONE, .node = -1};
    *ret_deadline = 0;
    if (state->phase == RB_RUN_STARTING) {
        if (!rb_start_done(state) && !state->start_error[0] && state->stop_level == 0)
            want_eval(state, "start", "", state->start_cursor, ret_effect);
    } else if (state->phase == RB_RUN_RUNNING && state->current >= 0) {
        want_of_node(state, ret_effect, ret_deadline);
    }
}

bool rb_effect_request(const struct rb_state *state, const struct rb_effect *effect,
                       const struct rb_value **ret_request, struct rb_error *err)
{
    switch (effect->kind) {
    case RB_EFFECT_EVAL:
        return rb_eval_job(state, effect->phase, ret_request, err);
    case RB_EFFECT_PROCESS:
    case RB_EFFECT_HTTP:
    case RB_EFFECT_SQL:
        return rb_action_request(state, ret_request, err);
    case RB_EFFECT_ASK:
        *ret_request = rb_value_ref(rb_state_current(state)->active->question);
        return true;
    default:
        *ret_request = rb_value_null();
        return true;
    }
}

bool rb_effect_looks_outside(const struct rb_state *state, const struct rb_effect *effect)
{
    if (effect->kind != RB_EFFECT_EVAL)
        return false;
    int count = 0;
    RB_AUTO_FREE int *exprs = rb_eval_exprs(state, effect->phase, &count);
    for (int i = 0; i < count; i++) {
        if (state->plan->exprs[exprs[i]].uses & RB_USES_WORLD)
            return true;
    }
    return false;
}

const struct rb_value *rb_effect_step(const struct rb_state *state,
                                      const struct rb_effect *effect)
{
    RB_AUTO_BUF struct rb_buf key = {0};
    rb_node_key(state, effect->node, &key);
    return rb_value_string(rb_buf_text(&key), key.length);
}
