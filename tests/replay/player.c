#include "player.h"

#include <string.h>

#include "core/front.h"
#include "core/lock.h"
#include "core/look.h"

static bool same_text(const struct rb_value *a, const struct rb_value *b,
                      const char *member)
{
    return strcmp(rb_value_get_text(a, member, ""), rb_value_get_text(b, member, "")) == 0;
}

static bool acts(enum rb_effect_kind kind)
{
    return kind == RB_EFFECT_PROCESS || kind == RB_EFFECT_HTTP || kind == RB_EFFECT_SQL ||
           kind == RB_EFFECT_MAIL;
}

/* What may become of an effect of this kind. */
static bool is_outcome(enum rb_event_type type, enum rb_effect_kind kind)
{
    switch (type) {
    case RB_EV_EVAL_RESULT:
        return kind == RB_EFFECT_EVAL;
    case RB_EV_EFFECT_NOTED:
        return kind == RB_EFFECT_SQL;
    case RB_EV_EFFECT_RESULT:
    case RB_EV_EFFECT_ADOPTED:
    case RB_EV_EFFECT_UNSTARTED:
    case RB_EV_EFFECT_DOUBT:
        return acts(kind);
    case RB_EV_QUESTION_ANSWERED:
    case RB_EV_APPROVAL_RECEIVED:
        return kind == RB_EFFECT_ASK;
    case RB_EV_LOCK_TAKEN:
    case RB_EV_LOCK_REFUSED:
        return kind == RB_EFFECT_LOCK;
    default:
        return false;
    }
}

/* What is wanted, as facts name it. */
struct wish {
    enum rb_effect_kind kind;
    const struct rb_value *about; /* step, attempt, phase */
    const struct rb_node *node;   /* NULL: of the run itself */
};

static struct wish wish_of(const struct rb_state *state, const struct rb_effect *effect)
{
    bool start = effect->node < 0;
    return (struct wish){
        effect->kind,
        rb_value_map("step", start ? NULL : rb_effect_step(state, effect), "attempt",
                     start ? NULL : rb_value_int(effect->attempt), "phase",
                     effect->kind == RB_EFFECT_EVAL ? rb_value_text(effect->phase) : NULL,
                     NULL),
        start ? NULL : &state->nodes[effect->node]};
}

static bool answers(const struct rb_event *event, const struct wish *wish)
{
    if (!is_outcome(event->type, wish->kind))
        return false;
    return wish->kind == RB_EFFECT_LOCK ||
           (same_text(event->d, wish->about, "step") &&
            same_text(event->d, wish->about, "phase") &&
            rb_value_get_int(event->d, "attempt", 0) ==
                rb_value_get_int(wish->about, "attempt", 0));
}

/* A question that nobody answered is asked again, and again nobody answers: by the last one, so that no
 * time goes back. */
static const struct rb_event *nobody(const struct tape *tape, const struct wish *wish,
                                     int q)
{
    const struct rb_event *last = NULL;
    for (size_t i = tape->count; i-- > 0;) {
        const struct rb_event *event = &tape->events[i];
        if (event->type != RB_EV_QUESTION_UNANSWERED ||
            !same_text(event->d, wish->about, "step"))
            continue;
        if (rb_value_get_int(event->d, "q", -1) == q)
            return event;
        last = last ? last : event;
    }
    return last;
}

/* The decision that followed from this sample; none where it left standing what was decided before. */
static enum rb_event_type decision_on(const struct tape *tape,
                                      const struct rb_event *sample)
{
    const struct rb_event *at = sample + 1, *end = tape->events + tape->count;
    while (at < end && !rb_event_is_fact(at->type) && !same_text(at->d, sample->d, "step"))
        at++;
    return at < end && !rb_event_is_fact(at->type) ? at->type : RB_EV_COUNT;
}

/* Did this sample let its gate pass, or its guard trip, or have it wait as it does not wait now? */
static bool decides(const struct tape *tape, const struct rb_event *sample,
                    const struct rb_node *node)
{
    enum rb_event_type type = decision_on(tape, sample);
    return type == RB_EV_STEP_PASSED || type == RB_EV_ATTEMPT_FAILED ||
           (type == RB_EV_GATE_WAITING && !rb_look_stands(node, rb_look_verdict(sample)));
}

/* Whoever resumes takes the locks again, and what the run had it gets: one that is not on the tape. */
static size_t locks_again(const struct player *player, const struct wish *wish)
{
    bool had = false;
    for (size_t i = 0; i < player->length && !had; i++)
        had = wish->kind == RB_EFFECT_LOCK && answers(&player->tape->events[i], wish);
    return had;
}

/* The n-th where there are several. Where there are no more a sample is repeated if something followed
 * from it. */
static const struct rb_event *answer_to(const struct player *player,
                                        const struct wish *wish,
                                        const struct rb_event *past, size_t past_count,
                                        bool *ret_again)
{
    const struct tape *tape = player->tape;
    const struct rb_event *last = NULL;
    size_t nth = 0;
    *ret_again = false;
    for (size_t i = 0; i < past_count; i++)
        nth += answers(&past[i], wish);
    nth -= locks_again(player, wish);
    for (size_t i = 0; i < tape->count; i++) {
        if (!answers(&tape->events[i], wish))
            continue;
        last = &tape->events[i];
        if (nth-- == 0)
            return last;
    }
    *ret_again = true;
    bool sample = strcmp(rb_value_get_text(wish->about, "phase", ""), "gate") == 0;
    return sample && last && decides(tape, last, wish->node) ? last : NULL;
}

/* What may come next: of several the one that came first on the tape. */
struct next {
    const struct rb_event *fact; /* NULL: nothing */
    rb_time due; /* a time that is not on the tape, at which it comes; else 0 */
    bool timer;  /* beside it nothing comes but that time */
};

static void offer(struct next *next, const struct rb_event *fact, rb_time due)
{
    if (fact && (!next->fact || fact < next->fact))
        *next = (struct next){fact, due, false};
}

/* Nobody signed that time, and then it expired: it does not come back to that. */
static bool is_again(const struct rb_event *event, const struct rb_event *past,
                     size_t past_count)
{
    bool again = false;
    for (size_t i = 0; i < past_count && event->type == RB_EV_QUESTION_UNANSWERED; i++)
        again |= past[i].type == event->type && same_text(past[i].d, event->d, "step");
    return again;
}

/* A gate or a guard does not look before it is due, however early the sample is that is repeated. */
static rb_time early(const struct player *player, const struct rb_state *state,
                     const struct rb_effect *effect, const struct rb_event *event)
{
    rb_time at = event->mono + player->late;
    const struct rb_node *node = effect->node >= 0 ? &state->nodes[effect->node] : NULL;
    return node && !rb_look_may_be(node, at) ? node->active->due : 0;
}

static void offer_wanted(const struct player *player, const struct rb_state *state,
                         const struct rb_effect *effect, const struct rb_event *past,
                         size_t past_count, struct next *next)
{
    const struct wish wish = wish_of(state, effect);
    bool again;
    const struct rb_event *event = answer_to(player, &wish, past, past_count, &again);
    if (!event && effect->kind == RB_EFFECT_ASK)
        event = nobody(player->tape, &wish, effect->number);
    rb_value_unref(wish.about);
    if (!event)
        return;
    bool over = effect->node >= 0 && rb_node_expires(&state->nodes[effect->node]) &&
                is_again(event, past, past_count);
    if (!over || !next->fact)
        offer(next, event, early(player, state, effect, event));
}

static bool is_wanted(const struct rb_effects *wanted, int node)
{
    bool is = false;
    for (int i = 0; i < wanted->count && !is; i++)
        is = wanted->items[i].node == node && acts(wanted->items[i].kind);
    return is;
}

/* What is to be ended comes to an end, though nobody wants it any more. */
static void offer_withdrawn(const struct player *player, const struct rb_state *state,
                            const struct rb_effects *wanted, const struct rb_event *past,
                            size_t past_count, struct next *next)
{
    for (int i = 0; i < state->active_count && !rb_lock_is_due(state); i++) {
        int at = state->active[i];
        const struct rb_node *node = &state->nodes[at];
        const struct rb_effect effect = {
            .kind = RB_EFFECT_PROCESS, .node = at, .attempt = node->attempt};
        if (node->phase == RB_PHASE_RUNNING && !is_wanted(wanted, at))
            offer_wanted(player, state, &effect, past, past_count, next);
    }
}

/* The clock of the tape. Who resumes looks at once, so that where several things wait the next
 * deadline is another one: a time of the record that is before it has passed already. */
static const struct rb_event *time_at(const struct player *player, rb_time deadline,
                                      const struct rb_event *past, size_t past_count)
{
    const struct tape *tape = player->tape;
    size_t nth = 0;
    for (size_t i = 0; i < past_count; i++)
        nth += past[i].type == RB_EV_TIMER_DUE;
    nth -= player->repeated;
    for (size_t i = 0; i < tape->count; i++) {
        const struct rb_event *event = &tape->events[i];
        if (event->type != RB_EV_TIMER_DUE || (nth > 0 && nth-- > 0))
            continue;
        if (event->mono + player->late >= deadline)
            return event;
    }
    return NULL;
}

static bool looks(const struct rb_state *state, int node)
{
    enum rb_action action = rb_node_step(state, node)->action;
    return action == RB_ACTION_GATE || action == RB_ACTION_GUARD;
}

static bool is_unasked(enum rb_event_type type)
{
    return type == RB_EV_SIGNAL_RECEIVED || type == RB_EV_RUN_RESUMED ||
           type == RB_EV_TAIL_RECOVERED || type == RB_EV_CLOCK_SET ||
           type == RB_EV_RUN_HANDED_OVER || type == RB_EV_OBLIGATION_MET;
}

static const struct rb_event *unasked(const struct player *player)
{
    const struct tape *tape = player->tape;
    for (size_t i = player->unasked; i < tape->count; i++) {
        enum rb_event_type type = tape->events[i].type;
        if (i < player->length ? type == RB_EV_SIGNAL_RECEIVED : is_unasked(type))
            return &tape->events[i];
    }
    return NULL;
}

/* Where nothing else is left to come, the time does: of a run that has come to an end. */
static void offer_rest(const struct player *player, rb_time deadline, struct next *next)
{
    const struct rb_event *last = &player->tape->events[player->tape->count - 1];
    bool ended = last->type == RB_EV_RUN_FINISHED || last->type == RB_EV_RUN_SUSPENDED;
    if (!next->fact && deadline != 0 && ended)
        *next = (struct next){last, deadline, true};
}

/* Who answers has been asked this question, which has another number where it is asked again. */
static const struct rb_value *as_asked(const struct rb_state *state,
                                       const struct rb_event *fact)
{
    bool answer =
        fact->type == RB_EV_QUESTION_ANSWERED || fact->type == RB_EV_QUESTION_UNANSWERED;
    int node = answer ? rb_front_find(state, rb_value_get_text(fact->d, "step", "")) : -1;
    if (node < 0)
        return rb_value_ref(fact->d);
    const struct rb_value *q = rb_value_get(state->nodes[node].active->question, "q");
    RB_AUTO_VALUE const struct rb_value *number =
        rb_value_map("q", q ? rb_value_ref(q) : NULL, NULL);
    return rb_value_merge(fact->d, number);
}

/* Is it over by then: what else is waited for, or the time of the gate itself, which passed in it? */
static bool is_over_by(const struct player *player, const struct rb_state *state, int node,
                       const struct next *next)
{
    const struct rb_active *active = state->nodes[node].active;
    if (!looks(state, node))
        return rb_node_has_deadline(&state->nodes[node]) && active->due <= next->due;
    rb_time timeout =
        rb_value_get_int(rb_node_step(state, node)->spec, "timeout_us", INT64_MAX / 2);
    return decision_on(player->tape, next->fact) == RB_EV_STEP_PASSED &&
           state->steady.elapsed + next->due - state->mono >=
               active->first_attempt + timeout;
}

static bool is_overtaken(const struct player *player, const struct rb_state *state,
                         const struct next *next)
{
    bool is = false;
    for (int i = 0; i < state->active_count && !is; i++)
        is = is_over_by(player, state, state->active[i], next);
    return is;
}

/* Time goes on from what was repeated. */
static struct rb_input play(struct player *player, const struct rb_state *state,
                            const struct next *next)
{
    const struct rb_event *fact = next->fact;
    rb_time behind = next->due - fact->mono;
    if (next->due && behind > player->late)
        player->late = behind;
    rb_time mono = next->due ? next->due : fact->mono + player->late;
    if (player->late > 0 && mono < state->mono)
        mono = state->mono;
    player->repeated += next->timer;
    if (is_unasked(fact->type) && !next->due)
        player->unasked = (size_t)(fact - player->tape->events) + 1;
    return (struct rb_input){.type = next->timer ? RB_EV_TIMER_DUE : fact->type,
                             .d = next->timer ? rb_value_map(NULL) : as_asked(state, fact),
                             .utc = fact->utc + (mono - fact->mono),
                             .mono = mono};
}

struct player player_at(const struct tape *tape, size_t length)
{
    struct player player = {.tape = tape, .length = length, .unasked = length};
    for (size_t i = length; i-- > 0;) {
        enum rb_event_type type = tape->events[i].type;
        if (type == RB_EV_RUN_RESUMED || type == RB_EV_RUN_SUSPENDED ||
            type == RB_EV_RUN_FINISHED || type == RB_EV_ROLLBACK_BEGAN ||
            type == RB_EV_LAST_BEGAN)
            break;
        if (type == RB_EV_SIGNAL_RECEIVED)
            player.unasked = i;
    }
    return player;
}

bool player_next(struct player *player, const struct rb_state *state,
                 const struct rb_event *past, size_t past_count, struct rb_input *ret_input)
{
    struct rb_effects wanted = {0};
    struct next next = {0};
    rb_time deadline;
    rb_wanted(state, INT64_MAX, &wanted,
              &deadline); /* of looks as well that are not yet due */
    if (deadline != 0)    /* it may have been before the machine was booted */
        offer(&next, time_at(player, deadline, past, past_count), 0);
    for (int i = 0; i < wanted.count; i++)
        offer_wanted(player, state, &wanted.items[i], past, past_count, &next);
    offer_withdrawn(player, state, &wanted, past, past_count, &next);
    offer(&next, unasked(player), 0);
    offer_rest(player, deadline, &next);
    rb_effects_done(&wanted);
    bool repeats = next.fact && next.due && next.fact->type == RB_EV_EVAL_RESULT;
    player->overtaken = repeats && is_overtaken(player, state, &next);
    if (!next.fact || player->overtaken)
        return false;
    *ret_input = play(player, state, &next);
    return true;
}
