#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/preview.h"
#include "cli/step_text.h"
#include "plan/template.h"

/* The step's spec with all that is known filled in. */
static const struct rb_value *filled(const struct rb_preview *preview, int step)
{
    const struct rb_plan *plan = preview->state->plan;
    const struct rb_value *spec = NULL;
    struct rb_error err = {0};
    if (rb_template_fill(plan, plan->steps[step].spec, preview->values, &spec, &err))
        return spec;
    return rb_value_map("error", rb_value_text(err.message), NULL);
}

static const struct rb_value *expr_text(const struct rb_plan *plan, int expr)
{
    return expr < 0 ? NULL : rb_value_text(plan->exprs[expr].source);
}

static const struct rb_value *step_json(const struct rb_preview *preview, int index)
{
    static const char *const failure[] = {"stop", "continue", "ask"};
    static const char *const doubt[] = {"ask", "probe", "rerun", "fail"};
    const struct rb_plan *plan = preview->state->plan;
    const struct rb_step *step = &plan->steps[index];
    return rb_value_map(
        "id", rb_value_text(step->id), "parent",
        step->parent < 0 ? NULL : rb_value_text(plan->steps[step->parent].id), "action",
        rb_value_text(rb_action_name(step->action)), "spec", filled(preview, index), "when",
        expr_text(plan, step->when), "for_each", expr_text(plan, step->for_each),
        "timeout_us", step->timeout ? rb_value_int(step->timeout) : NULL, "attempts",
        rb_value_int(step->retry.attempts), "on_failure",
        rb_value_text(failure[step->on_failure]), "on_interrupt",
        rb_value_text(doubt[step->on_interrupt]), "idempotent",
        rb_value_bool(step->idempotent), NULL);
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
        rb_value_textf("sha256:%s", plan->digest), "params", rb_value_ref(params), "vars",
        preview->state->vars ? rb_value_ref(preview->state->vars) : NULL, "env",
        preview->state->env ? rb_value_ref(preview->state->env) : NULL, "steps",
        rb_list_end(&steps), NULL);
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_json_print(all, 2, &out);
    puts(rb_buf_text(&out));
}

static void print_text(const struct rb_preview *preview)
{
    const struct rb_plan *plan = preview->state->plan;
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_buf_puts(&out, plan->name);
    if (plan->title) {
        rb_buf_puts(&out, ": ");
        rb_text_visible(plan->title, strlen(plan->title), false, &out);
    }
    if (plan->environment)
        rb_buf_printf(&out, " (environment %s)", plan->environment);
    rb_buf_puts(&out, "\n");
    rb_step_text_secrets(plan->env, NULL, 0, &out);
    rb_buf_puts(&out, "\n");
    for (int i = 0; i < plan->step_count; i++) {
        RB_AUTO_VALUE const struct rb_value *spec = filled(preview, i);
        rb_step_text(preview, i, spec, &out);
    }
    rb_buf_printf(&out,
                  "\n%d steps; what stands in ${{ }} is known only during the run\n"
                  "plan sha256:%s\n",
                  plan->step_count, plan->digest);
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
