#include "core/scope.h"

#include <string.h>

#include "core/book.h"
#include "core/front.h"

static const struct rb_value *run_scope(const struct rb_state *state)
{
    char started[28];
    rb_time_format(state->created_utc, started);
    return rb_value_map("id", rb_value_ref(rb_value_get(state->created, "run")), "operator",
                        rb_value_text(rb_state_operator(state)), "started",
                        rb_value_text(started), NULL);
}

static const struct rb_value *step_scope(const struct rb_state *state, int index)
{
    int at = rb_front_seen(state, index);
    if (at < 0)
        return rb_value_map("status", rb_value_text("pending"), NULL);
    const struct rb_node *node = &state->nodes[at];
    return rb_value_map("status", rb_value_text(rb_status_name(rb_node_outcome(state, at))),
                        "attempts", rb_value_int(node->attempt), "outputs",
                        rb_value_ref(node->outputs), "exit",
                        rb_value_ref(rb_value_get(node->result, "exit")), "out",
                        rb_value_ref(rb_value_get(node->result, "out")), "err",
                        rb_value_ref(rb_value_get(node->result, "err")), NULL);
}

static const struct rb_value *steps_scope(const struct rb_state *state, const int *exprs,
                                          int count)
{
    struct rb_map_builder map = {0};
    for (int i = 0; i < count; i++) {
        const struct rb_expr *expr = &state->plan->exprs[exprs[i]];
        for (int k = 0; k < expr->step_count; k++) {
            const char *id = state->plan->steps[expr->steps[k]].id;
            size_t prefix = strlen(rb_plan_book(state->plan, expr->steps[k])->prefix);
            rb_map_add(&map, id + prefix, step_scope(state, expr->steps[k]));
        }
    }
    return rb_map_end(&map);
}

/* References only: {NAME: {"$secret": NAME}}. */
static const struct rb_value *secrets_scope(const struct rb_book *book)
{
    struct rb_map_builder map = {0};
    for (size_t i = 0; i < rb_value_count(book->secrets); i++) {
        const struct rb_value *name = rb_value_member_at(book->secrets, i);
        rb_map_add(&map, rb_value_as_text(rb_value_key_at(book->secrets, i), ""),
                   rb_value_map("$secret", rb_value_ref(name), NULL));
    }
    return map.count > 0 ? rb_map_end(&map) : NULL;
}

/* The innermost loop of a name wins: it is added last. */
static void add_loops(const struct rb_state *state, int at, int book,
                      struct rb_map_builder *map)
{
    const struct rb_node *node = &state->nodes[at];
    if (node->parent >= 0)
        add_loops(state, node->parent, book, map);
    if (node->element < 0 || rb_node_step(state, at)->book != book)
        return;
    const struct rb_value *elements = state->nodes[node->parent].elements;
    const struct rb_value *element = rb_value_at(elements, (size_t)node->element);
    rb_map_add(map, rb_node_step(state, at)->loop_name, rb_value_ref(element));
}

/* All that is evaluated at once stands in one file. */
static int book_of(const struct rb_state *state, const int *exprs, int count)
{
    if (count > 0)
        return state->plan->exprs[exprs[0]].book;
    return state->current < 0 ? 0 : rb_node_step(state, state->current)->book;
}

const struct rb_value *rb_scope(const struct rb_state *state,
                                const struct rb_book_values *book, const int *exprs,
                                int count, const struct rb_value *result)
{
    struct rb_map_builder loops = {0};
    int number = book_of(state, exprs, count);
    if (state->current >= 0)
        add_loops(state, state->current, number, &loops);
    const char *environment = state->plan->environment;
    const struct rb_book_values *values = book ? book : rb_book_seen(state, number);
    return rb_value_map("params", rb_value_ref(values->params), "vars",
                        rb_value_ref(values->vars), "environment",
                        environment ? rb_value_text(environment) : NULL, "secrets",
                        secrets_scope(state->plan->books[number]), "run", run_scope(state),
                        "steps", steps_scope(state, exprs, count), "loop",
                        rb_map_end(&loops), "result", rb_value_ref(result), NULL);
}
