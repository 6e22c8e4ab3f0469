#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/plan_text.h"
#include "cli/preview.h"
#include "plan/rescue.h"
#include "plan/template.h"

static const struct rb_value *expr_text(const struct rb_plan *plan, int expr)
{
    return expr < 0 ? NULL : rb_value_text(plan->exprs[expr].source);
}

static const struct rb_value *id_of(const struct rb_plan *plan, int step)
{
    return step < 0 ? NULL : rb_value_text(plan->steps[step].id);
}

static const struct rb_value *step_json(const struct rb_preview *preview, int index)
{
    const struct rb_plan *plan = preview->state->plan;
    const struct rb_step *step = &plan->steps[index];
    return rb_value_map(
        "id", rb_value_text(step->id), "parent",
        step->parent < 0 ? NULL : rb_value_text(plan->steps[step->parent].id), "action",
        rb_value_text(rb_action_name(step->action)), "spec",
        rb_plan_text_spec(preview, index), "when", expr_text(plan, step->when), "for_each",
        expr_text(plan, step->for_each), "timeout_us",
        step->timeout ? rb_value_int(step->timeout) : NULL, "attempts",
        rb_value_int(step->retry.attempts), "on_failure",
        rb_value_text(rb_on_failure_name(step->on_failure)), "on_interrupt",
        rb_value_text(rb_on_interrupt_name(step->on_interrupt)), "idempotent",
        rb_value_bool(step->idempotent), "undo", id_of(plan, step->undo), "undoes",
        id_of(plan, step->undoes), "handler", id_of(plan, step->handler), "lacks_undo",
        rb_plan_lacks_undo(plan, index) ? rb_value_bool(true) : NULL, NULL);
}

/* NULL: there are none. Secrets in them stay their names. */
static const struct rb_value *connections(const struct rb_preview *preview)
{
    const struct rb_plan *plan = preview->state->plan;
    const struct rb_value *all = NULL;
    struct rb_error err = {0};
    if (!plan->books[0]->connections ||
        rb_template_fill(plan, plan->books[0]->connections, preview->values, &all, &err))
        return all;
    return rb_value_map("error", rb_value_text(err.message), NULL);
}

static void print_json(const struct rb_preview *preview, const struct rb_value *params)
{
    const struct rb_plan *plan = preview->state->plan;
    struct rb_list_builder steps = {0};
    for (int i = 0; i < plan->step_count; i++)
        rb_list_add(&steps, step_json(preview, i));
    RB_AUTO_VALUE const struct rb_value *all = rb_value_map(
        "runbook", rb_value_text(plan->name), "title",
        plan->title ? rb_value_text(plan->title) : NULL, "environment",
        plan->environment ? rb_value_text(plan->environment) : NULL, "plan",
        rb_value_textf("sha256:%s", plan->digest), "params", rb_value_ref(params), "roles",
        rb_value_count(plan->roles) > 0 ? rb_value_ref(plan->roles) : NULL, "vars",
        rb_value_ref(preview->state->main.vars), "connections", connections(preview), "env",
        rb_value_ref(preview->state->main.env), "locks",
        rb_value_ref(preview->state->locks), "window", rb_value_ref(plan->window),
        "no_return", id_of(plan, rb_plan_no_return(plan)), "on_failure",
        id_of(plan, plan->first_on_failure), "finally", id_of(plan, plan->first_finally),
        "steps", rb_list_end(&steps), NULL);
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_json_print(all, 2, &out);
    puts(rb_buf_text(&out));
}

static void print_text(const struct rb_preview *preview)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_plan_text(preview, &out);
    fputs(rb_buf_text(&out), stdout);
}

int rb_cmd_plan(const struct rb_args *args)
{
    struct rb_diags diags = {0};
    struct rb_error err = {0};
    struct rb_preview preview;
    RB_AUTO_VALUE const struct rb_value *params = NULL;
    struct rb_document *document =
        rb_load(args->words[0], rb_args_value(args, "environment"), &diags, NULL, &err);
    bool good = document &&
                (diags.errors > 0 || rb_load_params(args, document, &diags, &params, &err));
    rb_load_report(&diags, RB_DIAG_TEXT);
    int status = diags.errors > 0 ? 2 : 0;
    if (status == 0 && good && rb_preview_new(document, params, &preview, &err)) {
        rb_plan_seal(document->plan);
        if (rb_args_is(args, "output", "json", false))
            print_json(&preview, params);
        else
            print_text(&preview);
        rb_preview_done(&preview);
    } else if (status == 0) {
        status = rb_report(&err);
    }
    rb_diags_done(&diags);
    rb_document_free(document);
    return status;
}
