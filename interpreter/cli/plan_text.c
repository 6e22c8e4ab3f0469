#include "cli/plan_text.h"

#include <string.h>

#include "base/text.h"
#include "cli/step_text.h"
#include "plan/rescue.h"
#include "plan/template.h"
#include "render/words.h"

const struct rb_value *rb_plan_text_spec(const struct rb_preview *preview, int step)
{
    const struct rb_plan *plan = preview->state->plan;
    const struct rb_value *spec = NULL;
    struct rb_error err = {0};
    if (rb_template_fill(plan, plan->steps[step].spec, preview->values, &spec, &err))
        return spec;
    return rb_value_map("error", rb_value_text(err.message), NULL);
}

int rb_plan_no_return(const struct rb_plan *plan)
{
    int step = 0;
    if (!rb_plan_tells_ways_back(plan))
        return -1;
    while (step < plan->step_count && !rb_plan_lacks_undo(plan, step))
        step++;
    return step < plan->step_count ? step : -1;
}

static void way_back(const struct rb_plan *plan, struct rb_buf *out)
{
    int point = rb_plan_no_return(plan);
    bool back = rb_plan_can_roll_back(plan);
    if (!back && point < 0)
        return;
    rb_buf_puts(out,
                back ? "\na rollback runs each `undo` of what was started, the newest first"
                     : "\nthere is no way back: no step has an `undo`");
    if (point >= 0)
        rb_buf_printf(out, "\npoint of no return: %s writes, and has no undo",
                      plan->steps[point].id);
    rb_buf_putc(out, '\n');
}

static void print_locks(const struct rb_value *locks, struct rb_buf *out)
{
    for (size_t i = 0; i < rb_value_count(locks); i++) {
        const struct rb_value *key = rb_value_at(locks, i);
        rb_buf_puts(out, i == 0 ? "holds the locks " : ", ");
        rb_text_visible(rb_value_as_text(key, ""), rb_value_length(key), false, out);
    }
    rb_buf_puts(out, rb_value_count(locks) > 0 ? "\n" : "");
}

void rb_plan_text(const struct rb_preview *preview, struct rb_buf *out)
{
    const struct rb_plan *plan = preview->state->plan;
    rb_buf_puts(out, plan->name);
    if (plan->title) {
        rb_buf_puts(out, ": ");
        rb_text_visible(plan->title, strlen(plan->title), false, out);
    }
    if (plan->environment)
        rb_buf_printf(out, " (environment %s)", plan->environment);
    rb_buf_puts(out, "\n");
    rb_step_text_secrets(plan->books[0]->env, NULL, 0, out);
    if (rb_words_unverified(out, plan))
        rb_buf_puts(out, "\n");
    print_locks(preview->state->locks, out);
    rb_step_text_window(plan->window, 0, out);
    rb_buf_puts(out, "\n");
    for (int i = 0; i < plan->step_count; i++) {
        RB_AUTO_VALUE const struct rb_value *spec = rb_plan_text_spec(preview, i);
        if (i == plan->first_guard)
            rb_buf_puts(out, "\nwatched beside\n\n");
        if (i == plan->first_on_failure)
            rb_buf_puts(out, "\nwhen it fails\n\n");
        if (i == plan->first_finally)
            rb_buf_puts(out, "\nat the end, whatever happened\n\n");
        rb_step_text(preview, i, spec, out);
    }
    way_back(plan, out);
    rb_buf_printf(out,
                  "\n%d steps; what stands in ${{ }} is known only during the run\n"
                  "plan sha256:%s\n",
                  plan->step_count, plan->digest);
}
