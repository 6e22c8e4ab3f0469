#include "core/start.h"

#include <stdio.h>

#include "plan/template.h"

static const struct rb_value *at_cursor(const struct rb_state *state)
{
    const struct rb_plan *plan = state->plan;
    if (state->start_cursor < plan->var_count)
        return plan->vars[state->start_cursor].value;
    return state->start_cursor == plan->var_count ? plan->env : plan->connections;
}

bool rb_start_done(const struct rb_state *state)
{
    return state->start_cursor > state->plan->var_count + 1;
}

void rb_start_exprs(const struct rb_state *state, int **items, int *count, int *capacity)
{
    rb_template_exprs(at_cursor(state), items, count, capacity);
}

static void keep(struct rb_state *state, const struct rb_value *owned)
{
    if (state->start_cursor == state->plan->var_count) {
        state->env = owned;
    } else if (state->start_cursor > state->plan->var_count) {
        state->connections = owned;
    } else {
        const struct rb_value *old = state->vars;
        RB_AUTO_VALUE const struct rb_value *one =
            rb_value_map(state->plan->vars[state->start_cursor].name, owned, NULL);
        state->vars = rb_value_merge(old, one);
        rb_value_unref(old);
    }
    state->start_cursor++;
}

static bool fill(struct rb_state *state, const struct rb_value *values)
{
    const struct rb_value *filled = NULL;
    struct rb_error err = {0};
    if (!rb_template_fill(state->plan, at_cursor(state), values, &filled, &err)) {
        snprintf(state->start_error, sizeof state->start_error, "%.250s", err.message);
        return false;
    }
    keep(state, filled);
    return true;
}

void rb_start_advance(struct rb_state *state)
{
    while (!rb_start_done(state)) {
        RB_AUTO_FREE int *exprs = NULL;
        int count = 0, capacity = 0;
        rb_start_exprs(state, &exprs, &count, &capacity);
        if (count > 0 || !fill(state, NULL))
            return;
    }
}

void rb_start_take(struct rb_state *state, const struct rb_value *items)
{
    struct rb_map_builder values = {0};
    if (rb_start_done(state))
        return;
    for (size_t i = 0; i < rb_value_count(items); i++) {
        const struct rb_value *item = rb_value_at(items, i);
        const char *wrong = rb_value_get_text(item, "error", NULL);
        if (wrong)
            snprintf(state->start_error, sizeof state->start_error, "%.250s", wrong);
        const struct rb_value *value = rb_value_get(item, "value");
        if (value)
            rb_map_add(&values, rb_value_get_text(item, "name", ""), rb_value_ref(value));
    }
    RB_AUTO_VALUE const struct rb_value *map = rb_map_end(&values);
    if (!state->start_error[0] && fill(state, map))
        rb_start_advance(state);
}
