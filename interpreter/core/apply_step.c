#include <string.h>

#include "core/apply.h"
#include "core/book.h"
#include "core/look.h"
#include "core/nodes.h"
#include "core/override.h"
#include "core/rollback.h"
#include "core/signed.h"
#include "core/window.h"

static const struct rb_value *values_of(const struct rb_value *items)
{
    struct rb_map_builder map = {0};
    for (size_t i = 0; i < rb_value_count(items); i++) {
        const struct rb_value *item = rb_value_at(items, i);
        const struct rb_value *value = rb_value_get(item, "value");
        if (value)
            rb_map_add(&map, rb_value_get_text(item, "name", ""), rb_value_ref(value));
    }
    return rb_map_end(&map);
}

static bool any_wrong(const struct rb_value *items)
{
    for (size_t i = 0; i < rb_value_count(items); i++) {
        if (rb_value_get(rb_value_at(items, i), "error"))
            return true;
    }
    return false;
}

void rb_apply_eval(struct rb_state *state, const struct rb_event *event)
{
    const struct rb_value *items = rb_value_get(event->d, "items");
    struct rb_node *node = rb_state_current(state);
    rb_value_put(&node->active->eval, items);
    if (rb_apply_says(event, "phase", "prepare")) {
        RB_AUTO_VALUE const struct rb_value *values = values_of(items);
        rb_value_put(&node->active->values, values);
        node->active->prepare_failed = any_wrong(items);
        node->phase = RB_PHASE_READY;
    } else if (rb_apply_says(event, "phase", "window")) {
        node->active->polls++;
        rb_window_take(state, items);
    } else if (rb_apply_says(event, "phase", "start")) {
        node->active->polls++;
        if (node->book)
            rb_book_take(state, state->current, items);
    } else if (rb_apply_says(event, "phase", "examine")) {
        node->phase = RB_PHASE_EXAMINED;
    } else if (rb_apply_says(event, "phase", "probe")) {
        node->phase = RB_PHASE_PROBED;
    } else if (rb_apply_says(event, "phase", "gate")) {
        rb_look_take(state, event);
    } else {
        node->active->polls++;
        node->phase = RB_PHASE_EVALUATED;
    }
}

static void wait_until(struct rb_node *node, const struct rb_event *event)
{
    rb_time at = rb_value_get_int(event->d, "at", event->utc);
    node->active->due_utc = at;
    node->active->due = event->mono + (at - event->utc);
    node->phase = RB_PHASE_WAITING;
}

/* A new beginning: the values are taken afresh, and so is the time for all attempts. What a
 * person has answered of a list stays answered. */
void rb_apply_again(struct rb_state *state, struct rb_node *node)
{
    struct rb_active *active = node->active;
    rb_nodes_go_on(state, node);
    rb_nodes_try(state, node);
    active->in_doubt = active->asked_failure = active->waited = false;
    active->first_attempt = state->steady.elapsed;
    active->polls = 0;
    rb_look_forget(node);
    active->pausing = false;
    rb_value_put(&active->values, NULL);
    if (node->book && node->book->error)
        rb_nodes_close_book(node);
    rb_nodes_enter(state, node);
}

/* Of what was in doubt: it is to be taken back. */
static void begin_undo(struct rb_state *state, struct rb_node *node)
{
    state->nodes[node->parent].doubted = false;
    node->active->asked_failure = false;
    rb_nodes_admit(state, node);
}

static void decide(struct rb_state *state, struct rb_node *node)
{
    if (rb_rollback_doubts(state, state->current))
        begin_undo(state, node);
    else if ((node->loop && node->elements) || node->active->failure_count > 0)
        rb_nodes_redo(state, node);
    else
        rb_apply_again(state, node);
}

/* Nobody decided, or there was nobody to decide; nothing of it was done. */
static bool is_undecided(const struct rb_state *state, const struct rb_node *node,
                         const struct rb_value *result)
{
    const struct rb_active *active = node->active;
    const struct rb_value *error = rb_value_get(result, "error");
    bool undone = rb_value_get_bool(result, "rolled_back", false) ||
                  strcmp(rb_value_get_text(error, "sent", ""), "no") == 0;
    bool late = strcmp(rb_value_get_text(error, "code", ""), "idle") == 0;
    return rb_value_get(state->plan->steps[node->step].spec, "review") && active->note &&
           !active->answer && undone && (active->inherited || !error || late);
}

static void next_item(struct rb_node *node, const struct rb_value *answer)
{
    rb_value_append(&node->active->answers, answer);
    node->active->item++;
    node->phase = RB_PHASE_READY;
}

/* Items and fields come one after the other; only a "no" needs a decision. */
static void take_answer(struct rb_node *node, const struct rb_event *event)
{
    const char *kind = rb_value_get_text(node->active->question, "kind", "");
    bool listed = strcmp(kind, "item") == 0 || strcmp(kind, "field") == 0;
    bool refused = strcmp(kind, "item") == 0 && rb_apply_says(event, "answer", "no");
    rb_value_put(&node->active->answer, event->d);
    if (listed && !refused)
        next_item(node, event->d);
    else if (rb_apply_asks(node->active->question, "review"))
        node->phase = RB_PHASE_RUNNING;
    else if (rb_apply_asks(node->active->question, "window") &&
             rb_apply_says(event, "answer", "wait") && node->active->due_utc > 0)
        node->phase = RB_PHASE_WAITING;
    else
        node->phase = RB_PHASE_ANSWERED;
}

/* While a person is asked about a window its time may come. */
static void wait_until_open(struct rb_node *node, const struct rb_event *event)
{
    struct rb_active *active = node->active;
    active->due_utc = rb_value_get_int(event->d, "opens", 0);
    active->due = active->due_utc ? event->mono + (active->due_utc - event->utc) : 0;
}

static void ask(struct rb_state *state, struct rb_node *node, const struct rb_event *event)
{
    rb_value_put(&node->active->question, event->d);
    node->active->asked_failure =
        rb_apply_says(event, "kind", "failure") || rb_apply_says(event, "kind", "doubt") ||
        rb_apply_says(event, "kind", "undo") || rb_apply_says(event, "kind", "rejected");
    node->started |=
        !node->active->asked_failure && !rb_apply_says(event, "kind", "window");
    wait_until_open(node, event);
    rb_signed_begin(node, event, state->steady.elapsed);
    node->phase = RB_PHASE_ASKING;
    state->questions++;
}

/* What was sent and has no whole answer may have been done, or a part of it. */
static bool may_be_done(const struct rb_value *result)
{
    const struct rb_value *error = rb_value_get(result, "error");
    const char *sent =
        rb_value_get_text(result, "sent", rb_value_get_text(error, "sent", "no"));
    return strcmp(sent, "no") != 0;
}

static void stay_unanswered(struct rb_state *state, struct rb_node *node)
{
    node->phase = RB_PHASE_UNANSWERED;
    state->stuck = true;
}

/* Nobody can be asked: a transaction is not held for that, and what it comes to follows. */
static void take_silence(struct rb_state *state, struct rb_node *node)
{
    const struct rb_active *active = node->active;
    if (rb_apply_asks(active->question, "review"))
        node->phase = RB_PHASE_RUNNING;
    else if (rb_apply_asks(active->question, "window") && active->due_utc > 0)
        node->phase = RB_PHASE_WAITING;
    else
        stay_unanswered(state, node);
}

static void take_result(struct rb_state *state, struct rb_node *node,
                        const struct rb_event *event)
{
    struct rb_active *active = node->active;
    if (is_undecided(state, node, event->d)) {
        if (active->inherited)
            rb_apply_again(state, node);
        else
            stay_unanswered(state, node);
        return;
    }
    rb_value_put(&active->result, event->d);
    rb_value_put(&active->eval, NULL);
    active->in_doubt = may_be_done(event->d) && !state->plan->steps[node->step].idempotent;
    node->phase = active->in_doubt ? RB_PHASE_DOUBT : RB_PHASE_SETTLED;
}

static void begin_effect(struct rb_node *node)
{
    node->started = true;
    node->active->intents++;
    node->active->inherited = false;
    rb_value_put(&node->active->note, NULL);
    rb_value_put(&node->active->answer, NULL);
    node->phase = RB_PHASE_RUNNING;
}

static void take_note(const struct rb_state *state, struct rb_node *node,
                      const struct rb_event *event)
{
    rb_value_put(&node->active->note, rb_value_get(event->d, "note"));
    if (rb_value_get(state->plan->steps[node->step].spec, "review"))
        node->phase = RB_PHASE_HELD;
}

/* Of a first effect it is known that it was never done. */
static void fail_attempt(struct rb_node *node, const struct rb_event *event)
{
    const char *reason = rb_value_get_text(event->d, "reason", "");
    bool undone = RB_REASONS_UNDONE & 1u << rb_reason_find(reason) ||
                  rb_value_get_bool(node->active->result, "rolled_back", false);
    if (undone && node->active->intents == 1)
        node->started = false;
    rb_value_put(&node->active->failure, event->d);
    rb_value_put(&node->active->waits, NULL);
    node->active->entering = false;
    node->phase = RB_PHASE_ATTEMPT_FAILED;
}

static void doubt(struct rb_node *node, const struct rb_event *event)
{
    rb_value_put(&node->active->result, event->d);
    node->active->in_doubt = true;
    node->phase = RB_PHASE_DOUBT;
}

/* An undo that a person skips, or a part of one, has not taken back what it is for. What was in doubt and
 * is said never to have been done, is no more to be taken back. */
static void give_up(struct rb_state *state, const struct rb_node *node,
                    const struct rb_event *event)
{
    int at = (int)(node - state->nodes);
    if (event->type != RB_EV_STEP_SKIPPED || !rb_apply_says(event, "by", "person") ||
        rb_apply_asks(node->active->question, "undo"))
        return;
    while (at >= 0 && rb_node_step(state, at)->undoes < 0)
        at = state->nodes[at].parent;
    if (at >= 0)
        state->nodes[state->nodes[at].parent].left = true;
}

/* Which elements failed is told by whatever comes later, when they are no more. */
static void end_step(struct rb_state *state, struct rb_node *node,
                     const struct rb_event *event)
{
    const struct rb_value *elements = rb_value_get(event->d, "elements");
    enum rb_status status = event->type == RB_EV_STEP_PASSED   ? RB_STATUS_PASSED
                            : event->type == RB_EV_STEP_FAILED ? RB_STATUS_FAILED
                                                               : RB_STATUS_SKIPPED;
    if (node->loop && elements)
        rb_value_put(&node->result, elements);
    if (status == RB_STATUS_FAILED && !rb_value_get_bool(event->d, "continued", false))
        rb_nodes_count_failure(state, node,
                               RB_REASONS_UNKNOWN & 1u << rb_reason_find(rb_value_get_text(
                                                        event->d, "reason", "")));
    state->last_failed += status == RB_STATUS_FAILED && state->last;
    give_up(state, node, event);
    /* A text that a person skips is one that was not done. */
    if (status == RB_STATUS_SKIPPED && rb_apply_asks(node->active->question, "manual"))
        node->started = false;
    if (rb_value_get(event->d, "obligations"))
        rb_apply_duties(state, event);
    rb_nodes_end(state, node, status, rb_value_get(event->d, "outputs"));
}

static void begin_call(struct rb_state *state, struct rb_node *node,
                       const struct rb_event *event)
{
    if (node->loop || !state->plan->steps[node->step].calls)
        return;
    rb_nodes_close_book(node);
    node->book = rb_alloc(sizeof *node->book);
    rb_value_put(&node->book->params, rb_value_get(event->d, "params"));
    rb_book_advance(state, state->current);
}

/* It had never been started. */
static void begin_anew(struct rb_state *state, struct rb_node *node)
{
    node->phase = RB_PHASE_READY;
    rb_apply_entry(state, node);
}

static void apply_to_effect(struct rb_state *state, struct rb_node *node,
                            const struct rb_event *event)
{
    switch (event->type) {
    case RB_EV_EFFECT_INTENT:
        begin_effect(node);
        break;
    case RB_EV_EFFECT_NOTED:
        take_note(state, node, event);
        break;
    case RB_EV_EFFECT_RESULT:
        take_result(state, node, event);
        break;
    case RB_EV_EFFECT_ADOPTED:
        node->active->inherited = false;
        break;
    case RB_EV_EFFECT_UNSTARTED:
        node->started = node->active->intents > 1;
        begin_anew(state, node);
        break;
    default:
        doubt(node, event);
        break;
    }
}

/* Before anything of it happens. */
static void apply_to_entry(struct rb_state *state, struct rb_node *node,
                           const struct rb_event *event)
{
    if (event->type == RB_EV_STEP_ADMITTED)
        rb_nodes_admit(state, node);
    else if (event->type == RB_EV_WINDOW_OVERRIDDEN)
        rb_window_override(state, event);
}

static void keep_override(struct rb_state *state, const struct rb_active *active,
                          const struct rb_event *event)
{
    RB_AUTO_VALUE const struct rb_value *override =
        rb_override_of(event, active->question, active->answer);
    if (override)
        rb_value_append(&state->overrides, override);
}

void rb_apply_to_step(struct rb_state *state, struct rb_node *node,
                      const struct rb_event *event)
{
    struct rb_active *active = node->active;
    keep_override(state, active, event);
    active->admitted = event->type == RB_EV_STEP_ADMITTED;
    switch (event->type) {
    case RB_EV_EFFECT_INTENT:
    case RB_EV_EFFECT_NOTED:
    case RB_EV_EFFECT_RESULT:
    case RB_EV_EFFECT_ADOPTED:
    case RB_EV_EFFECT_UNSTARTED:
    case RB_EV_EFFECT_DOUBT:
        apply_to_effect(state, node, event);
        break;
    case RB_EV_QUESTION_ASKED:
        ask(state, node, event);
        break;
    case RB_EV_QUESTION_ANSWERED:
        take_answer(node, event);
        break;
    case RB_EV_QUESTION_UNANSWERED:
        take_silence(state, node);
        break;
    case RB_EV_APPROVAL_RECEIVED:
    case RB_EV_APPROVAL_ACCEPTED:
    case RB_EV_APPROVAL_REFUSED:
        if (rb_signed_take(node, event))
            take_answer(node, event);
        break;
    case RB_EV_ITEM_PROVEN:
        next_item(node, event->d);
        break;
    case RB_EV_ATTEMPT_FAILED:
        fail_attempt(node, event);
        break;
    case RB_EV_RETRY_SCHEDULED:
        rb_nodes_try(state, node);
        wait_until(node, event);
        break;
    case RB_EV_WAIT_BEGAN:
        active->waited = true;
        wait_until(node, event);
        break;
    case RB_EV_GATE_WAITING:
        rb_look_wait(state, event);
        break;
    case RB_EV_LOOP_BEGAN:
        rb_value_put(&node->elements, rb_value_get(active->values, "for_each"));
        node->phase = RB_PHASE_CHILDREN;
        break;
    case RB_EV_CALL_BEGAN:
        begin_call(state, node, event);
        break;
    case RB_EV_STEP_HALTED:
        rb_nodes_halt(state, node, event);
        break;
    case RB_EV_STEP_DECIDED:
        decide(state, node);
        break;
    case RB_EV_STEP_SKIPPED:
    case RB_EV_STEP_PASSED:
    case RB_EV_STEP_FAILED:
        end_step(state, node, event);
        break;
    default:
        apply_to_entry(state, node, event);
        break;
    }
}
