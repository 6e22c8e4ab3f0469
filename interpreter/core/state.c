#include "core/state.h"

#include <string.h>

#include "core/book.h"
#include "core/window.h"

static void mark_referred(struct rb_state *state)
{
    const struct rb_plan *plan = state->plan;
    for (int i = 0; i < plan->expr_count; i++) {
        for (int k = 0; k < plan->exprs[i].step_count; k++)
            state->referred[plan->exprs[i].steps[k]] = true;
    }
}

static bool any_needs(const struct rb_plan *plan)
{
    int step = 0;
    while (step < plan->step_count && !rb_value_get(plan->steps[step].spec, "needs"))
        step++;
    return step < plan->step_count;
}

struct rb_state *rb_state_new(const struct rb_plan *plan)
{
    struct rb_state *state = rb_alloc(sizeof *state);
    size_t steps = (size_t)plan->step_count;
    state->plan = plan;
    state->current = -1;
    state->next_step = plan->first_step;
    state->latest = rb_realloc(NULL, steps + 1, sizeof *state->latest);
    state->referred = rb_alloc(steps + 1);
    state->tried = rb_alloc((steps + 1) * sizeof *state->tried);
    for (size_t i = 0; i < steps; i++)
        state->latest[i] = -1;
    mark_referred(state);
    state->stay = -1;
    state->windows = rb_windows_new(plan);
    state->admits = state->windows || any_needs(plan);
    return state;
}

void rb_active_free(struct rb_active *active)
{
    if (!active)
        return;
    rb_value_unref(active->values);
    rb_value_unref(active->eval);
    rb_value_unref(active->result);
    rb_value_unref(active->note);
    rb_value_unref(active->answer);
    rb_value_unref(active->answers);
    rb_value_unref(active->question);
    rb_value_unref(active->received);
    rb_value_unref(active->approvals);
    rb_value_unref(active->signatures);
    rb_value_unref(active->failure);
    rb_value_unref(active->waits);
    rb_value_unref(active->halted);
    free(active->failures);
    free(active->redo);
    free(active);
}

void rb_state_free(struct rb_state *state)
{
    if (!state)
        return;
    for (int i = 0; i < state->node_count; i++) {
        rb_value_unref(state->nodes[i].outputs);
        rb_value_unref(state->nodes[i].result);
        rb_value_unref(state->nodes[i].elements);
        if (state->nodes[i].book)
            rb_book_values_done(state->nodes[i].book);
        free(state->nodes[i].book);
        rb_active_free(state->nodes[i].active);
    }
    rb_value_unref(state->created);
    rb_value_unref(state->operators);
    rb_book_values_done(&state->main);
    rb_value_unref(state->locks);
    rb_value_unref(state->operator_now);
    rb_value_unref(state->duties);
    rb_value_unref(state->lock_refused);
    rb_value_unref(state->end);
    rb_value_unref(state->stop);
    rb_value_unref(state->rollback);
    rb_value_unref(state->last);
    rb_value_unref(state->overrides);
    rb_value_unref(state->shell);
    rb_value_unref(state->shells);
    rb_steady_done(&state->steady);
    free(state->windows);
    free(state->nodes);
    free(state->active);
    free(state->fresh);
    free(state->latest);
    free(state->referred);
    free(state->tried);
    free(state);
}

void rb_node_key(const struct rb_state *state, int node, struct rb_buf *out)
{
    int elements[64], depth = 0;
    for (int at = node; at >= 0; at = state->nodes[at].parent) {
        if (state->nodes[at].element >= 0 && depth < (int)RB_COUNT(elements))
            elements[depth++] = state->nodes[at].element;
    }
    rb_buf_puts(out, rb_node_step(state, node)->id);
    while (depth > 0)
        rb_buf_printf(out, "[%d]", elements[--depth]);
}

const char *rb_state_operator(const struct rb_state *state)
{
    const struct rb_value *who = rb_value_get(state->created, "operator");
    return rb_value_as_text(state->operator_now, rb_value_get_text(who, "user", ""));
}

const char *rb_status_name(enum rb_status status)
{
    static const char *const names[] = {"active",  "passed", "failed",
                                        "skipped", "redone", "undone"};
    return names[status];
}

enum rb_status rb_node_outcome(const struct rb_state *state, int node)
{
    const struct rb_node *group = &state->nodes[node];
    const struct rb_step *step = rb_node_step(state, node);
    if (group->loop || group->status != RB_STATUS_PASSED ||
        !rb_value_get(step->spec, "targets"))
        return group->status;
    for (int child = step->first_child; child >= 0;
         child = state->plan->steps[child].next) {
        int at = state->latest[child];
        while (at >= 0 && state->nodes[at].parent != node)
            at = state->nodes[at].earlier;
        if (at >= 0 && state->nodes[at].status == RB_STATUS_FAILED)
            return RB_STATUS_FAILED;
    }
    return group->status;
}

const struct rb_step *rb_node_step(const struct rb_state *state, int node)
{
    return &state->plan->steps[state->nodes[node].step];
}

struct rb_node *rb_state_current(const struct rb_state *state)
{
    return state->current < 0 ? NULL : &state->nodes[state->current];
}

bool rb_node_holds(const struct rb_node *node)
{
    return node->phase == RB_PHASE_HELD ||
           (node->phase == RB_PHASE_ASKING &&
            strcmp(rb_value_get_text(node->active->question, "kind", ""), "review") == 0);
}

bool rb_node_is_uncommitted(const struct rb_node *node)
{
    return node->active && rb_node_holds(node) && node->active->intents == 1;
}

bool rb_state_is_over(const struct rb_state *state)
{
    const char *status = rb_value_get_text(state->end, "status", "");
    if (state->phase != RB_RUN_FINISHED || strcmp(status, "incomplete") == 0)
        return false;
    return state->active_count == 0 || strcmp(status, "cancelled") == 0;
}

bool rb_node_expires(const struct rb_node *node)
{
    return node->phase == RB_PHASE_ASKING && !node->active->expired &&
           rb_value_get(node->active->question, "expires");
}

bool rb_node_has_deadline(const struct rb_node *node)
{
    return node->phase == RB_PHASE_WAITING || rb_node_expires(node) ||
           (node->phase == RB_PHASE_ASKING && node->active->entering &&
            node->active->due_utc > 0);
}

bool rb_node_is_due(const struct rb_node *node, rb_time mono)
{
    return rb_node_has_deadline(node) && mono >= node->active->due;
}

bool rb_node_prepares(const struct rb_state *state, const struct rb_node *node)
{
    const struct rb_step *step = &state->plan->steps[node->step];
    if (node->loop)
        return true;
    bool own_when = step->when >= 0 && node->element < 0;
    return own_when || (step->prepare_count > 0 &&
                        (step->calls || !rb_action_holds_steps(step->action)));
}

static const struct rb_value *dump_children(const struct rb_failed_child *children,
                                            int count)
{
    struct rb_list_builder list = {0};
    for (int i = 0; i < count; i++) {
        rb_list_add(&list, rb_value_int(children[i].node));
        rb_list_add(&list, rb_value_int(children[i].most));
        rb_list_add(&list, rb_value_bool(children[i].unknown));
    }
    return rb_list_end(&list);
}

static const struct rb_value *dump_active(const struct rb_active *a)
{
    return rb_value_map(
        "values", rb_value_ref(a->values), "eval", rb_value_ref(a->eval), "note",
        rb_value_ref(a->note), "result", rb_value_ref(a->result), "answer",
        rb_value_ref(a->answer), "answers", rb_value_ref(a->answers), "question",
        rb_value_ref(a->question), "failure", rb_value_ref(a->failure), "waits",
        rb_value_ref(a->waits), "looked", rb_value_int(a->looked), "received",
        rb_value_ref(a->received), "approvals", rb_value_ref(a->approvals), "signatures",
        rb_value_ref(a->signatures), "halted", rb_value_ref(a->halted), "began",
        rb_value_int(a->began), "first", rb_value_int(a->first_attempt), "due",
        rb_value_int(a->due), "due_utc", rb_value_int(a->due_utc), "late",
        rb_value_int(a->late), "held", rb_value_int(a->held_since), "failing",
        rb_value_int(a->failing_since), "unknown", rb_value_int(a->unknown_since), "item",
        rb_value_int(a->item), "polls", rb_value_int(a->polls), "intents",
        rb_value_int(a->intents), "child", rb_value_int(a->next_child), "element",
        rb_value_int(a->next_element), "under", rb_value_int(a->under), "flags",
        rb_value_int(a->waited | a->asked_failure << 1 | a->in_doubt << 2 |
                     a->inherited << 3 | a->handled << 4 | a->pausing << 5 |
                     a->entering << 6 | a->expired << 7 | a->admitted << 8),
        "halts", rb_value_int(a->halts), "entered", rb_value_int(a->entered), "failures",
        dump_children(a->failures, a->failure_count), "redo",
        dump_children(a->redo, a->redo_count), "redone", rb_value_int(a->redo_next), "most",
        rb_value_int(a->most), NULL);
}

static const struct rb_value *dump_node(const struct rb_state *state, int i)
{
    const struct rb_node *node = &state->nodes[i];
    RB_AUTO_BUF struct rb_buf key = {0};
    rb_node_key(state, i, &key);
    return rb_value_map(
        "key", rb_value_text(rb_buf_text(&key)), "phase", rb_value_int(node->phase),
        "status", rb_value_text(rb_status_name(node->status)), "attempt",
        rb_value_int(node->attempt), "first", rb_value_int(node->first), "ended",
        rb_value_int(node->ended), "outputs", rb_value_ref(node->outputs), "result",
        rb_value_ref(node->result), "elements", rb_value_ref(node->elements), "marks",
        rb_value_int(node->started | node->doubted << 1 | node->left << 2), "book",
        rb_book_dump(node->book), "active", node->active ? dump_active(node->active) : NULL,
        NULL);
}

/* By which instances are found. */
static const struct rb_value *dump_latest(const struct rb_state *state)
{
    struct rb_list_builder list = {0};
    for (int i = 0; i < state->plan->step_count; i++)
        rb_list_add(&list, rb_value_int(state->latest[i]));
    return rb_list_end(&list);
}

const struct rb_value *rb_state_dump(const struct rb_state *state)
{
    struct rb_list_builder nodes = {0};
    for (int i = 0; i < state->node_count; i++)
        rb_list_add(&nodes, dump_node(state, i));
    return rb_value_map(
        "phase", rb_value_int(state->phase), "created", rb_value_ref(state->created),
        "operators", rb_value_ref(state->operators), "main", rb_book_dump(&state->main),
        "operator", rb_value_ref(state->operator_now), "duties",
        rb_value_ref(state->duties), "remarks", rb_value_int(state->remarks), "locks",
        rb_value_ref(state->locks), "locked", rb_value_bool(state->locked), "refused",
        rb_value_ref(state->lock_refused), "end", rb_value_ref(state->end), "utc",
        rb_value_int(state->utc), "mono", rb_value_int(state->mono), "stop",
        rb_value_int(state->stop_level), "current", rb_value_int(state->current), "latest",
        dump_latest(state), "stuck", rb_value_bool(state->stuck), "next",
        rb_value_int(state->next_step), "questions", rb_value_int(state->questions),
        "rollback", rb_value_ref(state->rollback), "rollback_from",
        rb_value_int(state->rollback_from), "last", rb_value_ref(state->last),
        "last_failed", rb_value_int(state->last_failed), "elapsed",
        rb_value_int(state->steady.elapsed), "trusted", rb_value_int(state->steady.trusted),
        "stay", rb_value_int(state->stay), "windows", rb_windows_dump(state), "overrides",
        rb_value_ref(state->overrides), "shell", rb_value_ref(state->shell), "shells",
        rb_value_ref(state->shells), "nodes", rb_list_end(&nodes), NULL);
}
