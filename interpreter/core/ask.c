#include "core/effects.h"

#include <string.h>

#include "core/front.h"
#include "core/rollback.h"
#include "core/rules.h"
#include "plan/template.h"

/* What all kinds have in common; `owned` members follow. */
static const struct rb_value *question(const struct rb_state *state, const char *kind,
                                       const struct rb_value *owned)
{
    const struct rb_value *spec = rb_node_step(state, state->current)->spec;
    const struct rb_value *why = rb_value_get(spec, "why");
    RB_AUTO_VALUE const struct rb_value *own = owned;
    RB_AUTO_VALUE const struct rb_value *common =
        rb_value_map("step", rb_rule_key(state), "attempt",
                     rb_value_int(rb_state_current(state)->attempt), "q",
                     rb_value_int(state->questions), "kind", rb_value_text(kind), "why",
                     rb_value_is(why, RB_STRING) ? rb_value_ref(why) : NULL, NULL);
    return rb_value_merge(common, own);
}

static const struct rb_value *item_members(const struct rb_node *node,
                                           const struct rb_value *items, const char *detail)
{
    const struct rb_value *item = rb_value_at(items, (size_t)node->active->item);
    return rb_value_map("item", rb_value_ref(rb_value_get(item, "id")), "text",
                        rb_value_ref(rb_value_get(item, "text")), "evidence",
                        rb_value_ref(rb_value_get(item, "evidence")), "index",
                        rb_value_int(node->active->item), "count",
                        rb_value_int((int64_t)rb_value_count(items)), "detail",
                        detail ? rb_value_text(detail) : NULL, NULL);
}

static const struct rb_value *field_members(const struct rb_node *node,
                                            const struct rb_value *fields)
{
    const struct rb_value *field = rb_value_at(fields, (size_t)node->active->item);
    const struct rb_value *title = rb_value_get(field, "title");
    return rb_value_map("field", rb_value_ref(field), "text",
                        rb_value_ref(title ? title : rb_value_get(field, "name")), "index",
                        rb_value_int(node->active->item), "count",
                        rb_value_int((int64_t)rb_value_count(fields)), NULL);
}

/* The role that an answer has to be signed for, as a list; NULL: nobody's in particular. */
static const struct rb_value *role_of(const struct rb_value *spec,
                                      const struct rb_value *item)
{
    const struct rb_value *own = rb_value_get(item, "role");
    const struct rb_value *role = own ? own : rb_value_get(spec, "role");
    return role ? rb_value_list(rb_value_ref(role), NULL) : NULL;
}

static const struct rb_value *with_role(const struct rb_value *owned,
                                        const struct rb_value *spec,
                                        const struct rb_value *item)
{
    RB_AUTO_VALUE const struct rb_value *own = owned;
    RB_AUTO_VALUE const struct rb_value *roles =
        rb_value_map("roles", role_of(spec, item), NULL);
    return rb_value_merge(own, roles);
}

/* What nobody has said a time for is not open for ever. */
static const rb_time APPROVAL_EXPIRES = INT64_C(86400) * RB_SEC;

static bool ask_approval(const struct rb_state *state, struct rb_event *ret,
                         const struct rb_value *spec)
{
    const struct rb_value *message = rb_value_get(spec, "message");
    const struct rb_value *title = rb_value_get(spec, "title");
    rb_time expires = rb_value_get_int(spec, "expires_us", APPROVAL_EXPIRES);
    const struct rb_value *text = message ? message : title;
    return rb_rule_say(
        state, ret, RB_EV_QUESTION_ASKED,
        question(state, "approval",
                 rb_value_map("text",
                              text ? rb_value_ref(text)
                                   : rb_value_text(rb_node_step(state, state->current)->id),
                              "roles", rb_value_ref(rb_value_get(spec, "roles")), "quorum",
                              rb_value_ref(rb_value_get(spec, "quorum")), "shown",
                              rb_value_ref(rb_value_get(spec, "evidence")), "expires",
                              rb_value_int(state->utc + expires), NULL)));
}

bool rb_ask_item(const struct rb_state *state, struct rb_event *ret, const char *detail)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_step *step = rb_node_step(state, state->current);
    RB_AUTO_VALUE const struct rb_value *spec = NULL;
    struct rb_error err = {0};
    if (!rb_filled_spec(state, &spec, &err))
        return rb_rule_fail(state, ret, RB_REASON_EVAL, NULL, err.message);
    if (step->action == RB_ACTION_APPROVE)
        return ask_approval(state, ret, spec);
    const struct rb_value *title = rb_value_get(spec, "title");
    const struct rb_value *text = title ? title : rb_value_get(spec, "why");
    const struct rb_value *asked;
    if (step->action == RB_ACTION_CHECKLIST) {
        const struct rb_value *items = rb_value_get(spec, "items");
        asked = question(state, "item",
                         with_role(item_members(node, items, detail), spec,
                                   rb_value_at(items, (size_t)node->active->item)));
    } else if (step->action == RB_ACTION_ASK) {
        asked = question(state, "field", field_members(node, rb_value_get(spec, "fields")));
    } else if (step->action == RB_ACTION_CONFIRM) {
        asked = question(state, "confirm",
                         rb_value_map("text", rb_value_ref(rb_value_get(spec, "message")),
                                      "type", rb_value_ref(rb_value_get(spec, "type")),
                                      "roles", role_of(spec, NULL), NULL));
    } else {
        asked = question(state, "manual",
                         rb_value_map("text",
                                      text ? rb_value_ref(text) : rb_value_text(step->id),
                                      "roles", role_of(spec, NULL), NULL));
    }
    return rb_rule_say(state, ret, RB_EV_QUESTION_ASKED, asked);
}

/* "rows touched: 1, 5 (expected 5)"; of the last statement they may be expected. */
static const struct rb_value *review_text(const struct rb_value *rows,
                                          const struct rb_value *expected)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_puts(&text, "rows touched: ");
    for (size_t i = 0; i < rb_value_count(rows); i++) {
        RB_AUTO_BUF struct rb_buf count = {0};
        bool counted = rb_template_text(rb_value_at(rows, i), &count);
        rb_buf_printf(&text, "%s%s", i > 0 ? ", " : "",
                      counted ? rb_buf_text(&count) : "no count");
    }
    if (expected)
        rb_buf_printf(&text, " (expected %lld)", (long long)rb_value_as_int(expected, 0));
    return rb_value_string(rb_buf_text(&text), text.length);
}

bool rb_ask_review(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_value *note = rb_state_current(state)->active->note;
    const struct rb_value *spec = rb_node_step(state, state->current)->spec;
    const struct rb_value *expected = rb_value_get(rb_value_get(spec, "expect"), "rows");
    const struct rb_value *rows = rb_value_get(note, "rows");
    const struct rb_value *idle = rb_value_get(rb_value_get(spec, "review"), "idle_us");
    const struct rb_value *members = rb_value_map(
        "text", review_text(rows, expected), "rows", rb_value_ref(rows), "expected",
        rb_value_ref(expected), "before", rb_value_ref(rb_value_get(note, "before")),
        "after", rb_value_ref(rb_value_get(note, "after")), "notices",
        rb_value_ref(rb_value_get(note, "notices")), "idle_us", rb_value_ref(idle), NULL);
    return rb_rule_say(state, ret, RB_EV_QUESTION_ASKED,
                       question(state, "review", members));
}

bool rb_ask_window(const struct rb_state *state, struct rb_event *ret,
                   const struct rb_value *owned)
{
    return rb_rule_say(state, ret, RB_EV_QUESTION_ASKED, question(state, "window", owned));
}

bool rb_ask_choice(const struct rb_state *state, struct rb_event *ret, const char *kind,
                   const char *detail)
{
    bool rollback = strcmp(kind, "undo") != 0 && rb_rollback_is_possible(state);
    const struct rb_value *members = rb_value_map(
        "text", rb_value_text(detail ? detail : ""), "rollback",
        rollback ? rb_value_bool(true) : NULL, "guard",
        rb_front_is_guard(state, state->current) ? rb_value_bool(true) : NULL, NULL);
    return rb_rule_say(state, ret, RB_EV_QUESTION_ASKED, question(state, kind, members));
}
