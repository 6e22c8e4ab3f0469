/* Steps that an expression refers to: whether they exist, what they have, and whether they are
 * sure to have run by then. */

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "check/rules.h"
#include "plan/globals.h"
#include "plan/rescue.h"

#define QUOTED(name) name,
static const char *const step_names[] = {RB_STEP_NAMES(QUOTED) NULL};

static void unknown_step(const struct rb_check *check, const struct rb_lua_ref *ref)
{
    const struct rb_plan *plan = check->plan;
    RB_AUTO_FREE const char **names =
        rb_alloc((size_t)(plan->step_count + 1) * sizeof *names);
    for (int i = 0; i < plan->step_count; i++)
        names[i] = plan->steps[i].id;
    struct rb_diag *diag = rb_diag_add(check->diags, 401, ref->spans[0],
                                       "there is no step `%s`", ref->path[0]);
    rb_check_did_you_mean(diag, ref->path[0], names, "a step is named by its `id`");
}

/* The names that a step's outputs have; false when only running it would tell. */
static bool output_names(const struct rb_step *step, const char ***ret_names)
{
    const struct rb_value *fields = rb_value_get(step->spec, "fields");
    size_t count = (size_t)step->output_count + rb_value_count(fields), at = 0;
    if (step->action == RB_ACTION_LUA)
        return false;
    const char **names = rb_alloc((count + 1) * sizeof *names);
    for (int i = 0; i < step->output_count; i++)
        names[at++] = step->outputs[i].name;
    for (size_t i = 0; i < rb_value_count(fields); i++)
        names[at++] = rb_value_get_text(rb_value_at(fields, i), "name", "");
    *ret_names = names;
    return true;
}

static void judge_output(const struct rb_check *check, int target,
                         const struct rb_lua_ref *ref)
{
    const struct rb_step *step = &check->plan->steps[target];
    const struct rb_yaml_node *outputs = rb_check_value(check, target, "outputs");
    const char *name = ref->path[2];
    if (outputs && outputs->kind == RB_NODE_MAPPING && rb_yaml_get(outputs, name))
        return;
    RB_AUTO_FREE const char **names = NULL;
    if (!output_names(step, &names))
        return;
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], name) == 0)
            return;
    }
    bool none = !names[0];
    struct rb_diag *diag = rb_diag_add(check->diags, 406, ref->spans[2],
                                       "`%s` has no output `%s`", step->id, name);
    rb_diag_also(diag, step->span, "the step");
    const char *nearest = rb_text_nearest(name, names);
    if (nearest)
        rb_diag_help(diag, "did you mean `%s`?", nearest);
    else if (step->action == RB_ACTION_ASK)
        rb_diag_help(diag, "its outputs are its fields");
    else
        rb_diag_help(diag, "declare it there: outputs: {%s: ...}%s", name,
                     none ? "; it has none so far" : "");
}

static void judge_member(const struct rb_check *check, int target,
                         const struct rb_lua_ref *ref)
{
    const struct rb_step *step = &check->plan->steps[target];
    for (int i = 0; step_names[i]; i++) {
        if (strcmp(step_names[i], ref->path[1]) == 0) {
            if (ref->depth > 2 && strcmp(step_names[i], "outputs") == 0)
                judge_output(check, target, ref);
            return;
        }
    }
    struct rb_diag *diag =
        rb_diag_add(check->diags, 402, ref->spans[1], "a step has no `%s`", ref->path[1]);
    for (int i = 0; i < step->output_count; i++) {
        if (strcmp(step->outputs[i].name, ref->path[1]) == 0) {
            rb_diag_help(diag, "its output is steps.%s.outputs.%s", step->id, ref->path[1]);
            return;
        }
    }
    rb_check_did_you_mean(diag, ref->path[1], step_names,
                          "it has status, outputs, attempts, exit, stdout and stderr");
}

/* Whether the expression refers to the status of the step. */
static bool looks_at_status(const struct rb_check *check, int expr, int step)
{
    const struct rb_lua_refs *refs = &check->document->refs[expr];
    for (int i = 0; i < refs->count; i++) {
        const struct rb_lua_ref *ref = &refs->items[i];
        if (ref->depth > 1 && strcmp(ref->root, "steps") == 0 &&
            strcmp(ref->path[0], check->plan->steps[step].id) == 0 &&
            strcmp(ref->path[1], "status") == 0)
            return true;
    }
    return false;
}

/* Is what follows only looked at if `other` has passed, or under the same condition as it? The
 * condition may stand in the expression itself, or in a `when` around it. */
static bool is_guarded(const struct rb_check *check, int expr, int other)
{
    const struct rb_plan *plan = check->plan;
    int condition = plan->steps[other].when;
    if (looks_at_status(check, expr, other))
        return true;
    for (int step = check->sites[expr].step; step >= 0; step = plan->steps[step].parent) {
        int when = plan->steps[step].when;
        if (when < 0 || when == expr)
            continue;
        if (looks_at_status(check, when, other) ||
            (condition >= 0 &&
             strcmp(plan->exprs[when].source, plan->exprs[condition].source) == 0))
            return true;
    }
    return false;
}

/* Why what is referred to may not be there: "skipped" and the like, and where that comes from. */
struct absence {
    const char *what, *label;
    int step;
};

static void may_be_absent(const struct rb_check *check, const struct rb_lua_ref *ref,
                          int target, struct absence absence)
{
    const struct rb_step *steps = check->plan->steps;
    struct rb_diag *diag = rb_diag_add(check->diags, 404, ref->span, "`%s` may %s by then",
                                       steps[target].id, absence.what);
    rb_diag_also(diag, steps[absence.step].span, absence.label);
    rb_diag_help(diag, "ask first, here or in `when`: steps.%s.status == 'passed'",
                 steps[target].id);
}

static struct absence absence_at(const struct rb_plan *plan, int step)
{
    if (plan->steps[step].when >= 0)
        return (struct absence){"have been skipped", "it runs only when a condition holds",
                                step};
    return (struct absence){"have been given up", "its failure does not stop the run",
                            step};
}

static bool is_told(const struct rb_check *check, int expr, const struct rb_lua_ref *ref,
                    int target)
{
    return ref->depth < 2 || strcmp(ref->path[1], "status") == 0 ||
           strcmp(ref->path[1], "attempts") == 0 || is_guarded(check, expr, target);
}

/* Between the step and the part of the runbook that it shares with the expression: conditions
 * and loops. */
static void judge_path(const struct rb_check *check, int expr, const struct rb_lua_ref *ref,
                       int target)
{
    const struct rb_plan *plan = check->plan;
    bool told = is_told(check, expr, ref, target);
    for (int step = target;
         step >= 0 && !rb_check_within(plan, step, check->sites[expr].step);
         step = plan->steps[step].parent) {
        const struct rb_step *at = &plan->steps[step];
        if (at->for_each >= 0) {
            struct rb_diag *diag =
                rb_diag_add(check->diags, 405, ref->span,
                            "`%s` runs once for each element; this is the last",
                            plan->steps[target].id);
            rb_diag_also(diag, at->span, "the loop");
            rb_diag_help(diag, "use it inside the loop, or let one step do all elements");
            return;
        }
        if (!told && (at->when >= 0 || at->on_failure == RB_FAIL_CONTINUE) &&
            !is_guarded(check, expr, step)) {
            may_be_absent(check, ref, target, absence_at(plan, step));
            told = true;
        }
    }
    int site = check->sites[expr].step;
    if (!told && site >= 0 && rb_plan_is_last(plan, site) && !rb_plan_is_last(plan, target))
        may_be_absent(
            check, ref, target,
            (struct absence){"not have run", "the run may have ended before it", target});
}

/* Does the expression stand in the undo of this step? */
static bool is_undone_by(const struct rb_plan *plan, int site, int target)
{
    int at = site;
    while (at >= 0 && plan->steps[at].undoes != target)
        at = plan->steps[at].parent;
    return at >= 0;
}

static void judge_undone(const struct rb_check *check, int expr,
                         const struct rb_lua_ref *ref, int target)
{
    if (!is_told(check, expr, ref, target))
        may_be_absent(
            check, ref, target,
            (struct absence){"have failed", "what failed is taken back as well", target});
}

/* The branches of a `parallel` have no order among them. */
static bool is_beside(const struct rb_plan *plan, int site, int target, int *ret_parallel)
{
    for (int at = target; at >= 0; at = plan->steps[at].parent) {
        int parent = plan->steps[at].parent;
        if (parent >= 0 && plan->steps[parent].action == RB_ACTION_PARALLEL &&
            rb_check_within(plan, parent, site) && !rb_check_within(plan, at, site)) {
            *ret_parallel = parent;
            return true;
        }
    }
    return false;
}

static void at_the_same_time(const struct rb_check *check, const struct rb_lua_ref *ref,
                             int target, int parallel)
{
    const struct rb_step *steps = check->plan->steps;
    struct rb_diag *diag = rb_diag_add(check->diags, 403, ref->span,
                                       "`%s` runs at the same time", steps[target].id);
    rb_diag_also(diag, steps[parallel].span, "these branches have no order among them");
    rb_diag_help(diag,
                 "put what follows from it behind it in its own branch, or after "
                 "`%s`",
                 steps[parallel].id);
}

static void not_yet(const struct rb_check *check, int expr, const struct rb_lua_ref *ref,
                    int target)
{
    const struct rb_step *step = &check->plan->steps[target];
    int site = check->sites[expr].step;
    if (site == target) {
        struct rb_diag *diag =
            rb_diag_add(check->diags, 403, ref->span, "`%s` is this step itself", step->id);
        rb_diag_help(diag, check->sites[expr].moment == RB_AT_RESULT
                               ? "its outcome is `result` here"
                               : "it has no outcome yet: look at it in a later step");
        return;
    }
    struct rb_diag *diag = NULL;
    if (site >= 0 && rb_check_within(check->plan, target, site)) {
        diag =
            rb_diag_add(check->diags, 403, ref->span, "`%s` has not ended here", step->id);
        rb_diag_help(diag, "this is a part of it; refer to a step before this one");
    } else {
        diag = rb_diag_add(check->diags, 403, ref->span, "`%s` has not run yet here",
                           step->id);
        rb_diag_help(diag, site < 0
                               ? "variables are set before the first step; use it in a step"
                               : "refer to a step before this one, or move it up");
    }
    rb_diag_also(diag, step->span, "it runs here");
}

static void judge(const struct rb_check *check, int expr, const struct rb_lua_ref *ref)
{
    const struct rb_plan *plan = check->plan;
    int site = check->sites[expr].step, target = rb_plan_find(plan, ref->path[0]);
    if (target < 0) {
        unknown_step(check, ref);
        return;
    }
    if (ref->depth > 1)
        judge_member(check, target, ref);
    int parallel;
    if (is_undone_by(plan, site, target))
        judge_undone(check, expr, ref, target);
    else if (site >= 0 && is_beside(plan, site, target, &parallel))
        at_the_same_time(check, ref, target, parallel);
    else if (check->sites[expr].moment != RB_AT_END &&
             (site < target || rb_check_within(plan, target, site)))
        not_yet(check, expr, ref, target);
    else
        judge_path(check, expr, ref, target);
}

void rb_check_order(const struct rb_check *check)
{
    for (int i = 0; i < check->plan->expr_count; i++) {
        const struct rb_lua_refs *refs = &check->document->refs[i];
        for (int k = 0; k < refs->count && check->sites[i].moment != RB_AT_NO_TIME; k++) {
            if (refs->items[k].depth > 0 && strcmp(refs->items[k].root, "steps") == 0)
                judge(check, i, &refs->items[k]);
        }
    }
}
