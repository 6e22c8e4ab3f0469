#include "core/state.h"

#include <string.h>

static void mark_referred(struct rb_state *state)
{
    const struct rb_plan *plan = state->plan;
    for (int i = 0; i < plan->expr_count; i++) {
        for (int k = 0; k < plan->exprs[i].step_count; k++)
            state->referred[plan->exprs[i].steps[k]] = true;
    }
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
    for (size_t i = 0; i < steps; i++)
        state->latest[i] = -1;
    mark_referred(state);
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
    rb_value_unref(active->elements);
    rb_value_unref(active->question);
    rb_value_unref(active->failure);
    free(active);
}

void rb_state_free(struct rb_state *state)
{
    if (!state)
        return;
    for (int i = 0; i < state->node_count; i++) {
        rb_value_unref(state->nodes[i].outputs);
        rb_value_unref(state->nodes[i].result);
        rb_active_free(state->nodes[i].active);
    }
    rb_value_unref(state->created);
    rb_value_unref(state->vars);
    rb_value_unref(state->env);
    rb_value_unref(state->connections);
    rb_value_unref(state->end);
    rb_value_unref(state->start_eval);
    rb_value_unref(state->stop_why);
    free(state->nodes);
    free(state->latest);
    free(state->referred);
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

const char *rb_status_name(enum rb_status status)
{
    static const char *const names[] = {"active", "passed", "failed", "skipped"};
    return names[status];
}

const struct rb_step *rb_node_step(const struct rb_state *state, int node)
{
    return &state->plan->steps[state->nodes[node].step];
}

struct rb_node *rb_state_current(const struct rb_state *state)
{
    return state->current < 0 ? NULL : &state->nodes[state->current];
}

bool rb_node_prepares(const struct rb_state *state, const struct rb_node *node)
{
    const struct rb_step *step = &state->plan->steps[node->step];
    if (node->loop)
        return true;
    bool own_when = step->when >= 0 && node->element < 0;
    return own_when || (step->prepare_count > 0 && step->action != RB_ACTION_STEPS);
}

static const struct rb_value *or_null(const struct rb_value *value)
{
    return value ? rb_value_ref(value) : NULL;
}

static const struct rb_value *dump_active(const struct rb_active *a)
{
    return rb_value_map(
        "values", or_null(a->values), "eval", or_null(a->eval), "note", or_null(a->note),
        "result", or_null(a->result), "answer", or_null(a->answer), "answers",
        or_null(a->answers), "elements", or_null(a->elements), "question",
        or_null(a->question), "failure", or_null(a->failure), "began",
        rb_value_int(a->began), "first", rb_value_int(a->first_attempt), "due",
        rb_value_int(a->due), "due_utc", rb_value_int(a->due_utc), "held",
        rb_value_int(a->held_since), "item", rb_value_int(a->item), "polls",
        rb_value_int(a->polls), "intents", rb_value_int(a->intents), "child",
        rb_value_int(a->next_child), "element", rb_value_int(a->next_element), "flags",
        rb_value_int(a->waited | a->asked_failure << 1 | a->in_doubt << 2), NULL);
}

static const struct rb_value *dump_node(const struct rb_state *state, int i)
{
    const struct rb_node *node = &state->nodes[i];
    RB_AUTO_BUF struct rb_buf key = {0};
    rb_node_key(state, i, &key);
    return rb_value_map("key", rb_value_text(rb_buf_text(&key)), "phase",
                        rb_value_int(node->phase), "status",
                        rb_value_text(rb_status_name(node->status)), "attempt",
                        rb_value_int(node->attempt), "outputs", or_null(node->outputs),
                        "result", or_null(node->result), "active",
                        node->active ? dump_active(node->active) : NULL, NULL);
}

const struct rb_value *rb_state_dump(const struct rb_state *state)
{
    struct rb_list_builder nodes = {0};
    for (int i = 0; i < state->node_count; i++)
        rb_list_add(&nodes, dump_node(state, i));
    return rb_value_map(
        "phase", rb_value_int(state->phase), "created", or_null(state->created), "vars",
        or_null(state->vars), "env", or_null(state->env), "connections",
        or_null(state->connections), "end", or_null(state->end), "cursor",
        rb_value_int(state->start_cursor), "utc", rb_value_int(state->utc), "mono",
        rb_value_int(state->mono), "stop", rb_value_int(state->stop_level), "current",
        rb_value_int(state->current), "next", rb_value_int(state->next_step), "failed",
        rb_value_int(state->failed_steps), "questions", rb_value_int(state->questions),
        "nodes", rb_list_end(&nodes), NULL);
}
