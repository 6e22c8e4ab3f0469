#include "cli/preview.h"

#include <stdio.h>
#include <string.h>

#include "cli/operator.h"
#include "core/core.h"
#include "core/effects.h"
#include "effects/clock.h"
#include "effects/worker.h"
#include "lua/worker_main.h"

static bool put(struct rb_state *state, enum rb_event_type type,
                const struct rb_value *owned)
{
    RB_AUTO_VALUE const struct rb_value *d = owned;
    struct rb_input input = {type, d, rb_clock_utc(), rb_clock_mono()};
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

/* Evaluates vars and env, as the start of a run does, and stops before the first step. */
static bool start(struct rb_state *state, struct rb_worker_replay *worker,
                  const struct rb_value *params, struct rb_error *err)
{
    put(state, RB_EV_RUN_CREATED,
        rb_value_map("params", rb_value_ref(params), "environ", rb_environ(state->plan),
                     "operator", rb_operator(), "run", rb_value_text("(no run yet)"),
                     NULL));
    for (;;) {
        struct rb_effect effect;
        rb_time deadline;
        RB_AUTO_VALUE const struct rb_value *job = NULL, *outcome = NULL;
        rb_wanted(state, &effect, &deadline);
        if (effect.kind != RB_EFFECT_EVAL || state->phase != RB_RUN_STARTING)
            break;
        if (!rb_effect_request(state, &effect, &job, err) ||
            !rb_worker_replay_eval(worker, job, NULL, &outcome, err))
            return false;
        put(state, RB_EV_EVAL_RESULT,
            rb_value_map("phase", rb_value_text("start"), "items",
                         rb_value_ref(rb_value_get(outcome, "items")), NULL));
    }
    return !state->start_error[0] || rb_fail(err, RB_ERR_INVALID, "%s", state->start_error);
}

static bool can_be_known(const struct rb_expr *expr)
{
    return expr->uses == 0 && expr->step_count == 0;
}

static bool evaluate(struct rb_preview *preview, struct rb_worker_replay *worker,
                     struct rb_map_builder *values, struct rb_error *err)
{
    const struct rb_plan *plan = preview->state->plan;
    RB_AUTO_FREE int *exprs = rb_realloc(NULL, (size_t)plan->expr_count + 1, sizeof *exprs);
    RB_AUTO_VALUE const struct rb_value *job = NULL, *outcome = NULL;
    int count = 0;
    for (int i = 0; i < plan->expr_count; i++) {
        if (can_be_known(&plan->exprs[i]))
            exprs[count++] = i;
    }
    job = rb_eval_job_of(preview->state, exprs, count);
    if (count > 0 && !rb_worker_replay_eval(worker, job, NULL, &outcome, err))
        return false;
    const struct rb_value *items = rb_value_get(outcome, "items");
    for (int i = 0; i < count; i++) {
        const struct rb_value *value = rb_value_get(rb_value_at(items, (size_t)i), "value");
        if (!value)
            continue;
        char name[16];
        snprintf(name, sizeof name, "%d", exprs[i]);
        rb_map_add(values, name, rb_value_ref(value));
        preview->known[exprs[i]] = true;
    }
    return true;
}

static void mark_unknown(struct rb_preview *preview, struct rb_map_builder *values)
{
    const struct rb_plan *plan = preview->state->plan;
    for (int i = 0; i < plan->expr_count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        if (!preview->known[i])
            rb_map_add(values, name, rb_value_textf("${{ %s }}", plan->exprs[i].source));
    }
}

bool rb_preview_new(const struct rb_document *document, const struct rb_value *params,
                    struct rb_preview *ret_preview, struct rb_error *err)
{
    struct rb_preview preview = {.state = rb_state_new(document->plan)};
    struct rb_worker_replay *worker = rb_worker_replay_new(rb_lua_worker, -1);
    struct rb_map_builder values = {0};
    preview.known = rb_alloc((size_t)document->plan->expr_count + 1);
    bool good = start(preview.state, worker, params, err) &&
                evaluate(&preview, worker, &values, err);
    mark_unknown(&preview, &values);
    preview.values = rb_map_end(&values);
    rb_worker_replay_free(worker);
    if (good)
        *ret_preview = preview;
    else
        rb_preview_done(&preview);
    return good;
}

void rb_preview_done(struct rb_preview *preview)
{
    rb_value_unref(preview->values);
    rb_state_free(preview->state);
    free(preview->known);
    *preview = (struct rb_preview){0};
}
