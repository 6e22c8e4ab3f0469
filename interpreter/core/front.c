#include "core/front.h"

#include <limits.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

struct rb_state rb_state_at(const struct rb_state *state, int node)
{
    struct rb_state at = *state;
    at.current = node;
    return at;
}

/* The elements of a node's loops, from the outside in. */
static int elements_of(const struct rb_state *state, int node, int *elements)
{
    int depth = 0;
    for (int at = node; at >= 0; at = state->nodes[at].parent)
        depth += state->nodes[at].element >= 0;
    int left = depth;
    for (int at = node; at >= 0; at = state->nodes[at].parent) {
        if (state->nodes[at].element >= 0 && --left < DEPTH_MAX)
            elements[left] = state->nodes[at].element;
    }
    return depth;
}

static bool is_instance(const struct rb_state *state, int node, const int *elements,
                        int depth, bool loop)
{
    int own[DEPTH_MAX];
    return state->nodes[node].active && state->nodes[node].loop == loop &&
           elements_of(state, node, own) == depth && depth <= DEPTH_MAX &&
           memcmp(own, elements, (size_t)depth * sizeof *own) == 0;
}

/* Mostly it is the current one or what holds it; else the newest come first. */
int rb_front_instance(const struct rb_state *state, int step, const int *elements,
                      int depth, bool loop)
{
    for (int at = state->current; at >= 0; at = state->nodes[at].parent) {
        if (state->nodes[at].step == step && is_instance(state, at, elements, depth, loop))
            return at;
    }
    int at = state->latest[step];
    while (at >= 0 && !is_instance(state, at, elements, depth, loop))
        at = state->nodes[at].earlier;
    return at;
}

/* How many loops a step stands in, its own with them. */
static int loops_around(const struct rb_plan *plan, int step)
{
    int count = 0;
    for (int at = step; at >= 0; at = plan->steps[at].parent)
        count += plan->steps[at].for_each >= 0;
    return count;
}

int rb_front_find(const struct rb_state *state, const char *key)
{
    int elements[DEPTH_MAX], depth = 0;
    size_t length = strcspn(key, "[");
    for (const char *at = key + length; *at == '['; at = strchr(at, ']') + 1) {
        char *end;
        long element = strtol(at + 1, &end, 10);
        if (*end != ']' || depth == DEPTH_MAX || element < 0 || element > INT_MAX)
            return -1;
        elements[depth++] = (int)element;
    }
    RB_AUTO_FREE char *id = rb_strndup(key, length);
    int step = rb_plan_find(state->plan, id);
    if (step < 0)
        return -1;
    bool loop =
        state->plan->steps[step].for_each >= 0 && depth < loops_around(state->plan, step);
    return rb_front_instance(state, step, elements, depth, loop);
}

static bool is_under(const struct rb_state *state, int node, int ancestor)
{
    for (int at = node; at >= 0; at = state->nodes[at].parent) {
        if (at == ancestor)
            return true;
    }
    return false;
}

static bool is_step_around(const struct rb_plan *plan, int step, int inner)
{
    for (int at = inner; at >= 0; at = plan->steps[at].parent) {
        if (at == step)
            return true;
    }
    return false;
}

/* Outwards from the node: what holds both comes before another instance of what holds us. */
static bool sees(const struct rb_state *state, int node)
{
    if (state->current < 0)
        return true;
    int own = state->nodes[state->current].step;
    for (int at = state->nodes[node].parent; at >= 0; at = state->nodes[at].parent) {
        if (is_under(state, state->current, at))
            return true;
        if (is_step_around(state->plan, state->nodes[at].step, own))
            return false;
    }
    return true;
}

/* What the undo around the current node takes back: one of several elements. */
static int undone_of(const struct rb_state *state, int step)
{
    for (int at = state->current; at >= 0; at = state->nodes[at].parent) {
        if (state->nodes[at].step == step && !state->nodes[at].active)
            return at;
    }
    return -1;
}

int rb_front_seen(const struct rb_state *state, int step)
{
    int at = undone_of(state, step);
    if (at >= 0)
        return at;
    at = state->latest[step];
    while (at >= 0 && !sees(state, at))
        at = state->nodes[at].earlier;
    return at;
}

int rb_front_first(const struct rb_state *state)
{
    for (int i = 0; i < state->active_count; i++) {
        if (state->nodes[state->active[i]].active->under == 0 &&
            !rb_front_is_guard(state, state->active[i]))
            return state->active[i];
    }
    return -1;
}

int rb_front_count(const struct rb_state *state)
{
    int count = 0;
    for (int i = 0; i < state->active_count; i++)
        count += state->nodes[state->active[i]].active->under == 0;
    return count;
}

bool rb_front_is_alone(const struct rb_state *state)
{
    int depth = 0;
    for (int at = state->current; at >= 0 && state->nodes[at].active;
         at = state->nodes[at].parent)
        depth++;
    return depth == state->active_count - state->guard_count &&
           !rb_front_is_guard(state, state->current);
}

bool rb_front_is_guard(const struct rb_state *state, int node)
{
    return rb_node_step(state, node)->action == RB_ACTION_GUARD;
}

bool rb_front_pauses(const struct rb_node *guard)
{
    return guard->active->pausing || guard->active->failure;
}

/* What it found is decided about first, by its `on_trip` or by a person. */
static bool has_found(const struct rb_node *guard)
{
    return guard->active->failure != NULL;
}

/* Asked for each front: no further than to the last of the guards, which began early. */
static bool any_guard(const struct rb_state *state, bool (*is)(const struct rb_node *guard))
{
    int left = state->guard_count;
    for (int i = 0; left > 0 && i < state->active_count; i++) {
        if (!rb_front_is_guard(state, state->active[i]))
            continue;
        if (is(&state->nodes[state->active[i]]))
            return true;
        left--;
    }
    return false;
}

bool rb_front_is_paused(const struct rb_state *state)
{
    return any_guard(state, rb_front_pauses);
}

/* A pause takes no question from whoever is being asked, and no transaction that is held open with it:
 * they have begun. */
static bool waits_for_guard(const struct rb_state *state, int node)
{
    const struct rb_node *at = &state->nodes[node];
    if (rb_front_is_guard(state, node) || at->active->halted)
        return false;
    bool asked = at->phase == RB_PHASE_ASKING || rb_node_holds(at);
    return any_guard(state, asked ? has_found : rb_front_pauses);
}

int rb_front_top(const struct rb_state *state)
{
    for (int i = 0; i < state->active_count; i++) {
        int node = state->active[i];
        if (state->nodes[node].parent < 0 && !rb_front_is_guard(state, node))
            return node;
    }
    return -1;
}

static int width_of(const struct rb_state *state, int node)
{
    const struct rb_step *step = rb_node_step(state, node);
    if (state->nodes[node].loop)
        return step->limit ? step->limit : 1;
    if (step->action != RB_ACTION_PARALLEL)
        return 1;
    return step->limit && step->for_each < 0 ? step->limit : INT_MAX;
}

/* What is directly below `node` on the way to `inner`, or -1 where that is not in it. */
static int child_towards(const struct rb_state *state, int node, int inner)
{
    int at = inner;
    while (at >= 0 && state->nodes[at].parent != node)
        at = state->nodes[at].parent;
    return at;
}

/* Children that have something under way; fronts of one stand together in no order. */
static int moving_children(const struct rb_state *state, int node)
{
    int count = 0;
    for (int i = 0; i < state->active_count; i++) {
        int child = state->active[i];
        bool moves = false;
        for (int k = 0; state->nodes[child].parent == node && k < state->active_count;
             k++) {
            int front = state->active[k];
            moves |= state->nodes[front].active->under == 0 &&
                     state->nodes[front].phase != RB_PHASE_STUCK &&
                     (front == child || child_towards(state, node, front) == child);
        }
        count += moves;
    }
    return count;
}

bool rb_front_has_room(const struct rb_state *state, int node)
{
    const struct rb_active *active = state->nodes[node].active;
    int width = width_of(state, node);
    bool branches =
        rb_node_step(state, node)->action == RB_ACTION_PARALLEL && !state->nodes[node].loop;
    return active->under < width ||
           (branches && active->halts > 0 && moving_children(state, node) < width);
}

bool rb_front_may_stop(const struct rb_state *state, int node)
{
    switch (state->nodes[node].phase) {
    case RB_PHASE_WAITING:
    case RB_PHASE_LOOKED:
    case RB_PHASE_HELD:
    case RB_PHASE_ASKING:
    case RB_PHASE_UNANSWERED:
    case RB_PHASE_ATTEMPT_FAILED:
    case RB_PHASE_CHILDREN:
    case RB_PHASE_ENTERING:
    case RB_PHASE_STUCK:
    case RB_PHASE_HALTED:
    case RB_PHASE_PREPARING:
    case RB_PHASE_READY:
        return true;
    default:
        return false;
    }
}

/* What failed is decided about first; then its neighbours go on. */
bool rb_front_is_cancelled(const struct rb_state *state, int node)
{
    if (state->stop_level >= 2)
        return true;
    bool halted = state->nodes[node].active->halted != NULL;
    for (int at = node; !halted && at >= 0 && state->nodes[at].active;
         at = state->nodes[at].parent) {
        if (state->nodes[at].active->halts > 0 && rb_node_step(state, at)->cancel_branches)
            return true;
    }
    return false;
}

bool rb_front_is_held(const struct rb_state *state, int node)
{
    return (state->stop_level > 0 || waits_for_guard(state, node) ||
            rb_front_is_cancelled(state, node)) &&
           rb_front_may_stop(state, node);
}

bool rb_front_stands(const struct rb_state *state, int node)
{
    enum rb_phase phase = state->nodes[node].phase;
    bool guards = rb_front_is_guard(state, node) && phase != RB_PHASE_ASKING &&
                  phase != RB_PHASE_HALTED;
    return phase == RB_PHASE_STUCK || phase == RB_PHASE_UNANSWERED || guards ||
           rb_front_is_held(state, node);
}
