#include "core/scope.h"

static const struct rb_value *or_absent(const struct rb_value *value)
{
    return value ? rb_value_ref(value) : NULL;
}

static const struct rb_value *run_scope(const struct rb_state *state)
{
    char started[28];
    rb_time_format(state->created_utc, started);
    const struct rb_value *operator= rb_value_get(state->created, "operator");
    return rb_value_map("id", or_absent(rb_value_get(state->created, "run")), "operator",
                        rb_value_text(rb_value_get_text(operator, "user", "")), "started",
                        rb_value_text(started), NULL);
}

static const struct rb_value *step_scope(const struct rb_state *state, int index)
{
    int at = state->latest[index];
    if (at < 0)
        return rb_value_map("status", rb_value_text("pending"), NULL);
    const struct rb_node *node = &state->nodes[at];
    return rb_value_map("status", rb_value_text(rb_status_name(node->status)), "attempts",
                        rb_value_int(node->attempt), "outputs", or_absent(node->outputs),
                        "exit", or_absent(rb_value_get(node->result, "exit")), "out",
                        or_absent(rb_value_get(node->result, "out")), "err",
                        or_absent(rb_value_get(node->result, "err")), NULL);
}

static const struct rb_value *steps_scope(const struct rb_state *state, const int *exprs,
                                          int count)
{
    struct rb_map_builder map = {0};
    for (int i = 0; i < count; i++) {
        const struct rb_expr *expr = &state->plan->exprs[exprs[i]];
        for (int k = 0; k < expr->step_count; k++) {
            rb_map_add(&map, state->plan->steps[expr->steps[k]].id,
                       step_scope(state, expr->steps[k]));
        }
    }
    return rb_map_end(&map);
}

/* References only: {NAME: {"$secret": NAME}}. */
static const struct rb_value *secrets_scope(const struct rb_plan *plan)
{
    struct rb_map_builder map = {0};
    for (int i = 0; i < plan->secret_count; i++) {
        const char *name = plan->secrets[i].name;
        rb_map_add(&map, name, rb_value_map("$secret", rb_value_text(name), NULL));
    }
    return map.count > 0 ? rb_map_end(&map) : NULL;
}

/* The innermost loop of a name wins: it is added last. */
static void add_loops(const struct rb_state *state, int at, struct rb_map_builder *map)
{
    const struct rb_node *node = &state->nodes[at];
    if (node->parent >= 0)
        add_loops(state, node->parent, map);
    if (node->element < 0)
        return;
    const struct rb_value *elements = state->nodes[node->parent].active->elements;
    const struct rb_value *element = rb_value_at(elements, (size_t)node->element);
    rb_map_add(map, rb_node_step(state, at)->loop_name, rb_value_ref(element));
}

const struct rb_value *rb_scope(const struct rb_state *state, const int *exprs, int count,
                                const struct rb_value *result)
{
    struct rb_map_builder loops = {0};
    if (state->current >= 0)
        add_loops(state, state->current, &loops);
    const char *environment = state->plan->environment;
    return rb_value_map("params", or_absent(rb_value_get(state->created, "params")), "vars",
                        or_absent(state->vars), "environment",
                        environment ? rb_value_text(environment) : NULL, "secrets",
                        secrets_scope(state->plan), "run", run_scope(state), "steps",
                        steps_scope(state, exprs, count), "loop", rb_map_end(&loops),
                        "result", or_absent(result), NULL);
}
