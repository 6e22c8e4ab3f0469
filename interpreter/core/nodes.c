#include "core/nodes.h"

#include <string.h>

#include "core/book.h"
#include "core/effects.h"
#include "core/front.h"
#include "core/rollback.h"
#include "core/window.h"
#include "plan/rescue.h"

static int add_node(struct rb_state *state)
{
    RB_GROW(state->nodes, state->node_count, state->node_capacity);
    struct rb_node *node = &state->nodes[state->node_count];
    memset(node, 0, sizeof *node);
    return state->node_count++;
}

void rb_nodes_close_book(struct rb_node *node)
{
    if (node->book)
        rb_book_values_done(node->book);
    free(node->book);
    node->book = NULL;
}

void rb_nodes_touch(struct rb_state *state, int node)
{
    if (node < 0 || !state->nodes[node].active || state->nodes[node].active->fresh)
        return;
    state->nodes[node].active->fresh = true;
    RB_GROW(state->fresh, state->fresh_count, state->fresh_capacity);
    state->fresh[state->fresh_count++] = node;
}

void rb_nodes_touch_all(struct rb_state *state)
{
    for (int i = 0; i < state->active_count; i++)
        rb_nodes_touch(state, state->active[i]);
}

void rb_nodes_settle(struct rb_state *state)
{
    for (int i = 0; i < state->fresh_count; i++) {
        struct rb_active *active = state->nodes[state->fresh[i]].active;
        if (active)
            active->fresh = false;
    }
    state->fresh_count = 0;
}

static void add_active(struct rb_state *state, int node)
{
    RB_GROW(state->active, state->active_count, state->active_capacity);
    state->active[state->active_count++] = node;
    state->guard_count += rb_front_is_guard(state, node);
}

/* Mostly the last one. */
static void remove_active(struct rb_state *state, int node)
{
    int at = state->active_count - 1;
    while (at >= 0 && state->active[at] != node)
        at--;
    state->active_count--;
    state->guard_count -= rb_front_is_guard(state, node);
    memmove(&state->active[at], &state->active[at + 1],
            (size_t)(state->active_count - at) * sizeof *state->active);
}

/* Is what begins in it the next of those that are begun anew? */
static bool is_redo(const struct rb_state *state, const struct rb_active *holder, int step)
{
    return holder && holder->redo_next < holder->redo_count &&
           state->nodes[holder->redo[holder->redo_next].node].step == step;
}

/* The cursor of what holds it moves past the step that begins. */
static void move_on(struct rb_state *state, int index, int parent, bool element)
{
    const struct rb_step *step = &state->plan->steps[index];
    if (parent < 0) {
        if (step->action != RB_ACTION_GUARD)
            state->next_step = step->next;
        return;
    }
    struct rb_active *active = state->nodes[parent].active;
    if (!active) {
        state->rollback_from = parent;
        return;
    }
    bool handles = rb_node_step(state, parent)->handler == index;
    active->under++;
    active->handled |= handles;
    state->nodes[parent].started |= !handles;
    if (is_redo(state, active, index))
        state->nodes[active->redo[active->redo_next++].node].status = RB_STATUS_REDONE;
    else if (element)
        active->next_element++;
    else
        active->next_child = step->next;
}

/* Attempts of what is begun anew go on from those that it had. */
static int base_of(const struct rb_state *state, const struct rb_node *node)
{
    const struct rb_active *active =
        node->parent < 0 ? NULL : state->nodes[node->parent].active;
    if (node->again)
        return state->tried[node->step];
    if (!active)
        return 0;
    return is_redo(state, active, node->step) ? active->redo[active->redo_next].most
                                              : state->nodes[node->parent].first - 1;
}

/* Its place: an element of the loop that is its parent, or a child of what holds its step. */
struct place {
    int step, parent, element;
};

/* An undo belongs to what is to be taken back next. */
static bool place_of_undo(const struct rb_state *state, int step, const char *key,
                          struct place *ret)
{
    const struct rb_state at = rb_state_at(state, rb_rollback_next(state));
    RB_AUTO_BUF struct rb_buf expected = {0};
    if (at.current < 0)
        return false;
    rb_child_key(&at, step, -1, &expected);
    *ret = (struct place){.step = step, .parent = at.current, .element = -1};
    return strcmp(rb_buf_text(&expected), key) == 0;
}

static bool place_of(const struct rb_state *state, const char *key, struct place *ret)
{
    const struct rb_plan *plan = state->plan;
    size_t length = strcspn(key, "[");
    RB_AUTO_FREE char *id = rb_strndup(key, length);
    int step = rb_plan_find(plan, id);
    if (step < 0)
        return false;
    if (plan->steps[step].undoes >= 0)
        return place_of_undo(state, step, key, ret);
    const char *last = strrchr(key, '[');
    RB_AUTO_FREE char *outside = rb_strndup(key, last ? (size_t)(last - key) : length);
    int loop = last && plan->steps[step].for_each >= 0 ? rb_front_find(state, outside) : -1;
    bool element = loop >= 0 && state->nodes[loop].loop;
    int holder = plan->steps[step].parent;
    RB_AUTO_BUF struct rb_buf around = {0};
    if (!element && holder >= 0)
        rb_buf_printf(&around, "%s%s", plan->steps[holder].id, key + length);
    ret->step = step;
    ret->element = element ? (int)strtol(last + 1, NULL, 10) : -1;
    ret->parent = element       ? loop
                  : holder >= 0 ? rb_front_find(state, rb_buf_text(&around))
                                : -1;
    return element || holder < 0 || ret->parent >= 0;
}

/* Begun again for a step that needs it: in front of it, and what holds both stays where it is. */
static bool place_before(const struct rb_state *state, const struct rb_event *event,
                         const char *before, struct place *ret)
{
    RB_AUTO_FREE char *id = rb_strdup(rb_value_get_text(event->d, "step", ""));
    id[strcspn(id, "[")] = '\0';
    *ret = (struct place){rb_plan_find(state->plan, id), rb_front_find(state, before), -1};
    return ret->step >= 0 && ret->parent >= 0;
}

void rb_nodes_admit(struct rb_state *state, struct rb_node *node)
{
    bool prepared = node->active->values || !rb_node_prepares(state, node);
    node->active->entering = false;
    node->active->polls = 0;
    node->phase = prepared ? RB_PHASE_READY : RB_PHASE_PREPARING;
}

/* What puts right, or looks on, waits for no window. */
static bool is_let_in(const struct rb_state *state, const struct rb_node *node)
{
    return rb_plan_is_rescue(state->plan, node->step) ||
           rb_plan_is_last(state->plan, node->step) ||
           state->plan->steps[node->step].action == RB_ACTION_GUARD;
}

bool rb_nodes_has_entry(const struct rb_state *state, const struct rb_node *node)
{
    bool needs =
        node->element < 0 && rb_value_get(state->plan->steps[node->step].spec, "needs");
    return !is_let_in(state, node) && (needs || rb_window_applies(state, node));
}

void rb_nodes_enter(struct rb_state *state, struct rb_node *node)
{
    rb_nodes_admit(state, node);
    if (rb_rollback_doubts(state, (int)(node - state->nodes)))
        node->phase = RB_PHASE_DOUBT;
    if (!rb_nodes_has_entry(state, node))
        return;
    node->active->entering = true;
    node->active->entered = state->steady.elapsed;
    node->phase = RB_PHASE_ENTERING;
}

void rb_nodes_try(struct rb_state *state, struct rb_node *node)
{
    node->attempt++;
    if (node->attempt > state->tried[node->step])
        state->tried[node->step] = node->attempt;
}

void rb_nodes_begin(struct rb_state *state, const struct rb_event *event)
{
    struct place place;
    const char *before = rb_value_get_text(event->d, "for", NULL);
    if (before ? !place_before(state, event, before, &place)
               : !place_of(state, rb_value_get_text(event->d, "step", ""), &place))
        return;
    int index = place.step, parent = place.parent;
    const struct rb_step *step = &state->plan->steps[index];
    int at = add_node(state);
    struct rb_node *node = &state->nodes[at];
    bool element = place.element >= 0;
    node->step = index;
    node->parent = parent;
    node->element = place.element;
    node->loop = step->for_each >= 0 && !element;
    node->again = before || (parent >= 0 && state->nodes[parent].again);
    node->attempt = base_of(state, node);
    node->first = node->attempt + 1;
    rb_nodes_try(state, node);
    node->earlier = state->latest[index];
    node->active = rb_alloc(sizeof *node->active);
    node->active->began = event->mono;
    node->active->first_attempt = state->steady.elapsed;
    node->active->next_child = step->first_child;
    rb_nodes_enter(state, node);
    if (before)
        state->nodes[parent].active->under++;
    else
        move_on(state, index, parent, element);
    state->repeats |= node->again || node->first > 1;
    add_active(state, at);
    rb_nodes_touch(state, at);
    state->latest[index] = at;
    state->current = at;
}

/* What holds it is not gone on with beyond what is under way. */
static void count_halt(struct rb_state *state, const struct rb_node *node, int change)
{
    for (int at = node->parent; at >= 0 && state->nodes[at].active;
         at = state->nodes[at].parent)
        state->nodes[at].active->halts += change;
}

void rb_nodes_go_on(struct rb_state *state, struct rb_node *node)
{
    if (!node->active->halted)
        return;
    rb_value_put(&node->active->halted, NULL);
    count_halt(state, node, -1);
    rb_nodes_touch_all(state);
}

/* Its elements have ended: whoever looks for its step finds the loop. Elements of another loop of the
 * same step may have begun among them, and go on. */
static void put_away_elements(struct rb_state *state, int loop)
{
    int *link = &state->latest[state->nodes[loop].step];
    while (*link >= 0 && *link != loop) {
        struct rb_node *node = &state->nodes[*link];
        if (node->parent == loop)
            *link = node->earlier;
        else
            link = &node->earlier;
    }
}

/* A loop is, when the last of its elements is. */
static void mark_undone(struct rb_state *state, struct rb_node *node)
{
    int next = rb_rollback_next(state);
    if (node->left)
        return;
    node->status = RB_STATUS_UNDONE;
    if (node->element >= 0 && (next < 0 || state->nodes[next].parent != node->parent))
        state->nodes[node->parent].status = RB_STATUS_UNDONE;
}

/* What it is counted in: NULL for what stands at the top, and for an undo. */
static struct rb_active *holder_of(const struct rb_state *state, const struct rb_node *node)
{
    return node->parent < 0 ? NULL : state->nodes[node->parent].active;
}

static int most_of(const struct rb_node *node)
{
    return node->active->most > node->attempt ? node->active->most : node->attempt;
}

static void keep_most(struct rb_state *state, const struct rb_node *node)
{
    struct rb_active *holder = holder_of(state, node);
    if (!holder)
        return;
    holder->most = most_of(node) > holder->most ? most_of(node) : holder->most;
}

/* Not a step of its on_failure, nor one that is made again because it needs it. */
static bool is_part(const struct rb_state *state, const struct rb_node *node)
{
    int holder = state->nodes[node->parent].step;
    return node->element >= 0 || (state->plan->steps[node->step].parent == holder &&
                                  state->plan->steps[holder].handler != node->step);
}

void rb_nodes_count_failure(struct rb_state *state, struct rb_node *node, bool unknown)
{
    struct rb_active *holder = holder_of(state, node);
    if (!holder || !is_part(state, node))
        return;
    RB_GROW(holder->failures, holder->failure_count, holder->failure_capacity);
    holder->failures[holder->failure_count++] =
        (struct rb_failed_child){(int)(node - state->nodes), most_of(node), unknown};
    if (rb_node_step(state, node->parent)->cancel_branches)
        rb_nodes_touch_all(state);
}

void rb_nodes_redo(struct rb_state *state, struct rb_node *holder)
{
    struct rb_active *active = holder->active;
    struct rb_failed_child *redo = NULL;
    int count = 0, capacity = 0;
    rb_nodes_go_on(state, holder);
    for (int i = active->redo_next; i < active->redo_count; i++) {
        RB_GROW(redo, count, capacity);
        redo[count++] = active->redo[i];
    }
    for (int i = 0; i < active->failure_count; i++) {
        RB_GROW(redo, count, capacity);
        redo[count++] = active->failures[i];
    }
    free(active->redo);
    active->redo = redo;
    active->redo_count = count;
    active->redo_next = active->failure_count = 0;
    active->asked_failure = false;
    rb_value_put(&active->failure, NULL);
    rb_nodes_try(state, holder);
    holder->phase = holder->loop ? RB_PHASE_CHILDREN : RB_PHASE_READY;
}

void rb_nodes_end(struct rb_state *state, struct rb_node *node, enum rb_status status,
                  const struct rb_value *outputs)
{
    if (node->active->under > 0) /* no decision says so */
        return;
    rb_nodes_go_on(state, node);
    keep_most(state, node);
    node->status = status;
    node->ended = state->steady.elapsed;
    node->started = node->started && !rb_node_is_uncommitted(node);
    node->phase = RB_PHASE_DONE;
    node->doubted = node->active->in_doubt && status != RB_STATUS_PASSED;
    if (node->loop)
        put_away_elements(state, state->current);
    if (!rb_plan_has_undo(state->plan, node->step))
        rb_value_put(&node->elements, NULL);
    bool kept = state->referred[node->step];
    if (kept) {
        rb_value_put(&node->outputs, outputs);
        if (!node->loop)
            rb_value_put(&node->result, node->active->result);
    }
    remove_active(state, state->current);
    rb_active_free(node->active);
    node->active = NULL;
    struct rb_node *holder = node->parent >= 0 ? &state->nodes[node->parent] : NULL;
    state->current = holder && holder->active ? node->parent : -1;
    if (state->current >= 0)
        holder->active->under--;
    else if (holder && status == RB_STATUS_PASSED)
        mark_undone(state, holder);
    rb_nodes_touch(state, state->current);
}

/* How it stands when all is ended around it. */
static enum rb_status ending_of(const struct rb_state *state, const struct rb_node *node)
{
    if (node->started || node->active->failure)
        return RB_STATUS_FAILED;
    return rb_front_is_guard(state, state->current) ? RB_STATUS_PASSED : RB_STATUS_SKIPPED;
}

void rb_nodes_end_all(struct rb_state *state)
{
    while (state->active_count > 0) {
        state->current = state->active[state->active_count - 1];
        struct rb_node *node = rb_state_current(state);
        node->active->under = 0;
        rb_nodes_end(state, node, ending_of(state, node), NULL);
    }
    state->current = -1;
    state->stuck = false;
}

void rb_nodes_stop(struct rb_state *state, const struct rb_value *halted)
{
    if (!rb_value_get_bool(halted, "stops", false) || state->stop_level > 0)
        return;
    state->stop_level = (int)rb_value_get_int(halted, "level", 1);
    state->stop_name = "halt";
}

void rb_nodes_halt(struct rb_state *state, struct rb_node *node,
                   const struct rb_event *event)
{
    if (!node->active->halted)
        count_halt(state, node, 1);
    rb_value_put(&node->active->halted, event->d);
    node->phase = RB_PHASE_STUCK;
    for (int at = node->parent; at >= 0; at = state->nodes[at].parent)
        rb_nodes_touch(state, at); /* another branch has room now */
    state->stuck = true;
    rb_nodes_stop(state, event->d);
}
