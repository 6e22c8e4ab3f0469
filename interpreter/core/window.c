#include "core/window.h"

#include <string.h>

#include "core/nodes.h"
#include "core/rules.h"

enum { LOOKS_MAX = 3 };

const struct rb_value *rb_window_spec(const struct rb_plan *plan, int owner)
{
    return owner < 0 ? plan->window : rb_value_get(plan->steps[owner].spec, "window");
}

struct rb_window *rb_windows_new(const struct rb_plan *plan)
{
    bool any = plan->window != NULL;
    for (int i = 0; i < plan->step_count && !any; i++)
        any = rb_window_spec(plan, i) != NULL;
    return any ? rb_alloc((size_t)(plan->step_count + 1) * sizeof(struct rb_window)) : NULL;
}

const struct rb_value *rb_windows_dump(const struct rb_state *state)
{
    struct rb_list_builder list = {0};
    for (int i = 0; state->windows && i <= state->plan->step_count; i++) {
        const struct rb_window *window = &state->windows[i];
        rb_list_add(&list, rb_value_int(window->known | window->open << 1));
        rb_list_add(&list, rb_value_int(window->since));
        rb_list_add(&list, rb_value_int(window->until));
    }
    return rb_list_end(&list);
}

int rb_window_owner(const struct rb_plan *plan, int step)
{
    int at = step;
    while (at >= 0 && !rb_window_spec(plan, at))
        at = plan->steps[at].parent;
    if (at >= 0)
        return at;
    return plan->window ? -1 : RB_NO_WINDOW;
}

int rb_window_next(const struct rb_plan *plan, int owner)
{
    return owner < 0 ? RB_NO_WINDOW : rb_window_owner(plan, plan->steps[owner].parent);
}

bool rb_window_applies(const struct rb_state *state, const struct rb_node *node)
{
    return state->windows && rb_window_owner(state->plan, node->step) != RB_NO_WINDOW;
}

const struct rb_value *rb_window_name(const struct rb_plan *plan, int owner)
{
    return owner < 0 ? rb_value_text("window")
                     : rb_value_textf("window.%s", plan->steps[owner].id);
}

static struct rb_window *window_of(const struct rb_state *state, int owner)
{
    return &state->windows[owner + 1];
}

bool rb_window_is_known(const struct rb_state *state, int owner)
{
    const struct rb_window *window = window_of(state, owner);
    return window->known && window->since <= state->utc && state->utc < window->until;
}

/* Why it could not be found out. A clock that runs away while it is asked has no answer. */
static const char *failed_look(const struct rb_state *state, int owner)
{
    const struct rb_active *active = rb_state_current(state)->active;
    RB_AUTO_VALUE const struct rb_value *name = rb_window_name(state->plan, owner);
    const struct rb_value *item = rb_item_named(active->eval, rb_value_as_text(name, ""));
    const char *error = rb_value_get_text(item, "error", NULL);
    if (active->polls == 0)
        return NULL;
    if (error)
        return error;
    return active->polls >= LOOKS_MAX ? "the clock moves while it is asked" : NULL;
}

static void look_at(const struct rb_state *state, int owner, struct rb_window_view *view)
{
    const struct rb_window *window = window_of(state, owner);
    rb_time at = window->until == INT64_MAX ? 0 : window->until;
    if (!rb_window_is_known(state, owner)) {
        const char *why = failed_look(state, owner);
        *view = (struct rb_window_view){why ? RB_WINDOW_UNKNOWN : RB_WINDOW_LOOK, owner, 0,
                                        why};
    } else if (!window->open) {
        *view = (struct rb_window_view){RB_WINDOW_CLOSED, owner, at, NULL};
    } else if (view->at == 0 || (at != 0 && at < view->at)) {
        view->at = at;
    }
}

/* What is closed for sure is told before what the clock leaves open: from the inside out. */
struct rb_window_view rb_window_view(const struct rb_state *state)
{
    struct rb_window_view view = {RB_WINDOW_ADMITS, RB_NO_WINDOW, 0, NULL};
    if (!state->windows)
        return view;
    int owner = rb_window_owner(state->plan, rb_state_current(state)->step);
    if (owner == RB_NO_WINDOW)
        return view;
    if (rb_steady_doubts(&state->steady))
        return (struct rb_window_view){RB_WINDOW_CLOCK, owner, 0, NULL};
    for (; owner != RB_NO_WINDOW && view.says == RB_WINDOW_ADMITS;
         owner = rb_window_next(state->plan, owner))
        look_at(state, owner, &view);
    return view;
}

void rb_windows_stir(struct rb_state *state)
{
    for (int i = 0; state->windows && i < state->active_count; i++) {
        if (state->nodes[state->active[i]].phase == RB_PHASE_ENTERING)
            rb_nodes_touch(state, state->active[i]);
    }
}

/* Seconds of the evaluation as an instant; INT64_MAX where there is none. */
static rb_time instant(const struct rb_value *value, const char *member, rb_time otherwise)
{
    rb_time at;
    const struct rb_value *seconds = rb_value_get(value, member);
    if (!rb_value_is(seconds, RB_INT) ||
        __builtin_mul_overflow(rb_value_as_int(seconds, 0), RB_SEC, &at))
        return otherwise;
    return at;
}

void rb_window_take(struct rb_state *state, const struct rb_value *items)
{
    if (!state->windows)
        return;
    for (int owner = rb_window_owner(state->plan, rb_state_current(state)->step);
         owner != RB_NO_WINDOW; owner = rb_window_next(state->plan, owner)) {
        RB_AUTO_VALUE const struct rb_value *name = rb_window_name(state->plan, owner);
        const struct rb_value *item = rb_item_named(items, rb_value_as_text(name, ""));
        const struct rb_value *value = rb_value_get(item, "value");
        if (!rb_value_is(value, RB_MAP))
            continue;
        *window_of(state, owner) =
            (struct rb_window){.known = true,
                               .open = rb_value_get_bool(value, "open", false),
                               .since = instant(value, "since", INT64_MIN),
                               .until = instant(value, "until", INT64_MAX)};
    }
}

/* That of a clock lets no step begin by itself: it only says that the clock is right. */
static bool settles(struct rb_state *state, const struct rb_value *d)
{
    const char *id = rb_value_get_text(d, "window", NULL);
    int owner = id ? rb_plan_find(state->plan, id) : -1;
    if (strcmp(rb_value_get_text(d, "cause", ""), "clock") == 0) {
        rb_steady_trust(&state->steady, rb_value_get_int(d, "off_us", 0));
        return true;
    }
    if (!state->windows || (id && owner < 0) || !rb_window_spec(state->plan, owner))
        return false;
    *window_of(state, owner) =
        (struct rb_window){.known = true,
                           .open = true,
                           .since = INT64_MIN,
                           .until = rb_value_get_int(d, "until", INT64_MAX)};
    return true;
}

static void look_again(struct rb_state *state, int node)
{
    rb_nodes_enter(state, &state->nodes[node]);
    rb_nodes_touch(state, node);
}

void rb_windows_forget(struct rb_state *state)
{
    for (int i = 0; i < state->active_count; i++) {
        const struct rb_node *node = &state->nodes[state->active[i]];
        if (node->active->entering &&
            (node->phase == RB_PHASE_ASKING || node->phase == RB_PHASE_WAITING ||
             node->phase == RB_PHASE_UNANSWERED))
            look_again(state, state->active[i]);
    }
}

void rb_window_override(struct rb_state *state, const struct rb_event *event)
{
    if (!settles(state, event->d))
        return;
    rb_windows_forget(state);
    struct rb_node *node = rb_state_current(state);
    if (node->phase == RB_PHASE_ANSWERED)
        look_again(state, state->current);
}
