#include "core/obligation.h"

#include <string.h>

#include "core/effects.h"
#include "core/rules.h"

bool rb_obligation_is_left(const struct rb_state *state)
{
    return rb_value_get(rb_node_step(state, state->current)->spec, "obligation");
}

static const struct rb_value *duty(const struct rb_state *state, const struct rb_value *id,
                                   const struct rb_value *text,
                                   const struct rb_value *evidence, rb_time due)
{
    return rb_value_map("step", rb_rule_key(state), "item", rb_value_ref(id), "text",
                        rb_value_ref(text), "evidence", rb_value_ref(evidence), "due",
                        rb_value_int(due), NULL);
}

/* A step as a whole is told by its question, or its title. */
static const struct rb_value *duties(const struct rb_state *state,
                                     const struct rb_value *spec, rb_time due)
{
    struct rb_list_builder list = {0};
    const struct rb_value *items = rb_value_get(spec, "items");
    const struct rb_value *message = rb_value_get(spec, "message");
    for (size_t i = 0; i < rb_value_count(items); i++) {
        const struct rb_value *item = rb_value_at(items, i);
        rb_list_add(&list, duty(state, rb_value_get(item, "id"), rb_value_get(item, "text"),
                                rb_value_get(item, "evidence"), due));
    }
    if (!items)
        rb_list_add(
            &list,
            duty(state, NULL, message ? message : rb_value_get(spec, "title"), NULL, due));
    return rb_list_end(&list);
}

bool rb_obligation_pass(const struct rb_state *state, struct rb_event *ret)
{
    RB_AUTO_VALUE const struct rb_value *spec = NULL;
    struct rb_error err = {0};
    if (!rb_filled_spec(state, &spec, &err))
        return rb_rule_fail(state, ret, RB_REASON_EVAL, NULL, err.message);
    rb_time due =
        state->utc + rb_value_get_int(rb_value_get(spec, "obligation"), "within_us", 0);
    return rb_rule_say(state, ret, RB_EV_STEP_PASSED,
                       rb_value_map("step", rb_rule_key(state), "attempts",
                                    rb_value_int(rb_state_current(state)->attempt),
                                    "obligations", duties(state, spec, due), NULL));
}

static bool same(const struct rb_value *a, const struct rb_value *b, const char *member)
{
    return strcmp(rb_value_get_text(a, member, ""), rb_value_get_text(b, member, "")) == 0;
}

static bool is_about(const struct rb_value *duty, const struct rb_value *met)
{
    return same(duty, met, "step") && same(duty, met, "item");
}

const struct rb_value *rb_obligation_find(const struct rb_value *open,
                                          const struct rb_value *met)
{
    for (size_t i = 0; i < rb_value_count(open); i++) {
        if (is_about(rb_value_at(open, i), met))
            return rb_value_at(open, i);
    }
    return NULL;
}

bool rb_obligation_is_met(const struct rb_value *open, const struct rb_value *met)
{
    const struct rb_value *duty = rb_obligation_find(open, met);
    const char *evidence = rb_value_get_text(met, "evidence", "");
    bool shown = evidence[strspn(evidence, " \t\r\n")];
    return duty && (shown || !rb_value_get_bool(duty, "evidence", false));
}

static void add_all(struct rb_list_builder *list, const struct rb_value *duties,
                    const struct rb_value *met)
{
    for (size_t i = 0; i < rb_value_count(duties); i++) {
        if (!met || !is_about(rb_value_at(duties, i), met))
            rb_list_add(list, rb_value_ref(rb_value_at(duties, i)));
    }
}

const struct rb_value *rb_obligation_after(const struct rb_value *open,
                                           const struct rb_event *event)
{
    struct rb_list_builder list = {0};
    bool passed = event->type == RB_EV_STEP_PASSED;
    add_all(&list, open, event->type == RB_EV_OBLIGATION_MET ? event->d : NULL);
    add_all(&list, passed ? rb_value_get(event->d, "obligations") : NULL, NULL);
    bool any = list.count > 0;
    const struct rb_value *after = rb_list_end(&list);
    if (any)
        return after;
    rb_value_unref(after);
    return NULL;
}
