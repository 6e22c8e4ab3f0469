/* Guards: what is watched while steps run. */

#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/scalar.h"

static void span(struct rb_compiler *c, const struct rb_yaml_node *value, const char *name,
                 const char *member, struct rb_draft *draft)
{
    rb_time time;
    if (rb_scalar_span(value, name, c->diags, &time))
        rb_draft_set(draft, member, rb_value_int(time));
}

void rb_guard_every(struct rb_compiler *c, const struct rb_yaml_node *value,
                    struct rb_draft *draft)
{
    span(c, value, "every", "every_us", draft);
}

void rb_guard_trips_after(struct rb_compiler *c, const struct rb_yaml_node *value,
                          struct rb_draft *draft)
{
    span(c, value, "trips_after", "trips_after_us", draft);
}

void rb_guard_on_trip(struct rb_compiler *c, const struct rb_yaml_node *value,
                      struct rb_draft *draft)
{
    static const char *const words[] = {"rollback", "stop", "pause", "ask", NULL};
    static const enum rb_on_failure policies[] = {RB_FAIL_ROLLBACK, RB_FAIL_STOP,
                                                  RB_FAIL_STOP, RB_FAIL_ASK};
    int index;
    if (!rb_scalar_word(value, "on_trip", words, c->diags, &index))
        return;
    draft->own.on_failure = policies[index];
    draft->step.pauses = index == 2;
}

/* Only steps of the top row follow each other in one order. */
static int covered(struct rb_compiler *c, const struct rb_yaml_node *value,
                   const char *name)
{
    const char *id;
    if (!rb_scalar_text(value, name, c->diags, &id))
        return -1;
    int step = rb_compiler_find(c, c->book_number, id);
    if (step >= 0 && c->steps[step].parent < 0 && c->steps[step].action != RB_ACTION_GUARD)
        return step;
    struct rb_diag *diag =
        step < 0 ? rb_diag_add(c->diags, 226, value->span, "there is no step `%s`", id)
                 : rb_diag_add(c->diags, 226, value->span,
                               "`%s` is none of the steps of the runbook itself", id);
    rb_diag_help(diag,
                 "a guard covers steps of `steps:`, from one to another, with all that "
                 "is in them");
    return -1;
}

struct covers {
    int from, to;
};

static void from(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    ((struct covers *)into)->from = covered(c, value, "from");
}

static void to(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    ((struct covers *)into)->to = covered(c, value, "to");
}

void rb_guard_covers(struct rb_compiler *c, const struct rb_yaml_node *value,
                     struct rb_draft *draft)
{
    static const struct rb_field fields[] = {{"from", from}, {"to", to}, {0}};
    struct covers covers = {-1, -1};
    if (value->kind == RB_NODE_SCALAR)
        covers.from = covers.to = covered(c, value, "covers");
    else if (!rb_fields_read(c, value, "`covers`", fields, &covers))
        return;
    draft->step.covers_from = covers.from;
    draft->step.covers_to = covers.to;
    if (covers.from >= 0 && covers.to >= 0 && covers.to < covers.from)
        rb_diag_help(rb_diag_add(c->diags, 217, value->span,
                                 "`from` comes after `to`: it would cover nothing"),
                     "exchange the two");
}
