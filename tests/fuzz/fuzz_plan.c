/* Any bytes as a runbook, compiled and checked. The same bytes give the same plan and the same
 * findings; a plan survives the way through its canonical bytes; all that it refers to is there. */

#include "../tools/several.h"
#include "base/digest.h"
#include "base/json.h"
#include "check/check.h"
#include "fuzz.h"
#include "plan/template.h"
#include "render/diag.h"

/* The plan's bytes and what was found, as text. */
struct outcome {
    struct rb_buf plan, found;
};

static void check_canonical(const struct rb_plan *plan)
{
    RB_AUTO_VALUE const struct rb_value *value = NULL;
    RB_AUTO_BUF struct rb_buf again = {0};
    char digest[RB_DIGEST_HEX + 1];
    const struct rb_buf *bytes = &plan->canonical;
    assert(rb_json_decode(rb_buf_text(bytes), bytes->length, &value, NULL));
    rb_json_encode(value, &again);
    assert(again.length == bytes->length);
    assert(memcmp(again.data, bytes->data, again.length) == 0);
    rb_digest_of(again.data, again.length, digest);
    assert(strcmp(digest, plan->digest) == 0);
}

static void check_expr(const struct rb_plan *plan, int expr)
{
    assert(expr >= -1 && expr < plan->expr_count);
}

static void check_spec(const struct rb_plan *plan, const struct rb_value *spec)
{
    int *exprs = NULL, count = 0, capacity = 0;
    rb_template_exprs(spec, &exprs, &count, &capacity);
    for (int i = 0; i < count; i++)
        assert(exprs[i] >= 0 && exprs[i] < plan->expr_count);
    free(exprs);
}

static void check_step(const struct rb_plan *plan, int index)
{
    const struct rb_step *step = &plan->steps[index];
    assert(rb_plan_find(plan, step->id) == index);
    assert(step->parent < index && step->retry.attempts >= 1);
    assert(step->action >= 0 && step->action < RB_ACTION_COUNT && step->tags);
    check_spec(plan, step->spec);
    check_expr(plan, step->when);
    check_expr(plan, step->for_each);
    check_expr(plan, step->check);
    check_expr(plan, step->probe);
    check_expr(plan, step->retry.when);
    for (int i = 0; i < step->output_count; i++)
        check_expr(plan, step->outputs[i].expr);
}

/* Steps that are reached from `first`; each has to be reached once. */
static int count_steps(const struct rb_plan *plan, int first, int parent)
{
    int count = 0;
    for (int at = first; at >= 0; at = plan->steps[at].next) {
        assert(at < plan->step_count && plan->steps[at].parent == parent);
        const struct rb_step *step = &plan->steps[at];
        assert(step->undo < 0 || plan->steps[step->undo].undoes == at);
        count += 1 + count_steps(plan, step->first_child, at) +
                 count_steps(plan, step->undo, at) + count_steps(plan, step->handler, at);
        assert(count <= plan->step_count);
    }
    return count;
}

/* What may run. */
static void check_plan(const struct rb_plan *plan)
{
    for (int i = 0; i < plan->step_count; i++)
        check_step(plan, i);
    /* The last steps of a failed run go on to those of every run. */
    int last = plan->first_on_failure >= 0 ? plan->first_on_failure : plan->first_finally;
    assert(count_steps(plan, plan->first_step, -1) +
               count_steps(plan, plan->first_guard, -1) + count_steps(plan, last, -1) ==
           plan->step_count);
    for (int b = 0; b < plan->book_count; b++) {
        for (int i = 0; i < plan->books[b]->var_count; i++)
            check_spec(plan, plan->books[b]->vars[i].value);
        check_spec(plan, plan->books[b]->env);
        assert(b == 0 || plan->steps[plan->books[b]->call].calls == b);
    }
    for (int i = 0; i < plan->expr_count; i++) {
        for (int k = 0; k < plan->exprs[i].step_count; k++)
            assert(plan->exprs[i].steps[k] < plan->step_count);
    }
}

/* What is called may not be well by itself, and then it is no plan either. */
static void make_whole(struct several *several)
{
    struct rb_diags diags = {0};
    struct rb_document *document =
        several_read(several, "fuzz.yaml", "production", true, &diags);
    if (diags.errors == 0) {
        rb_plan_seal(document->plan);
        check_canonical(document->plan);
        check_plan(document->plan);
    }
    fuzz_assert_diags(&diags);
    rb_document_free(document);
    rb_diags_done(&diags);
}

static void compile(const char *bytes, size_t length, struct outcome *ret_outcome)
{
    struct rb_diags diags = {0};
    struct several several;
    several_split(&several, bytes, length);
    struct rb_document *document =
        several_read(&several, "fuzz.yaml", "production", false, &diags);
    struct rb_plan *plan = document->plan;
    rb_check_document(document, &diags);
    assert(plan || diags.errors > 0);
    if (plan) {
        rb_plan_seal(plan);
        check_canonical(plan);
    }
    if (diags.errors == 0 && document->called_count == 0)
        check_plan(plan);
    if (diags.errors == 0)
        make_whole(&several);
    fuzz_assert_diags(&diags);
    several_done(&several);
    *ret_outcome = (struct outcome){0};
    rb_diag_render_text(&diags, false, &ret_outcome->found);
    if (plan)
        rb_buf_append(&ret_outcome->plan, plan->canonical.data, plan->canonical.length);
    rb_document_free(document);
    rb_diags_done(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct outcome first, second;
    compile((const char *)bytes, length, &first);
    compile((const char *)bytes, length, &second);
    assert(strcmp(rb_buf_text(&first.plan), rb_buf_text(&second.plan)) == 0);
    assert(strcmp(rb_buf_text(&first.found), rb_buf_text(&second.found)) == 0);
    rb_buf_done(&first.plan);
    rb_buf_done(&first.found);
    rb_buf_done(&second.plan);
    rb_buf_done(&second.found);
    return 0;
}
