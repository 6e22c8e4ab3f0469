/* Steps for when it goes wrong: `undo`, `on_failure` where it has steps, and `finally`. */

#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/scalar.h"

/* No undo of an undo: what it stands in is named. */
static bool has_meaning(struct rb_compiler *c, const struct rb_yaml_node *value,
                        const char *name)
{
    if (!c->rescue)
        return true;
    /* By itself the file has a way back; called where there is none, it has none. */
    if (c->rescued && strcmp(name, "undo") == 0)
        return false;
    rb_diag_help(rb_diag_add(c->diags, 212, value->span, "`%s` has no meaning in `%s`",
                             name, c->rescue),
                 "what is to happen here when a step fails is `stop`, `ask` or `continue`");
    return false;
}

static bool is_word(const struct rb_yaml_node *value, const char *word)
{
    return value->kind == RB_NODE_SCALAR && strcmp(value->text, word) == 0;
}

void rb_rescue_undo(struct rb_compiler *c, const struct rb_yaml_node *value,
                    struct rb_draft *draft)
{
    if (!has_meaning(c, value, "undo"))
        return;
    if (is_word(value, "none"))
        draft->step.no_undo = true;
    else if (value->kind == RB_NODE_SCALAR)
        rb_diag_help(
            rb_diag_add(c->diags, 203, value->span, "`undo` has to be a step"),
            "write it like a step without an id (`undo: {exec: [...]}`), as a list "
            "of steps, or `none`");
    else
        draft->undo = value;
}

struct policy {
    const struct rb_yaml_node *steps, *then;
};

static void keep_steps(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    (void)c;
    ((struct policy *)into)->steps = value;
}

static void keep_then(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    (void)c;
    ((struct policy *)into)->then = value;
}

/* A word; the steps that come first; or both, as {steps: [...], then: word}. */
void rb_rescue_on_failure(struct rb_compiler *c, const struct rb_yaml_node *value,
                          struct rb_draft *draft)
{
    static const struct rb_field fields[] = {
        {"steps", keep_steps}, {"then", keep_then}, {0}};
    struct policy policy = {0};
    if (value->kind == RB_NODE_SCALAR) {
        rb_inherit_on_failure(c, value, &draft->own);
        return;
    }
    if (!has_meaning(c, value, "on_failure"))
        return;
    if (1u << draft->step.action & (RB_DOES_GROUP | RB_TELLS)) {
        rb_diag_help(
            rb_diag_add(c->diags, 212, value->span,
                        "`on_failure` with steps has no meaning for `%s`",
                        rb_action_name(draft->step.action)),
            "write it at a step that does something, or at the top of the runbook");
        return;
    }
    if (value->kind == RB_NODE_SEQUENCE)
        policy.steps = value;
    else if (!rb_fields_read(c, value, "`on_failure`", fields, &policy))
        return;
    else if (!policy.steps)
        rb_fields_missing(c->diags, value, "`on_failure`", "steps",
                          "write `on_failure: stop`, or the steps that come first");
    if (policy.then)
        rb_inherit_on_failure(c, policy.then, &draft->own);
    draft->handler = policy.steps;
}

/* Whatever stands in it stops where it fails, unless it says otherwise itself. */
static int read(struct rb_compiler *c, const struct rb_yaml_node *node, const char *name,
                const struct rb_draft *around, int index)
{
    struct rb_inherit inherit;
    rb_inherit_copy(&inherit, &around->own);
    inherit.on_failure = RB_FAIL_STOP;
    const char *outside = c->rescue;
    c->rescue = name;
    int step =
        rb_step_read_as(c, node, rb_arena_printf(c->arena, "%s.%s", around->step.id, name),
                        index, &inherit);
    c->rescue = outside;
    rb_inherit_done(&inherit);
    return step;
}

void rb_rescue_steps(struct rb_compiler *c, struct rb_draft *draft, int index)
{
    if (draft->handler &&
        rb_scalar_field(draft->handler, RB_NODE_SEQUENCE, "on_failure", c->diags))
        draft->step.handler = read(c, draft->handler, "on_failure", draft, index);
    if (!draft->undo)
        return;
    draft->step.undo = read(c, draft->undo, "undo", draft, index);
    if (draft->step.undo < 0)
        return;
    struct rb_step *undo = &c->steps[draft->step.undo];
    undo->undoes = index;
    if (undo->on_failure == RB_FAIL_CONTINUE)
        rb_diag_help(
            rb_diag_add(c->diags, 212, undo->span, "`continue` has no meaning for an undo"),
            "a rollback that could not take something back is told, and stops");
}

/* The next ones run whatever becomes of one; that it failed shows in how the run ends. */
static int row(struct rb_compiler *c, const struct rb_yaml_node *list, const char *name,
               const struct rb_inherit *inherit)
{
    struct rb_inherit own;
    rb_inherit_copy(&own, inherit);
    own.on_failure = RB_FAIL_CONTINUE;
    const char *outside = c->rescue;
    c->rescue = name;
    int first = rb_steps_read(c, list, name, -1, &own);
    c->rescue = outside;
    rb_inherit_done(&own);
    return first;
}

void rb_rescue_rows(struct rb_compiler *c, const struct rb_yaml_node *on_failure,
                    const struct rb_yaml_node *finally, const struct rb_inherit *inherit)
{
    struct rb_plan *plan = c->plan;
    bool listed = on_failure && on_failure->kind == RB_NODE_SEQUENCE;
    plan->first_on_failure = listed ? row(c, on_failure, "on_failure", inherit) : -1;
    plan->first_finally = finally ? row(c, finally, "finally", inherit) : -1;
    if (plan->first_on_failure < 0 || plan->first_finally < 0)
        return;
    int last = plan->first_on_failure;
    while (c->steps[last].next >= 0)
        last = c->steps[last].next;
    c->steps[last].next = plan->first_finally;
}
