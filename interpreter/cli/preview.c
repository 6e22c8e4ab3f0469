#include "cli/preview.h"

#include <stdio.h>
#include <string.h>

#include "cli/operator.h"
#include "core/book.h"
#include "core/core.h"
#include "core/effects.h"
#include "effects/clock.h"
#include "effects/worker.h"
#include "lua/worker_main.h"
#include "plan/template.h"

static bool put(struct rb_state *state, rb_time utc, enum rb_event_type type,
                const struct rb_value *owned)
{
    RB_AUTO_VALUE const struct rb_value *d = owned;
    struct rb_input input = {type, d, utc, 0};
    struct rb_event event;
    if (!rb_decide(state, &input, &event))
        return false;
    do {
        rb_apply(state, &event);
        rb_value_unref(event.d);
        if (state->phase == RB_RUN_RUNNING)
            return true;
    } while (rb_decide(state, NULL, &event));
    return true;
}

static bool no_answer(struct rb_error *err)
{
    return rb_fail(err, RB_ERR_PROTOCOL, "the Lua worker died or took too long; try again");
}

/* Evaluates vars and env, as the start of a run does, and stops before the first step. */
static bool start(struct rb_state *state, struct rb_worker_replay *worker,
                  const struct rb_value *created, rb_time utc, struct rb_error *err)
{
    put(state, utc, RB_EV_RUN_CREATED, rb_value_ref(created));
    struct rb_effects wanted = {0};
    rb_time deadline;
    bool good = true;
    for (rb_wanted(state, state->mono, &wanted, &deadline);
         good && state->phase == RB_RUN_STARTING && wanted.count > 0 &&
         wanted.items[0].kind == RB_EFFECT_EVAL;
         rb_wanted(state, state->mono, &wanted, &deadline)) {
        RB_AUTO_VALUE const struct rb_value *job = NULL, *outcome = NULL;
        good = rb_effect_request(state, &wanted.items[0], &job, err) &&
               rb_worker_replay_eval(worker, job, NULL, &outcome, err) &&
               (rb_worker_replay_answered(worker) || no_answer(err));
        if (good)
            put(state, utc, RB_EV_EVAL_RESULT,
                rb_value_map("phase", rb_value_text("start"), "items",
                             rb_value_ref(rb_value_get(outcome, "items")), NULL));
    }
    rb_effects_done(&wanted);
    if (!good)
        return false;
    return !state->main.error ||
           rb_fail(err, RB_ERR_INVALID, "%s", rb_value_as_text(state->main.error, ""));
}

static bool can_be_known(const struct rb_expr *expr)
{
    return expr->uses == 0 && expr->step_count == 0;
}

/* What is known so far, and who finds out more. */
struct looking {
    struct rb_preview *preview;
    struct rb_worker_replay *worker;
};

/* Evaluates these in what a file sees. One that goes wrong here stays unknown. */
static bool look(struct looking *l, const struct rb_book_values *book, const int *exprs,
                 int count, struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *job = NULL, *outcome = NULL;
    struct rb_map_builder found = {0};
    if (count == 0)
        return true;
    job = rb_eval_job_of(l->preview->state, book, exprs, count);
    if (!rb_worker_replay_eval(l->worker, job, NULL, &outcome, err))
        return false;
    l->preview->unanswered |= !rb_worker_replay_answered(l->worker);
    const struct rb_value *items = rb_value_get(outcome, "items");
    for (int i = 0; i < count; i++) {
        const struct rb_value *value = rb_value_get(rb_value_at(items, (size_t)i), "value");
        char name[16];
        snprintf(name, sizeof name, "%d", exprs[i]);
        if (!value)
            continue;
        rb_map_add(&found, name, rb_value_ref(value));
        l->preview->known[exprs[i]] = true;
    }
    const struct rb_value *before = l->preview->values;
    RB_AUTO_VALUE const struct rb_value *more = rb_map_end(&found);
    l->preview->values = rb_value_merge(before, more);
    rb_value_unref(before);
    return true;
}

/* All of this file that depends on nothing to come. */
static bool look_at_all(struct looking *l, int number, const struct rb_book_values *book,
                        struct rb_error *err)
{
    const struct rb_plan *plan = l->preview->state->plan;
    RB_AUTO_FREE int *exprs = rb_realloc(NULL, (size_t)plan->expr_count + 1, sizeof *exprs);
    int count = 0;
    for (int i = 0; i < plan->expr_count; i++) {
        if (plan->exprs[i].book == number && can_be_known(&plan->exprs[i]) &&
            !l->preview->known[i])
            exprs[count++] = i;
    }
    return look(l, book, exprs, count, err);
}

/* NULL: not all in it is known. A new reference. */
static const struct rb_value *filled(const struct looking *l, const struct rb_value *spec)
{
    RB_AUTO_FREE int *exprs = NULL;
    int count = 0, capacity = 0;
    const struct rb_value *value = NULL;
    struct rb_error err = {0};
    rb_template_exprs(spec, &exprs, &count, &capacity);
    for (int i = 0; i < count; i++) {
        if (!l->preview->known[exprs[i]])
            return NULL;
    }
    return rb_template_fill(l->preview->state->plan, spec, l->preview->values, &value, &err)
               ? value
               : NULL;
}

static bool look_at_var(struct looking *l, const struct rb_var *var,
                        struct rb_book_values *book, struct rb_error *err)
{
    const struct rb_plan *plan = l->preview->state->plan;
    RB_AUTO_FREE int *exprs = NULL;
    int count = 0, capacity = 0, kept = 0;
    rb_template_exprs(var->value, &exprs, &count, &capacity);
    for (int i = 0; i < count; i++) {
        if (can_be_known(&plan->exprs[exprs[i]]))
            exprs[kept++] = exprs[i];
    }
    if (!look(l, book, exprs, kept, err))
        return false;
    RB_AUTO_VALUE const struct rb_value *value = filled(l, var->value);
    if (value) {
        const struct rb_value *before = book->vars;
        RB_AUTO_VALUE const struct rb_value *one =
            rb_value_map(var->name, rb_value_ref(value), NULL);
        book->vars = rb_value_merge(before, one);
        rb_value_unref(before);
    }
    return true;
}

/* Those that are known; what is made of another one stays unknown as well. */
static const struct rb_value *params_of(const struct looking *l, const struct rb_book *book)
{
    const struct rb_plan *plan = l->preview->state->plan;
    const struct rb_value *with = rb_value_get(plan->steps[book->call].spec, "with");
    struct rb_map_builder map = {0};
    for (int i = 0; i < book->param_count; i++) {
        const struct rb_value *given = rb_value_get(with, book->params[i].name);
        const struct rb_value *value =
            given ? filled(l, given) : rb_value_ref(book->params[i].fallback);
        if (value)
            rb_map_add(&map, book->params[i].name, value);
    }
    return rb_map_end(&map);
}

static bool look_into(struct looking *l, int number, struct rb_error *err)
{
    const struct rb_plan *plan = l->preview->state->plan;
    const struct rb_book *book = plan->books[number];
    struct rb_book_values *values = &l->preview->books[number];
    bool good = true;
    values->params = params_of(l, book);
    for (int i = 0; good && i < book->var_count; i++)
        good = look_at_var(l, &book->vars[i], values, err);
    good = good && look_at_all(l, number, values, err);
    values->connections = book->connections ? filled(l, book->connections) : NULL;
    return good;
}

static bool look_ahead(struct looking *l, struct rb_error *err)
{
    const struct rb_state *state = l->preview->state;
    bool good = look_at_all(l, 0, &state->main, err);
    for (int i = 1; good && i < state->plan->book_count; i++)
        good = look_into(l, i, err);
    return good;
}

static void mark_unknown(struct rb_preview *preview)
{
    const struct rb_plan *plan = preview->state->plan;
    struct rb_map_builder unknown = {0};
    for (int i = 0; i < plan->expr_count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        if (!preview->known[i])
            rb_map_add(&unknown, name, rb_value_textf("${{ %s }}", plan->exprs[i].source));
    }
    RB_AUTO_VALUE const struct rb_value *more = rb_map_end(&unknown);
    const struct rb_value *before = preview->values;
    preview->values = rb_value_merge(before, more);
    rb_value_unref(before);
}

bool rb_preview_new(const struct rb_document *document, const struct rb_value *params,
                    struct rb_preview *ret_preview, struct rb_error *err)
{
    const struct rb_value *here = rb_here(err);
    if (!here)
        return false;
    RB_AUTO_VALUE const struct rb_value *created = rb_value_map(
        "params", rb_value_ref(params), "environ", rb_environ(document->plan), "operator",
        rb_operator(), "run", rb_value_text("(no run yet)"), "cwd", here, NULL);
    return rb_preview_of(document, created, rb_clock_utc(), ret_preview, err);
}

bool rb_preview_of(const struct rb_document *document, const struct rb_value *created,
                   rb_time utc, struct rb_preview *ret_preview, struct rb_error *err)
{
    struct rb_preview preview = {.state = rb_state_new(document->plan)};
    struct rb_worker_replay *worker = rb_worker_replay_new(rb_lua_worker, -1);
    struct looking l = {&preview, worker};
    preview.known = rb_alloc((size_t)document->plan->expr_count + 1);
    preview.books = rb_alloc((size_t)document->plan->book_count * sizeof *preview.books);
    bool good = start(preview.state, worker, created, utc, err) && look_ahead(&l, err);
    mark_unknown(&preview);
    rb_worker_replay_free(worker);
    if (good)
        *ret_preview = preview;
    else
        rb_preview_done(&preview);
    return good;
}

void rb_preview_done(struct rb_preview *preview)
{
    for (int i = 0; preview->books && i < preview->state->plan->book_count; i++)
        rb_book_values_done(&preview->books[i]);
    free(preview->books);
    rb_value_unref(preview->values);
    rb_state_free(preview->state);
    free(preview->known);
    *preview = (struct rb_preview){0};
}
