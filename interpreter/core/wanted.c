#include "core/core.h"

#include <stdlib.h>
#include <string.h>

#include "core/book.h"
#include "core/container.h"
#include "core/effects.h"
#include "core/front.h"
#include "core/lock.h"
#include "core/look.h"
#include "core/request_notify.h"
#include "core/rules.h"

int rb_effect_order(const struct rb_effect *a, const struct rb_effect *b)
{
    return a->node != b->node ? (a->node > b->node) - (a->node < b->node)
                              : (int)a->kind - (int)b->kind;
}

bool rb_effect_same(const struct rb_effect *a, const struct rb_effect *b)
{
    return rb_effect_order(a, b) == 0 && a->phase == b->phase && a->attempt == b->attempt &&
           a->number == b->number;
}

void rb_effects_done(struct rb_effects *effects)
{
    free(effects->items);
    *effects = (struct rb_effects){0};
}

static void add(struct rb_effects *effects, const struct rb_state *state,
                enum rb_effect_kind kind, int number)
{
    RB_GROW(effects->items, effects->count, effects->capacity);
    effects->items[effects->count++] =
        (struct rb_effect){.kind = kind,
                           .node = state->current,
                           .attempt = rb_state_current(state)->attempt,
                           .number = number};
}

/* Which driver does what the current node is for. */
static enum rb_effect_kind driver_of(const struct rb_state *state)
{
    switch (rb_node_step(state, state->current)->action) {
    case RB_ACTION_HTTP:
        return RB_EFFECT_HTTP;
    case RB_ACTION_SQL:
        return RB_EFFECT_SQL;
    case RB_ACTION_NOTIFY:
        return rb_notify_by_mail(state) ? RB_EFFECT_MAIL : RB_EFFECT_HTTP;
    default:
        return RB_EFFECT_PROCESS;
    }
}

static void want_question(const struct rb_state *state, struct rb_effects *effects)
{
    const struct rb_value *question = rb_state_current(state)->active->question;
    if (rb_state_current(state)->phase == RB_PHASE_ASKING)
        add(effects, state, RB_EFFECT_ASK, (int)rb_value_get_int(question, "q", 0));
}

/* What is under way: the transaction of a review goes on while the question about it is open. Its
 * end is wanted when its note is on record, and somebody has decided where somebody has to.
 * What is to be ended is wanted no longer; what an earlier writer has begun, once it is known what
 * became of it: nobody else could end it. */
static void want_of_action(const struct rb_state *state, struct rb_effects *effects)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_active *active = node->active;
    if (!active->inherited && (rb_front_is_cancelled(state, state->current) ||
                               rb_container_is_ended(state, state->current)))
        return;
    add(effects, state, driver_of(state), active->intents);
    if (rb_node_holds(node))
        want_question(state, effects);
    else if (active->note && !active->inherited)
        add(effects, state, RB_EFFECT_RELEASE, active->intents);
}

/* `state` is at a front. */
static void want_of_front(const struct rb_state *state, rb_time now,
                          struct rb_effects *effects, rb_time *deadline)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_active *active = node->active;
    bool early = !rb_look_may_be(node, now);
    const char *phase = early ? NULL : rb_next_eval(state);
    if (phase) {
        add(effects, state, RB_EFFECT_EVAL, active->polls + active->item);
        effects->items[effects->count - 1].phase = phase;
    } else if (node->phase == RB_PHASE_RUNNING || rb_node_holds(node)) {
        want_of_action(state, effects);
    } else if (node->phase == RB_PHASE_ASKING) {
        want_question(state, effects);
    }
    if (early || rb_node_has_deadline(node)) {
        *deadline = *deadline == 0 || active->due < *deadline ? active->due : *deadline;
    }
}

static void add_of_run(struct rb_effects *effects, enum rb_effect_kind kind,
                       const char *phase, int number)
{
    RB_GROW(effects->items, effects->count, effects->capacity);
    effects->items[effects->count++] =
        (struct rb_effect){.kind = kind, .node = -1, .phase = phase, .number = number};
}

static void want_of_start(const struct rb_state *state, struct rb_effects *effects)
{
    if (rb_book_done(state, -1) || state->main.error || state->stop_level > 0)
        return;
    add_of_run(effects, RB_EFFECT_EVAL, "start", state->main.cursor);
}

static bool is_quiet(const struct rb_state *state)
{
    struct rb_event event = {0};
    bool busy = rb_decide(state, NULL, &event);
    rb_value_unref(event.d);
    return !busy;
}

void rb_wanted(const struct rb_state *state, rb_time now, struct rb_effects *effects,
               rb_time *ret_deadline)
{
    effects->count = 0;
    *ret_deadline = 0;
    if (!is_quiet(state))
        return;
    if (rb_lock_is_due(state)) {
        add_of_run(effects, RB_EFFECT_LOCK, NULL, 0);
        return;
    }
    if (state->phase == RB_RUN_STARTING)
        want_of_start(state, effects);
    for (int i = 0; state->phase == RB_RUN_RUNNING && i < state->active_count; i++) {
        int node = state->active[i];
        if (state->nodes[node].active->under > 0 || rb_front_is_held(state, node))
            continue;
        const struct rb_state at = rb_state_at(state, node);
        want_of_front(&at, now, effects, ret_deadline);
    }
}

/* Only what somebody has seen and said yes to is committed, where somebody has to. */
static const struct rb_value *release_of(const struct rb_state *state)
{
    const struct rb_value *answer = rb_state_current(state)->active->answer;
    bool asked = rb_value_get(rb_node_step(state, state->current)->spec, "review");
    bool commit = !asked || strcmp(rb_value_get_text(answer, "answer", ""), "commit") == 0;
    return rb_value_map("dir", rb_process_dir(state), "commit", rb_value_bool(commit),
                        NULL);
}

bool rb_effect_request(const struct rb_state *state, const struct rb_effect *effect,
                       const struct rb_value **ret_request, struct rb_error *err)
{
    const struct rb_state at = rb_state_at(state, effect->node);
    switch (effect->kind) {
    case RB_EFFECT_EVAL:
        return rb_eval_job(&at, effect->phase, ret_request, err);
    case RB_EFFECT_PROCESS:
    case RB_EFFECT_HTTP:
    case RB_EFFECT_SQL:
    case RB_EFFECT_MAIL:
        return rb_action_request(&at, ret_request, err);
    case RB_EFFECT_ASK:
        *ret_request = rb_value_ref(rb_state_current(&at)->active->question);
        return true;
    case RB_EFFECT_RELEASE:
        *ret_request = release_of(&at);
        return true;
    case RB_EFFECT_LOCK:
        *ret_request = rb_lock_request(&at);
        return true;
    default:
        *ret_request = rb_value_null();
        return true;
    }
}

const struct rb_value *rb_effect_step(const struct rb_state *state,
                                      const struct rb_effect *effect)
{
    RB_AUTO_BUF struct rb_buf key = {0};
    rb_node_key(state, effect->node, &key);
    return rb_value_string(rb_buf_text(&key), key.length);
}
