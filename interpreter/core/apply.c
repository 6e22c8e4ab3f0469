#include "core/core.h"

#include <stdio.h>
#include <string.h>

#include "core/start.h"
#include "plan/template.h"

/* Puts a new reference of `value` where `slot` points, releasing what was there. */
static void put(const struct rb_value **slot, const struct rb_value *value)
{
    const struct rb_value *old = *slot;
    *slot = value ? rb_value_ref(value) : NULL;
    rb_value_unref(old);
}

static bool says(const struct rb_event *event, const char *member, const char *text)
{
    return strcmp(rb_value_get_text(event->d, member, ""), text) == 0;
}

static int add_node(struct rb_state *state)
{
    RB_GROW(state->nodes, state->node_count, state->node_capacity);
    struct rb_node *node = &state->nodes[state->node_count];
    memset(node, 0, sizeof *node);
    return state->node_count++;
}

static void begin_step(struct rb_state *state, const struct rb_event *event)
{
    const char *key = rb_value_get_text(event->d, "step", "");
    size_t length = strcspn(key, "[");
    RB_AUTO_FREE char *id = rb_strndup(key, length);
    int index = rb_plan_find(state->plan, id);
    if (index < 0)
        return;
    const struct rb_step *step = &state->plan->steps[index];
    int parent = state->current;
    int at = add_node(state);
    struct rb_node *node = &state->nodes[at];
    bool element =
        parent >= 0 && state->nodes[parent].loop && state->nodes[parent].step == index;
    node->step = index;
    node->parent = parent;
    node->element = element ? state->nodes[parent].active->next_element : -1;
    node->loop = step->for_each >= 0 && !element;
    node->attempt = 1;
    node->active = rb_alloc(sizeof *node->active);
    node->active->began = node->active->first_attempt = event->mono;
    node->active->next_child = step->first_child;
    node->phase = rb_node_prepares(state, node) ? RB_PHASE_PREPARING : RB_PHASE_READY;
    state->latest[index] = at;
    state->current = at;
}

/* The parent's cursor moves past the child that ended. */
static void advance(struct rb_state *state, const struct rb_node *child)
{
    int next = state->plan->steps[child->step].next;
    if (child->parent < 0) {
        state->next_step = next;
        return;
    }
    struct rb_active *parent = state->nodes[child->parent].active;
    if (child->element >= 0)
        parent->next_element++;
    else
        parent->next_child = next;
}

static void end_step(struct rb_state *state, struct rb_node *node, enum rb_status status,
                     const struct rb_value *outputs)
{
    node->status = status;
    node->phase = RB_PHASE_DONE;
    if (node->loop)
        state->latest[node->step] = state->current;
    bool kept = state->referred[node->step];
    if (kept) {
        put(&node->outputs, outputs);
        put(&node->result, node->active->result);
    }
    rb_active_free(node->active);
    node->active = NULL;
    advance(state, node);
    state->current = node->parent;
}

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

static void take_eval(struct rb_state *state, const struct rb_event *event)
{
    const struct rb_value *items = rb_value_get(event->d, "items");
    if (says(event, "phase", "start")) {
        put(&state->start_eval, items);
        rb_start_take(state, items);
        return;
    }
    struct rb_node *node = rb_state_current(state);
    if (!node)
        return;
    put(&node->active->eval, items);
    if (says(event, "phase", "prepare")) {
        RB_AUTO_VALUE const struct rb_value *values = values_of(items);
        put(&node->active->values, values);
        node->active->prepare_failed = any_wrong(items);
        node->phase = RB_PHASE_READY;
    } else if (says(event, "phase", "examine")) {
        node->phase = RB_PHASE_EXAMINED;
    } else if (says(event, "phase", "probe")) {
        node->phase = RB_PHASE_PROBED;
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

/* A resumed run may be on another boot: what was due at a UTC time is due at it still. */
static void resume(struct rb_state *state, const struct rb_event *event)
{
    state->interactive = rb_value_get_bool(event->d, "interactive", false);
    state->stop_level = 0;
    put(&state->end, NULL);
    state->phase = rb_start_done(state) ? RB_RUN_RUNNING : RB_RUN_STARTING;
    for (int at = state->current; at >= 0; at = state->nodes[at].parent) {
        struct rb_node *node = &state->nodes[at];
        node->active->due = event->mono + (node->active->due_utc - event->utc);
        if (node->phase == RB_PHASE_UNANSWERED)
            node->phase = RB_PHASE_ASKING;
    }
}

static void next_item(struct rb_node *node, const struct rb_value *answer)
{
    struct rb_list_builder list = {0};
    for (size_t i = 0; i < rb_value_count(node->active->answers); i++)
        rb_list_add(&list, rb_value_ref(rb_value_at(node->active->answers, i)));
    rb_list_add(&list, rb_value_ref(answer));
    RB_AUTO_VALUE const struct rb_value *all = rb_list_end(&list);
    put(&node->active->answers, all);
    node->active->item++;
    node->phase = RB_PHASE_READY;
}

/* Items and fields come one after the other; only a "no" needs a decision. */
static void take_answer(struct rb_node *node, const struct rb_event *event)
{
    const char *kind = rb_value_get_text(node->active->question, "kind", "");
    bool listed = strcmp(kind, "item") == 0 || strcmp(kind, "field") == 0;
    bool refused = strcmp(kind, "item") == 0 && says(event, "answer", "no");
    put(&node->active->answer, event->d);
    if (listed && !refused)
        next_item(node, event->d);
    else
        node->phase = RB_PHASE_ANSWERED;
}

/* A new beginning: the values are taken afresh, and so is the time for all attempts. What a
 * person has answered of a list stays answered. */
static void begin_again(struct rb_state *state, struct rb_node *node,
                        const struct rb_event *event)
{
    struct rb_active *active = node->active;
    node->attempt++;
    active->in_doubt = active->asked_failure = active->waited = false;
    active->first_attempt = event->mono;
    active->polls = 0;
    active->held_since = 0;
    node->phase = rb_node_prepares(state, node) ? RB_PHASE_PREPARING : RB_PHASE_READY;
}

static void gate_looked(struct rb_node *node, const struct rb_event *event)
{
    if (!says(event, "verdict", "holds"))
        node->active->held_since = 0;
    else if (node->active->held_since == 0)
        node->active->held_since = event->mono;
    wait_until(node, event);
}

static void ask(struct rb_state *state, struct rb_node *node, const struct rb_event *event)
{
    put(&node->active->question, event->d);
    node->active->asked_failure =
        says(event, "kind", "failure") || says(event, "kind", "doubt");
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

static void take_result(const struct rb_state *state, struct rb_node *node,
                        const struct rb_event *event)
{
    struct rb_active *active = node->active;
    put(&active->result, event->d);
    put(&active->eval, NULL);
    active->in_doubt = may_be_done(event->d) && !state->plan->steps[node->step].idempotent;
    node->phase = active->in_doubt ? RB_PHASE_DOUBT : RB_PHASE_SETTLED;
}

static void begin_effect(struct rb_node *node)
{
    node->active->intents++;
    put(&node->active->note, NULL);
    node->phase = RB_PHASE_RUNNING;
}

static void doubt(struct rb_node *node)
{
    put(&node->active->result, NULL);
    node->active->in_doubt = true;
    node->phase = RB_PHASE_DOUBT;
}

static void apply_to_step(struct rb_state *state, struct rb_node *node,
                          const struct rb_event *event)
{
    struct rb_active *active = node->active;
    switch (event->type) {
    case RB_EV_EFFECT_INTENT:
        begin_effect(node);
        break;
    case RB_EV_EFFECT_NOTED:
        put(&active->note, rb_value_get(event->d, "note"));
        break;
    case RB_EV_EFFECT_RESULT:
        take_result(state, node, event);
        break;
    case RB_EV_EFFECT_UNSTARTED:
        node->phase = RB_PHASE_READY;
        break;
    case RB_EV_EFFECT_DOUBT:
        doubt(node);
        break;
    case RB_EV_QUESTION_ASKED:
        ask(state, node, event);
        break;
    case RB_EV_QUESTION_ANSWERED:
        take_answer(node, event);
        break;
    case RB_EV_QUESTION_UNANSWERED:
        node->phase = RB_PHASE_UNANSWERED;
        break;
    case RB_EV_ITEM_PROVEN:
        next_item(node, event->d);
        break;
    case RB_EV_ATTEMPT_FAILED:
        put(&active->failure, event->d);
        node->phase = RB_PHASE_ATTEMPT_FAILED;
        break;
    case RB_EV_RETRY_SCHEDULED:
        node->attempt++;
        wait_until(node, event);
        break;
    case RB_EV_WAIT_BEGAN:
        wait_until(node, event);
        break;
    case RB_EV_GATE_WAITING:
        gate_looked(node, event);
        break;
    case RB_EV_TIMER_DUE:
        node->phase = RB_PHASE_READY;
        active->waited = true;
        break;
    case RB_EV_LOOP_BEGAN:
        put(&active->elements, rb_value_get(active->values, "for_each"));
        node->phase = RB_PHASE_CHILDREN;
        break;
    case RB_EV_STEP_DECIDED:
        begin_again(state, node, event);
        break;
    case RB_EV_STEP_SKIPPED:
        end_step(state, node, RB_STATUS_SKIPPED, NULL);
        break;
    case RB_EV_STEP_PASSED:
        end_step(state, node, RB_STATUS_PASSED, rb_value_get(event->d, "outputs"));
        break;
    case RB_EV_STEP_FAILED:
        state->failed_steps++;
        end_step(state, node, RB_STATUS_FAILED, NULL);
        break;
    default:
        break;
    }
}

static void begin_run(struct rb_state *state, const struct rb_event *event)
{
    put(&state->created, event->d);
    state->created_utc = event->utc;
    state->interactive = rb_value_get_bool(event->d, "interactive", false);
    state->phase = RB_RUN_STARTING;
    rb_start_advance(state);
}

static void end_run(struct rb_state *state, const struct rb_event *event)
{
    put(&state->end, event->d);
    state->phase = event->type == RB_EV_RUN_SUSPENDED ? RB_RUN_SUSPENDED : RB_RUN_FINISHED;
    state->stop_level = 0;
    struct rb_node *node = rb_state_current(state);
    if (node && (node->phase == RB_PHASE_ATTEMPT_FAILED || node->active->asked_failure))
        node->phase = RB_PHASE_HALTED;
}

static void take_signal(struct rb_state *state, const struct rb_event *event)
{
    static const char *const names[] = {"INT", "TERM", "HUP", "cancel", "ENOSPC", "secret"};
    int level = (int)rb_value_get_int(event->d, "level", 1);
    if (level > state->stop_level)
        state->stop_level = level;
    state->stop_name = names[0];
    put(&state->stop_why, rb_value_get(event->d, "why"));
    for (size_t i = 0; i < RB_COUNT(names); i++) {
        if (says(event, "name", names[i]))
            state->stop_name = names[i];
    }
}

void rb_apply(struct rb_state *state, const struct rb_event *event)
{
    state->utc = event->utc;
    state->mono = event->mono;
    struct rb_node *node = rb_state_current(state);
    switch (event->type) {
    case RB_EV_RUN_CREATED:
        begin_run(state, event);
        break;
    case RB_EV_RUN_RESUMED:
        resume(state, event);
        break;
    case RB_EV_RUN_STARTED:
        state->phase = RB_RUN_RUNNING;
        break;
    case RB_EV_STEP_BEGAN:
        begin_step(state, event);
        break;
    case RB_EV_EVAL_RESULT:
        take_eval(state, event);
        break;
    case RB_EV_SIGNAL_RECEIVED:
        take_signal(state, event);
        break;
    case RB_EV_RUN_SUSPENDED:
    case RB_EV_RUN_FINISHED:
        end_run(state, event);
        break;
    default:
        if (node)
            apply_to_step(state, node, event);
        break;
    }
}
