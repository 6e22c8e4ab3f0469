#include "core/container.h"

#include <string.h>

#include "core/front.h"
#include "core/rules.h"
#include "plan/template.h"

enum { NAMES_MOST = 100, SHOWN_MOST = 20, SHORT_MOST = 80 };

/* What holds a node, -1: nothing does. What an undo takes back has ended, and holds nothing. */
static int holder_of(const struct rb_state *state, int node)
{
    int parent = state->nodes[node].parent;
    return parent >= 0 && state->nodes[parent].active ? parent : -1;
}

static bool counts(const struct rb_state *state, int node)
{
    return state->nodes[node].loop && rb_node_step(state, node)->max_failures > 0;
}

/* What is made again because a loop needs it is none of its elements. */
static bool is_counted_element(const struct rb_state *state, int node)
{
    return state->nodes[node].element >= 0 && counts(state, state->nodes[node].parent);
}

bool rb_container_is_counted_element(const struct rb_state *state)
{
    return is_counted_element(state, state->current);
}

bool rb_container_counts(const struct rb_state *state)
{
    int at = state->current;
    while (at >= 0 && !is_counted_element(state, at))
        at = holder_of(state, at);
    return at >= 0;
}

static size_t count_of(const struct rb_state *state, int loop)
{
    return rb_value_count(state->nodes[loop].elements);
}

/* A part of a failure is a whole one. */
int rb_container_most(const struct rb_state *state, int node)
{
    if (!counts(state, node))
        return 1;
    const struct rb_step *step = rb_node_step(state, node);
    if (!step->max_failures_percent)
        return step->max_failures;
    int64_t part = (int64_t)count_of(state, node) * step->max_failures;
    return part > 100 ? (int)((part + 99) / 100) : 1;
}

bool rb_container_has_failed(const struct rb_state *state, int node)
{
    return state->nodes[node].active->failure_count >= rb_container_most(state, node);
}

/* Branches that wait for each other begin all the same. */
bool rb_container_is_spent(const struct rb_state *state, int node)
{
    const struct rb_step *step = rb_node_step(state, node);
    bool waits = step->action == RB_ACTION_PARALLEL && !state->nodes[node].loop &&
                 !step->cancel_branches;
    return (rb_container_has_failed(state, node) && !waits) ||
           rb_container_is_ended(state, node);
}

bool rb_container_is_ended(const struct rb_state *state, int node)
{
    for (int at = holder_of(state, node); at >= 0; at = holder_of(state, at)) {
        if (rb_node_step(state, at)->cancel_branches && !state->nodes[at].loop &&
            rb_container_has_failed(state, at))
            return true;
    }
    return false;
}

/* What a person has ended is not passed over: but for the last steps, of which each has its turn. */
bool rb_container_passes_over(const struct rb_state *state)
{
    const struct rb_value *failure = rb_state_current(state)->active->failure;
    bool by_person =
        rb_reason_find(rb_value_get_text(failure, "reason", "")) == RB_REASON_INTERRUPTED &&
        !rb_container_is_ended(state, state->current);
    return rb_node_step(state, state->current)->on_failure == RB_FAIL_CONTINUE &&
           !rb_container_is_counted_element(state) && (!by_person || state->last);
}

bool rb_container_element(const struct rb_state *state, int loop, int element,
                          struct rb_buf *out)
{
    const struct rb_value *elements = state->nodes[loop].elements;
    const struct rb_value *value = rb_value_at(elements, (size_t)element);
    RB_AUTO_BUF struct rb_buf text = {0};
    if (rb_value_is(value, RB_MAP) || rb_value_is(value, RB_LIST) ||
        !rb_template_text(value, &text) || text.length == 0 || text.length > SHORT_MOST)
        return false;
    rb_buf_append(out, rb_buf_text(&text), text.length);
    return true;
}

/* The element where it is a short text or a number, else its key. */
static const struct rb_value *name_of(const struct rb_state *state, int loop, int element)
{
    RB_AUTO_BUF struct rb_buf text = {0}, key = {0};
    if (rb_container_element(state, loop, element, &text))
        return rb_value_string(rb_buf_text(&text), text.length);
    rb_node_key(state, loop, &key);
    return rb_value_textf("%s[%d]", rb_buf_text(&key), element);
}

struct names {
    struct rb_list_builder list;
    int count;
};

static void add(const struct rb_state *state, int loop, int element, struct names *names)
{
    if (names->count++ < NAMES_MOST)
        rb_list_add(&names->list, name_of(state, loop, element));
}

static const struct rb_value *counted(struct names *names)
{
    return rb_value_map("count", rb_value_int(names->count), "names",
                        rb_list_end(&names->list), NULL);
}

const struct rb_value *rb_container_elements(const struct rb_state *state, int loop)
{
    struct names done = {0}, failed = {0}, untouched = {0};
    int count = (int)count_of(state, loop);
    for (int i = loop + 1; i < state->node_count; i++) {
        const struct rb_node *node = &state->nodes[i];
        if (node->parent != loop)
            continue;
        if (node->status == RB_STATUS_FAILED)
            add(state, loop, node->element, &failed);
        else if (node->status != RB_STATUS_REDONE && node->status != RB_STATUS_ACTIVE)
            add(state, loop, node->element, &done);
    }
    for (int i = state->nodes[loop].active->next_element; i < count; i++)
        add(state, loop, i, &untouched);
    int none = failed.count;
    const struct rb_value *elements =
        rb_value_map("done", counted(&done), "failed", counted(&failed), "untouched",
                     counted(&untouched), NULL);
    if (none > 0)
        return elements;
    rb_value_unref(elements);
    return NULL;
}

static void list(const char *before, const struct rb_value *part, struct rb_buf *out)
{
    int64_t count = rb_value_get_int(part, "count", 0);
    const struct rb_value *names = rb_value_get(part, "names");
    int64_t shown = count < SHOWN_MOST ? count : SHOWN_MOST;
    if (count == 0)
        return;
    rb_buf_puts(out, before);
    for (int64_t i = 0; i < shown; i++)
        rb_buf_printf(out, "%s%s", i > 0 ? ", " : "",
                      rb_value_as_text(rb_value_at(names, (size_t)i), ""));
    if (count > shown)
        rb_buf_printf(out, " and %lld more", (long long)(count - shown));
}

static int64_t count_in(const struct rb_value *elements, const char *part)
{
    return rb_value_get_int(rb_value_get(elements, part), "count", 0);
}

void rb_container_text(const struct rb_value *elements, struct rb_buf *out)
{
    int64_t failed = count_in(elements, "failed");
    int64_t all = failed + count_in(elements, "done") + count_in(elements, "untouched");
    rb_buf_printf(out, "%lld of %lld failed", (long long)failed, (long long)all);
    list(": ", rb_value_get(elements, "failed"), out);
    list("; done: ", rb_value_get(elements, "done"), out);
    list("; untouched: ", rb_value_get(elements, "untouched"), out);
}

bool rb_container_is_outermost_failure(const struct rb_state *state, int node)
{
    if (state->nodes[node].status != RB_STATUS_FAILED)
        return false;
    for (int at = state->nodes[node].parent; at >= 0; at = state->nodes[at].parent) {
        if (state->nodes[at].status == RB_STATUS_FAILED ||
            state->nodes[at].status == RB_STATUS_REDONE)
            return false;
    }
    return true;
}

int rb_container_failures(const struct rb_state *state)
{
    int count = 0;
    for (int i = 0; i < state->node_count; i++)
        count += rb_container_is_outermost_failure(state, i);
    return count;
}

/* Which of its steps it was for. */
static void first_failure(const struct rb_state *state, struct rb_buf *out)
{
    rb_node_key(state, rb_state_current(state)->active->failures[0].node, out);
    rb_buf_puts(out, " has failed");
}

/* Without those of which nobody knows it would not have: nobody knows that it has. */
static enum rb_reason reason_of(const struct rb_state *state)
{
    const struct rb_active *active = rb_state_current(state)->active;
    int known = 0;
    for (int i = 0; i < active->failure_count; i++)
        known += !active->failures[i].unknown;
    return active->failure_count == 0                          ? RB_REASON_INTERRUPTED
           : known >= rb_container_most(state, state->current) ? RB_REASON_INSIDE
                                                               : RB_REASON_UNKNOWN;
}

bool rb_container_fail(const struct rb_state *state, struct rb_event *ret)
{
    const struct rb_node *node = rb_state_current(state);
    RB_AUTO_BUF struct rb_buf why = {0};
    const struct rb_value *elements =
        counts(state, state->current) ? rb_container_elements(state, state->current) : NULL;
    if (elements)
        rb_container_text(elements, &why);
    else if (node->active->failure_count > 0)
        first_failure(state, &why);
    else
        rb_buf_puts(&why, "a branch beside it has failed");
    return rb_rule_say(
        state, ret, RB_EV_ATTEMPT_FAILED,
        rb_value_map("step", rb_rule_key(state), "attempt", rb_value_int(node->attempt),
                     "reason", rb_value_text(rb_reason_name(reason_of(state))), "why",
                     rb_value_text(rb_buf_text(&why)), "elements", elements, NULL));
}
