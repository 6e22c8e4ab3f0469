#include "core/book.h"

#include <string.h>

#include "plan/template.h"

/* What the cursor stands at, past the vars. */
enum { AT_ENV, AT_CONNECTIONS, AT_LOCKS, AT_END };
enum { KEY_MOST = 500 }; /* bytes of a lock's key */

const struct rb_book *rb_book_of(const struct rb_state *state, int node)
{
    const struct rb_plan *plan = state->plan;
    return plan->books[node < 0 ? 0 : plan->steps[state->nodes[node].step].calls];
}

struct rb_book_values *rb_book_at(const struct rb_state *state, int node)
{
    /* The values of the file that is run lie in the state itself. */
    return node < 0 ? (struct rb_book_values *)&state->main : state->nodes[node].book;
}

static int past_vars(const struct rb_state *state, int node)
{
    return rb_book_at(state, node)->cursor - rb_book_of(state, node)->var_count;
}

static const struct rb_value *at_cursor(const struct rb_state *state, int node)
{
    const struct rb_book *book = rb_book_of(state, node);
    const struct rb_value *rest[] = {book->env, book->connections,
                                     node < 0 ? state->plan->locks : NULL};
    int past = past_vars(state, node);
    return past < 0 ? book->vars[book->var_count + past].value : rest[past];
}

bool rb_book_done(const struct rb_state *state, int node)
{
    return rb_book_at(state, node) && past_vars(state, node) >= AT_END;
}

void rb_book_exprs(const struct rb_state *state, int node, int **items, int *count,
                   int *capacity)
{
    rb_template_exprs(at_cursor(state, node), items, count, capacity);
}

static void keep_var(struct rb_book_values *values, const char *name,
                     const struct rb_value *owned)
{
    const struct rb_value *old = values->vars;
    RB_AUTO_VALUE const struct rb_value *one = rb_value_map(name, owned, NULL);
    values->vars = rb_value_merge(old, one);
    rb_value_unref(old);
}

static void say_error(struct rb_book_values *values, const char *message)
{
    RB_AUTO_VALUE const struct rb_value *error = rb_value_textf("%.250s", message);
    rb_value_put(&values->error, error);
}

/* A key that names nothing, or that no message could hold, excludes nobody. */
static void keep_locks(struct rb_state *state, const struct rb_value *owned)
{
    state->locks = state->plan->locks ? owned : NULL;
    for (size_t i = 0; i < rb_value_count(state->locks); i++) {
        const struct rb_value *key = rb_value_at(state->locks, i);
        size_t length = rb_value_length(key);
        const char *text = rb_value_as_text(key, "");
        RB_AUTO_VALUE const struct rb_value *wrong =
            rb_value_textf("locks: number %zu is %s", i + 1,
                           length == 0 ? "empty" : "too long, or has a zero byte in it");
        if (length == 0 || length > KEY_MOST || strlen(text) != length)
            say_error(&state->main, rb_value_as_text(wrong, ""));
    }
    if (!state->plan->locks)
        rb_value_unref(owned);
}

static void keep(struct rb_state *state, int node, const struct rb_value *owned)
{
    struct rb_book_values *values = rb_book_at(state, node);
    int past = past_vars(state, node);
    if (past == AT_ENV)
        values->env = owned;
    else if (past == AT_CONNECTIONS)
        values->connections = owned;
    else if (past == AT_LOCKS && node < 0)
        keep_locks(state, owned);
    else if (past == AT_LOCKS)
        rb_value_unref(owned);
    else
        keep_var(values, rb_book_of(state, node)->vars[values->cursor].name, owned);
    values->cursor++;
}

static bool fill(struct rb_state *state, int node, const struct rb_value *values)
{
    const struct rb_value *filled = NULL;
    struct rb_error err = {0};
    if (!rb_template_fill(state->plan, at_cursor(state, node), values, &filled, &err)) {
        say_error(rb_book_at(state, node), err.message);
        return false;
    }
    keep(state, node, filled);
    return true;
}

void rb_book_advance(struct rb_state *state, int node)
{
    while (!rb_book_done(state, node) && !rb_book_at(state, node)->error) {
        RB_AUTO_FREE int *exprs = NULL;
        int count = 0, capacity = 0;
        rb_book_exprs(state, node, &exprs, &count, &capacity);
        if (count > 0 || !fill(state, node, NULL))
            return;
    }
}

void rb_book_take(struct rb_state *state, int node, const struct rb_value *items)
{
    struct rb_map_builder values = {0};
    if (rb_book_done(state, node))
        return;
    for (size_t i = 0; i < rb_value_count(items); i++) {
        const struct rb_value *item = rb_value_at(items, i);
        const char *wrong = rb_value_get_text(item, "error", NULL);
        if (wrong)
            say_error(rb_book_at(state, node), wrong);
        const struct rb_value *value = rb_value_get(item, "value");
        if (value)
            rb_map_add(&values, rb_value_get_text(item, "name", ""), rb_value_ref(value));
    }
    RB_AUTO_VALUE const struct rb_value *map = rb_map_end(&values);
    if (!rb_book_at(state, node)->error && fill(state, node, map))
        rb_book_advance(state, node);
}

const struct rb_book_values *rb_book_seen(const struct rb_state *state, int book)
{
    static const struct rb_book_values none;
    int at = state->current;
    while (book > 0 && at >= 0 &&
           (state->nodes[at].loop || rb_node_step(state, at)->calls != book))
        at = state->nodes[at].parent;
    const struct rb_book_values *values =
        book > 0 && at < 0 ? NULL : rb_book_at(state, book > 0 ? at : -1);
    return values ? values : &none;
}

static int number_here(const struct rb_state *state)
{
    return state->current < 0 ? 0 : rb_node_step(state, state->current)->book;
}

const struct rb_book_values *rb_book_here(const struct rb_state *state)
{
    return rb_book_seen(state, number_here(state));
}

const struct rb_book *rb_book_declared(const struct rb_state *state)
{
    return state->plan->books[number_here(state)];
}

void rb_book_values_done(struct rb_book_values *values)
{
    rb_value_unref(values->params);
    rb_value_unref(values->vars);
    rb_value_unref(values->env);
    rb_value_unref(values->connections);
    rb_value_unref(values->error);
}

const struct rb_value *rb_book_dump(const struct rb_book_values *values)
{
    if (!values)
        return NULL;
    return rb_value_map(
        "params", rb_value_ref(values->params), "vars", rb_value_ref(values->vars), "env",
        rb_value_ref(values->env), "connections", rb_value_ref(values->connections),
        "cursor", rb_value_int(values->cursor), "error", rb_value_ref(values->error), NULL);
}
