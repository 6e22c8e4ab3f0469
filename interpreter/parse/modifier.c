#include "parse/draft.h"
#include "parse/expr.h"
#include "parse/leaf.h"
#include "parse/roles.h"
#include "parse/scalar.h"

enum { MOST_AT_ONCE = 100000 };

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

struct rb_outputs rb_outputs_read(struct rb_compiler *c, const struct rb_yaml_node *value)
{
    if (!rb_scalar_field(value, RB_NODE_MAPPING, "outputs", c->diags))
        return (struct rb_outputs){0};
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
    return (struct rb_outputs){items, count};
}

static void outputs(struct rb_compiler *c, const struct rb_yaml_node *value,
                    struct rb_draft *draft)
{
    const struct rb_outputs read = rb_outputs_read(c, value);
    draft->step.outputs = read.items;
    draft->step.output_count = read.count;
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

/* Of the loop, where there is one. */
static void limit(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft)
{
    int64_t number;
    if (draft->step.action != RB_ACTION_PARALLEL && !rb_yaml_get(draft->node, "for_each"))
        rb_diag_help(rb_diag_add(c->diags, 212, value->span,
                                 "`limit` has no meaning without `parallel` or `for_each`"),
                     "it says how many branches or elements are under way at once");
    else if (rb_scalar_int(value, "limit", 1, MOST_AT_ONCE, c->diags, &number))
        draft->step.limit = (int)number;
}

/* "20%" of how many there are, or a number. */
static void max_failures(struct rb_compiler *c, const struct rb_yaml_node *value,
                         struct rb_draft *draft)
{
    int64_t number;
    size_t length = value->kind == RB_NODE_SCALAR ? value->length : 0;
    bool percent = length > 1 && value->text[length - 1] == '%';
    if (!rb_yaml_get(draft->node, "for_each")) {
        rb_diag_help(rb_diag_add(c->diags, 212, value->span,
                                 "`max_failures` has no meaning without `for_each`"),
                     "it says with how many failed elements the loop fails");
    } else if (!percent) {
        if (rb_scalar_int(value, "max_failures", 1, MOST_AT_ONCE, c->diags, &number))
            draft->step.max_failures = (int)number;
    } else {
        RB_AUTO_FREE char *digits = rb_strndup(value->text, length - 1);
        if (rb_scalar_parse_int(digits, &number) && number >= 1 && number <= 100) {
            draft->step.max_failures = (int)number;
            draft->step.max_failures_percent = true;
            return;
        }
        rb_diag_help(rb_diag_add(c->diags, 217, value->span,
                                 "`max_failures` is not a percentage from 1%% to 100%%"),
                     "write 10%% of the elements, or a number of them");
    }
}

static void on_branch_failure(struct rb_compiler *c, const struct rb_yaml_node *value,
                              struct rb_draft *draft)
{
    static const char *const words[] = {"wait", "cancel", NULL};
    int index;
    if (rb_scalar_word(value, "on_branch_failure", words, c->diags, &index))
        draft->step.cancel_branches = index == 1;
}

/* Who has to answer; of a checklist, where an item says nothing else. */
static void role(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_draft *draft)
{
    rb_draft_set(draft, "role", rb_role_read(c, value));
}

/* `id`, `for_each` and `as` are read before the rest, whose expressions need them. */
const struct rb_member rb_modifier_members[] = {
    {"id", RB_DOES_ANY | RB_GUARDS, NULL},
    {"title", RB_DOES_ANY | RB_GUARDS, title},
    {"why", RB_DOES_ANY | RB_GUARDS, why},
    {"when", RB_DOES_ANY, when},
    {"for_each", RB_DOES_ANY, NULL},
    {"as", RB_DOES_ANY, NULL},
    {"limit", RB_DOES_ANY, limit},
    {"max_failures", RB_DOES_ANY, max_failures},
    {"on_branch_failure", 1 << RB_ACTION_PARALLEL, on_branch_failure},
    {"role", 1 << RB_ACTION_MANUAL | 1 << RB_ACTION_CONFIRM | 1 << RB_ACTION_CHECKLIST,
     role},
    {"connection", RB_GOES_OUT, connection},
    {"obligation",
     1 << RB_ACTION_MANUAL | 1 << RB_ACTION_CHECKLIST | 1 << RB_ACTION_CONFIRM,
     rb_obligation_read},
    {"stdin", RB_DOES_PROCESS, standard_input},
    {"expect", RB_DOES_EFFECT, expect},
    {"check", RB_DOES_EFFECT | RB_GUARDS, check},
    {"outputs", RB_DOES_EFFECT, outputs},
    {"with", 1 << RB_ACTION_CALL, rb_call_with},
    {"undo", RB_IS_UNDONE, rb_rescue_undo},
    {"every", RB_GUARDS, rb_guard_every},
    {"trips_after", RB_GUARDS, rb_guard_trips_after},
    {"covers", RB_GUARDS, rb_guard_covers},
    {"on_trip", RB_GUARDS, rb_guard_on_trip},
    {"on_failure", RB_DOES_ANY, rb_rescue_on_failure},
    {"probe", RB_DOES_EFFECT, probe},
    {"on_interrupt", RB_DOES_EFFECT | RB_TELLS, on_interrupt},
    {"idempotent", RB_DOES_EFFECT | RB_TELLS, idempotent},
    {"window", RB_DOES_ANY, rb_window_of_step},
    {"fresh_for", RB_DOES_ANY, rb_fresh_for},
    {"needs", RB_DOES_ANY, rb_fresh_needs},
    {0},
};
