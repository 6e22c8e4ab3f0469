#include "core/rollback.h"

#include <string.h>

#include "core/container.h"
#include "core/front.h"
#include "core/rules.h"
#include "plan/rescue.h"

/* What was begun anew, and has been started again, is taken back by its newest instance. */
static bool is_superseded(const struct rb_state *state, int node)
{
    RB_AUTO_BUF struct rb_buf key = {0};
    if (!state->repeats)
        return false;
    rb_node_key(state, node, &key);
    bool newer = false;
    for (int i = node + 1; i < state->node_count && !newer; i++) {
        RB_AUTO_BUF struct rb_buf other = {0};
        if (state->nodes[i].step != state->nodes[node].step || !state->nodes[i].started)
            continue;
        rb_node_key(state, i, &other);
        newer = strcmp(rb_buf_text(&key), rb_buf_text(&other)) == 0;
    }
    return newer;
}

static bool is_to_be_undone(const struct rb_state *state, int node)
{
    const struct rb_node *at = &state->nodes[node];
    return at->started && !at->loop && rb_node_step(state, node)->undo >= 0 &&
           !rb_node_is_uncommitted(at) && !is_superseded(state, node);
}

static int next_before(const struct rb_state *state, int node)
{
    int at = node - 1;
    while (at >= 0 && !is_to_be_undone(state, at))
        at--;
    return at;
}

int rb_rollback_next(const struct rb_state *state)
{
    return state->rollback ? next_before(state, state->rollback_from) : -1;
}

typedef const struct rb_value *rb_naming(const struct rb_state *state, int node);

static const struct rb_value *key_of(const struct rb_state *state, int node)
{
    const struct rb_state at = rb_state_at(state, node);
    return rb_rule_key(&at);
}

static void add_before(const struct rb_state *state, int node, rb_naming *name,
                       struct rb_list_builder *names)
{
    for (int at = next_before(state, node); at >= 0; at = next_before(state, at))
        rb_list_add(names, name(state, at));
}

static const struct rb_value *all_keys(const struct rb_state *state)
{
    struct rb_list_builder keys = {0};
    add_before(state, state->node_count, key_of, &keys);
    return rb_list_end(&keys);
}

/* From the outside in, as the key has their numbers. */
static void add_elements(const struct rb_state *state, int node, struct rb_buf *out)
{
    const struct rb_node *at = &state->nodes[node];
    RB_AUTO_BUF struct rb_buf own = {0};
    if (at->parent < 0)
        return;
    add_elements(state, at->parent, out);
    if (at->element >= 0 && rb_container_element(state, at->parent, at->element, &own))
        rb_buf_printf(out, "%s%s", out->length > 0 ? ", " : "", rb_buf_text(&own));
}

static const struct rb_value *name_of(const struct rb_state *state, int node)
{
    RB_AUTO_BUF struct rb_buf name = {0}, elements = {0};
    rb_node_key(state, node, &name);
    add_elements(state, node, &elements);
    if (elements.length > 0)
        rb_buf_printf(&name, " (%s)", rb_buf_text(&elements));
    return rb_value_string(rb_buf_text(&name), name.length);
}

/* A person gave them up, the newest first. What the undo under way takes back is left as well. */
static const struct rb_value *left(const struct rb_state *state, rb_naming *name)
{
    int from = state->rollback_from + (state->active_count > 0 && !state->last);
    struct rb_list_builder names = {0};
    for (int i = state->node_count; i-- > 0;) {
        if (state->nodes[i].left)
            rb_list_add(&names, name(state, i));
    }
    add_before(state, from < state->node_count ? from : state->node_count, name, &names);
    return rb_list_end(&names);
}

const struct rb_value *rb_rollback_left(const struct rb_state *state)
{
    return left(state, key_of);
}

const struct rb_value *rb_rollback_left_names(const struct rb_state *state)
{
    return left(state, name_of);
}

bool rb_rollback_doubts(const struct rb_state *state, int node)
{
    const struct rb_node *at = &state->nodes[node];
    return at->active && state->plan->steps[at->step].undoes >= 0 &&
           state->nodes[at->parent].doubted;
}

bool rb_rollback_is_possible(const struct rb_state *state)
{
    return !state->rollback && !state->last && next_before(state, state->node_count) >= 0;
}

bool rb_rollback_say(const struct rb_state *state, struct rb_event *ret,
                     const struct rb_value *owned_cause)
{
    RB_AUTO_VALUE const struct rb_value *cause = owned_cause;
    RB_AUTO_VALUE const struct rb_value *what =
        rb_value_map("step", state->current >= 0 ? rb_rule_key(state) : NULL, "undo",
                     all_keys(state), NULL);
    return rb_rule_say(state, ret, RB_EV_ROLLBACK_BEGAN, rb_value_merge(cause, what));
}

bool rb_rollback_begin(const struct rb_state *state, struct rb_event *ret,
                       const struct rb_value *owned_cause, bool stops)
{
    if (rb_front_is_alone(state))
        return rb_rollback_say(state, ret, owned_cause);
    RB_AUTO_VALUE const struct rb_value *cause = owned_cause;
    RB_AUTO_VALUE const struct rb_value *halt = rb_value_map(
        "status", rb_value_text("rollback"), "step", rb_rule_key(state), "exit",
        rb_value_int(5), "stops", stops ? rb_value_bool(true) : NULL, "level",
        rb_front_is_guard(state, state->current) ? rb_value_int(2) : NULL, NULL);
    return rb_rule_say(state, ret, RB_EV_STEP_HALTED, rb_value_merge(cause, halt));
}

bool rb_rollback_stop(const struct rb_state *state, struct rb_event *ret, const char *why)
{
    if (!state->rollback || state->last)
        return false;
    return rb_rule_finish(
        state, ret,
        rb_value_map("status", rb_value_text("incomplete"), "why", rb_value_text(why),
                     "step", state->current >= 0 ? rb_rule_key(state) : NULL, "left",
                     rb_rollback_left(state), "exit", rb_value_int(6), NULL));
}
