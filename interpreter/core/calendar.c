/* What is asked about the calendar of a place: evaluations of stdlib/time.lua, whose looks at the
 * clock and the zone are on record. Values go in beside the Lua text, as the variable `asked`. */

#include <string.h>

#include "base/moment.h"
#include "core/effects.h"
#include "core/rules.h"
#include "core/scope.h"
#include "core/window.h"

bool rb_calendar_has(const char *phase)
{
    return strcmp(phase, "window") == 0 || strcmp(phase, "until") == 0;
}

static const struct rb_value *item(const struct rb_state *state,
                                   const struct rb_value *name,
                                   const struct rb_value *source)
{
    const struct rb_step *step = rb_node_step(state, state->current);
    return rb_value_map("name", rb_value_ref(name), "kind", rb_value_text("value"),
                        "source", source, "chunk", rb_value_bool(false), "where",
                        rb_value_textf("%s.%s", step->id, rb_value_as_text(name, "")),
                        "line", rb_value_int(step->span.line), "column",
                        rb_value_int(step->span.column), NULL);
}

struct asked {
    struct rb_list_builder items, specs;
};

/* Who may override it is no question of time. */
static const struct rb_value *times_of(const struct rb_value *window)
{
    struct rb_map_builder map = {0};
    for (size_t i = 0; i < rb_value_count(window); i++) {
        const char *key = rb_value_as_text(rb_value_key_at(window, i), "");
        if (strcmp(key, "override") != 0)
            rb_map_add(&map, key, rb_value_ref(rb_value_member_at(window, i)));
    }
    return rb_map_end(&map);
}

static void ask_windows(const struct rb_state *state, struct asked *asked)
{
    int step = rb_state_current(state)->step;
    for (int owner = rb_window_owner(state->plan, step); owner != RB_NO_WINDOW;
         owner = rb_window_next(state->plan, owner)) {
        if (rb_window_is_known(state, owner))
            continue;
        RB_AUTO_VALUE const struct rb_value *name = rb_window_name(state->plan, owner);
        rb_list_add(&asked->specs, times_of(rb_window_spec(state->plan, owner)));
        rb_list_add(&asked->items,
                    item(state, name,
                         rb_value_textf("time.window(asked[%zu])", asked->specs.count)));
    }
}

static void ask_until(const struct rb_state *state, struct asked *asked)
{
    RB_AUTO_VALUE const struct rb_value *spec = NULL;
    RB_AUTO_VALUE const struct rb_value *name = rb_value_text("until");
    struct rb_moment moment = {0};
    struct rb_error err = {0};
    if (rb_filled_spec(state, &spec, &err))
        (void)!rb_moment_parse(rb_value_get_text(spec, "until", ""), &moment);
    const struct rb_value *zone = rb_value_get(spec, "tz");
    rb_list_add(&asked->specs,
                rb_value_map("at", rb_value_text(moment.local), "tz",
                             zone ? rb_value_ref(zone) : rb_value_text(""), NULL));
    rb_list_add(&asked->items,
                item(state, name, rb_value_text("time.at(asked[1].at, asked[1].tz)")));
}

const struct rb_value *rb_calendar_job(const struct rb_state *state, const char *phase)
{
    struct asked asked = {0};
    if (strcmp(phase, "window") == 0)
        ask_windows(state, &asked);
    else
        ask_until(state, &asked);
    const struct rb_node *node = rb_state_current(state);
    RB_AUTO_VALUE const struct rb_value *common = rb_scope(state, NULL, NULL, 0, NULL);
    RB_AUTO_VALUE const struct rb_value *own =
        rb_value_map("loop", rb_value_map("asked", rb_list_end(&asked.specs), NULL), NULL);
    return rb_value_map("phase", rb_value_text(phase), "step", rb_rule_key(state),
                        "attempt", rb_value_int(node->attempt), "scope",
                        rb_value_merge(common, own), "items", rb_list_end(&asked.items),
                        "limits", rb_eval_limits(state, phase), NULL);
}
