#include "parse/draft.h"
#include "parse/expr.h"
#include "parse/leaf.h"
#include "parse/scalar.h"

static void title(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft)
{
    rb_draft_set(draft, "title", rb_leaf_text(c, value, rb_compiler_where(c, "title")));
}

static void why(struct rb_compiler *c, const struct rb_yaml_node *value,
                struct rb_draft *draft)
{
    rb_draft_set(draft, "why", rb_leaf_text(c, value, rb_compiler_where(c, "why")));
}

static void standard_input(struct rb_compiler *c, const struct rb_yaml_node *value,
                           struct rb_draft *draft)
{
    rb_draft_set(draft, "stdin", rb_leaf_secret(c, value, rb_compiler_where(c, "stdin")));
}

static void when(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_draft *draft)
{
    draft->step.when = rb_expr_bare(c, value, rb_compiler_where(c, "when"));
}

static void check(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft)
{
    draft->step.check = rb_expr_bare(c, value, rb_compiler_where(c, "check"));
}

static void probe(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft)
{
    draft->step.probe = rb_expr_bare(c, value, rb_compiler_where(c, "probe"));
}

static void expect(struct rb_compiler *c, const struct rb_yaml_node *value,
                   struct rb_draft *draft)
{
    rb_draft_set(draft, "expect", rb_expect_read(c, value, draft->step.action));
}

static void outputs(struct rb_compiler *c, const struct rb_yaml_node *value,
                    struct rb_draft *draft)
{
    if (!rb_scalar_field(value, RB_NODE_MAPPING, "outputs", c->diags))
        return;
    struct rb_output *items =
        rb_arena_alloc(c->arena, (size_t)value->count * sizeof *items);
    int count = 0;
    for (int i = 0; i < value->count; i++) {
        const struct rb_yaml_node *key = value->keys[i];
        bool named = rb_scalar_name(key, RB_NAME_LUA, "an output", c->diags);
        const char *where =
            rb_compiler_where(c, rb_arena_printf(c->arena, "outputs.%s", key->text));
        int expr = rb_expr_bare(c, value->items[i], where);
        if (named && expr >= 0)
            items[count++] = (struct rb_output){rb_arena_strdup(c->arena, key->text), expr};
    }
    draft->step.outputs = items;
    draft->step.output_count = count;
}

static void on_interrupt(struct rb_compiler *c, const struct rb_yaml_node *value,
                         struct rb_draft *draft)
{
    static const char *const words[] = {[RB_INTERRUPT_ASK] = "ask",
                                        [RB_INTERRUPT_PROBE] = "probe",
                                        [RB_INTERRUPT_RERUN] = "rerun",
                                        [RB_INTERRUPT_FAIL] = "fail",
                                        NULL};
    int index;
    if (rb_scalar_word(value, "on_interrupt", words, c->diags, &index))
        draft->step.on_interrupt = (enum rb_on_interrupt)index;
}

static void connection(struct rb_compiler *c, const struct rb_yaml_node *value,
                       struct rb_draft *draft)
{
    const char *name;
    if (rb_scalar_text(value, "connection", c->diags, &name))
        rb_draft_set(draft, "connection", rb_value_text(name));
}

static void idempotent(struct rb_compiler *c, const struct rb_yaml_node *value,
                       struct rb_draft *draft)
{
    rb_scalar_bool(value, "idempotent", c->diags, &draft->step.idempotent);
}

/* `id`, `for_each` and `as` are read before the rest, whose expressions need them. */
const struct rb_member rb_modifier_members[] = {
    {"id", RB_DOES_ANY, NULL},
    {"title", RB_DOES_ANY, title},
    {"why", RB_DOES_ANY, why},
    {"when", RB_DOES_ANY, when},
    {"for_each", RB_DOES_ANY, NULL},
    {"as", RB_DOES_ANY, NULL},
    {"connection", RB_GOES_OUT, connection},
    {"stdin", RB_DOES_PROCESS, standard_input},
    {"expect", RB_DOES_EFFECT, expect},
    {"check", RB_DOES_EFFECT, check},
    {"outputs", RB_DOES_EFFECT, outputs},
    {"probe", RB_DOES_EFFECT, probe},
    {"on_interrupt", RB_DOES_EFFECT, on_interrupt},
    {"idempotent", RB_DOES_EFFECT, idempotent},
    {0},
};
