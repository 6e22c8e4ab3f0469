#include "core/effects.h"

#include <string.h>

#include "core/book.h"
#include "core/rollback.h"
#include "core/rules.h"
#include "core/scope.h"
#include "plan/template.h"

enum { MEMORY_BYTES = 64 << 20, INSTRUCTIONS = 50 * 1000 * 1000 };
static const rb_time EVAL_TIME = 10 * RB_SEC;

/* The items of a job as they are collected, and the expressions in them. */
struct items {
    const struct rb_plan *plan;
    struct rb_list_builder list;
    int *exprs;
    int count, capacity;
};

static void add(struct items *items, const char *name, const char *kind, int expr)
{
    const struct rb_expr *e = &items->plan->exprs[expr];
    rb_list_add(&items->list,
                rb_value_map("name", rb_value_text(name), "kind", rb_value_text(kind),
                             "source", rb_value_text(e->source), "chunk",
                             rb_value_bool(e->chunk), "where", rb_value_text(e->where),
                             "line", rb_value_int(e->span.line), "column",
                             rb_value_int(e->span.column), NULL));
    RB_GROW(items->exprs, items->count, items->capacity);
    items->exprs[items->count++] = expr;
}

static void add_numbered(struct items *items, const int *exprs, int count)
{
    for (int i = 0; i < count; i++) {
        RB_AUTO_BUF struct rb_buf name = {0};
        rb_buf_printf(&name, "%d", exprs[i]);
        add(items, rb_buf_text(&name), "value", exprs[i]);
    }
}

static void collect_start(const struct rb_state *state, struct items *items)
{
    RB_AUTO_FREE int *exprs = NULL;
    int count = 0, capacity = 0;
    rb_book_exprs(state, state->current, &exprs, &count, &capacity);
    add_numbered(items, exprs, count);
}

static void collect_prepare(const struct rb_state *state, struct items *items)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_step *step = rb_node_step(state, state->current);
    if (step->when >= 0 && node->element < 0)
        add(items, "when", "truth", step->when);
    if (node->loop)
        add(items, "for_each", "value", step->for_each);
    else if (step->calls || !rb_action_holds_steps(step->action))
        add_numbered(items, step->prepare, step->prepare_count);
}

static void collect_gate(const struct rb_step *step, struct items *items)
{
    if (step->action == RB_ACTION_GUARD)
        add(items, "guard", "verdict", step->check);
    const struct rb_value *checks = rb_value_get(step->spec, "checks");
    for (size_t i = 0; i < rb_value_count(checks); i++) {
        const struct rb_value *check = rb_value_at(checks, i);
        add(items, rb_value_get_text(check, "name", ""), "verdict",
            (int)rb_value_get_int(check, "expr", 0));
    }
}

static void collect_item(const struct rb_state *state, const struct rb_step *step,
                         struct items *items)
{
    size_t at = (size_t)rb_state_current(state)->active->item;
    const struct rb_value *item = rb_value_at(rb_value_get(step->spec, "items"), at);
    add(items, rb_value_get_text(item, "id", ""), "verdict",
        (int)rb_value_get_int(item, "check", 0));
}

static void collect_examine(const struct rb_step *step, struct items *items)
{
    if (step->check >= 0)
        add(items, "check", "verdict", step->check);
    for (int i = 0; i < step->output_count; i++) {
        RB_AUTO_BUF struct rb_buf name = {0};
        rb_buf_printf(&name, "outputs.%s", step->outputs[i].name);
        add(items, rb_buf_text(&name), "value", step->outputs[i].expr);
    }
    if (step->retry.when >= 0)
        add(items, "retry_when", "verdict", step->retry.when);
}

/* Before an undo it is that of what is to be taken back. */
static int probe_of(const struct rb_state *state)
{
    const struct rb_step *step = rb_node_step(state, state->current);
    return rb_rollback_doubts(state, state->current)
               ? state->plan->steps[step->undoes].probe
               : step->probe;
}

static void collect(const struct rb_state *state, const char *phase, struct items *items)
{
    items->plan = state->plan;
    if (strcmp(phase, "start") == 0) {
        collect_start(state, items);
        return;
    }
    const struct rb_step *step = rb_node_step(state, state->current);
    if (strcmp(phase, "prepare") == 0)
        collect_prepare(state, items);
    else if (strcmp(phase, "lua") == 0)
        add(items, "lua", "optional", (int)rb_value_get_int(step->spec, "chunk", 0));
    else if (strcmp(phase, "gate") == 0)
        collect_gate(step, items);
    else if (strcmp(phase, "item") == 0)
        collect_item(state, step, items);
    else if (strcmp(phase, "examine") == 0)
        collect_examine(step, items);
    else
        add(items, "probe", "verdict", probe_of(state));
}

/* What is expected unless the author says otherwise: exit code 0 of every process, a status of
 * success of every request. */
static const struct rb_value *usual(const struct rb_step *step)
{
    if (step->action == RB_ACTION_HTTP || step->action == RB_ACTION_NOTIFY)
        return rb_value_map("status", rb_value_list(rb_value_text("2xx"), NULL), NULL);
    if (step->action == RB_ACTION_SQL || step->action == RB_ACTION_CALL)
        return rb_value_map(NULL);
    return rb_value_map("exit", rb_value_list(rb_value_int(0), NULL), NULL);
}

static bool expectation(const struct rb_state *state, const struct rb_value **ret_expect,
                        struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *spec = NULL;
    if (!rb_filled_spec(state, &spec, err))
        return false;
    RB_AUTO_VALUE const struct rb_value *of_action =
        usual(rb_node_step(state, state->current));
    const struct rb_value *declared = rb_value_get(spec, "expect");
    *ret_expect = rb_value_get_bool(declared, "none", false)
                      ? rb_value_ref(declared)
                      : rb_value_merge(of_action, declared);
    return true;
}

const struct rb_value *rb_eval_limits(const struct rb_state *state, const char *phase)
{
    rb_time time = EVAL_TIME;
    if (strcmp(phase, "lua") == 0 && rb_node_step(state, state->current)->timeout)
        time = rb_node_step(state, state->current)->timeout;
    return rb_value_map("time_us", rb_value_int(time), "memory_bytes",
                        rb_value_int(MEMORY_BYTES), "instructions",
                        rb_value_int(INSTRUCTIONS), NULL);
}

bool rb_eval_job(const struct rb_state *state, const char *phase,
                 const struct rb_value **ret_job, struct rb_error *err)
{
    bool examine = strcmp(phase, "examine") == 0;
    const struct rb_node *node = rb_state_current(state);
    const struct rb_value *expect = NULL;
    if (rb_calendar_has(phase)) {
        *ret_job = rb_calendar_job(state, phase);
        return true;
    }
    if (examine && !expectation(state, &expect, err))
        return false;
    struct items items = {0};
    collect(state, phase, &items);
    const struct rb_value *scope = rb_scope(state, NULL, items.exprs, items.count,
                                            examine ? node->active->result : NULL);
    *ret_job = rb_value_map("phase", rb_value_text(phase), "step",
                            node ? rb_rule_key(state) : NULL, "attempt",
                            node ? rb_value_int(node->attempt) : NULL, "scope", scope,
                            "items", rb_list_end(&items.list), "expect", expect, "limits",
                            rb_eval_limits(state, phase), NULL);
    free(items.exprs);
    return true;
}

const struct rb_value *rb_eval_job_of(const struct rb_state *state,
                                      const struct rb_book_values *book, const int *exprs,
                                      int count)
{
    struct items items = {.plan = state->plan};
    add_numbered(&items, exprs, count);
    const struct rb_value *job = rb_value_map(
        "phase", rb_value_text("plan"), "scope", rb_scope(state, book, exprs, count, NULL),
        "items", rb_list_end(&items.list), "limits", rb_eval_limits(state, "plan"), NULL);
    free(items.exprs);
    return job;
}
