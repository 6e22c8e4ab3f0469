#include "parse/draft.h"
#include "parse/expr.h"
#include "parse/fields.h"
#include "parse/scalar.h"

static void add_check(struct rb_compiler *c, struct rb_list_builder *checks,
                      const char *name, const struct rb_yaml_node *value, const char *where)
{
    int expr = rb_expr_bare(c, value, where);
    if (expr >= 0)
        rb_list_add(checks, rb_value_map("name", rb_value_text(name), "expr",
                                         rb_value_int(expr), NULL));
}

struct gate {
    struct rb_draft *draft;
    struct rb_list_builder checks;
};

static void check(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct gate *gate = into;
    add_check(c, &gate->checks, "gate", value, rb_compiler_where(c, "gate"));
}

static void checks(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct gate *gate = into;
    if (!rb_scalar_field(value, RB_NODE_MAPPING, "checks", c->diags))
        return;
    if (value->count == 0)
        rb_diag_help(rb_diag_add(c->diags, 218, value->span, "`checks` has no checks"),
                     "a gate that asks nothing always holds: write {name: Lua}");
    for (int i = 0; i < value->count; i++) {
        const struct rb_yaml_node *key = value->keys[i];
        const char *where =
            rb_compiler_where(c, rb_arena_printf(c->arena, "gate.%s", key->text));
        if (rb_scalar_name(key, RB_NAME_ID, "a check", c->diags))
            add_check(c, &gate->checks, key->text, value->items[i], where);
    }
}

static void every(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct gate *gate = into;
    rb_time span;
    if (rb_scalar_span(value, "every", c->diags, &span))
        rb_draft_set(gate->draft, "every_us", rb_value_int(span));
}

static void hold(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct gate *gate = into;
    rb_time span;
    if (rb_scalar_span(value, "hold", c->diags, &span))
        rb_draft_set(gate->draft, "hold_us", rb_value_int(span));
}

/* The same as the step's own `timeout`: one attempt of a gate is all of its waiting. */
static void timeout(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct gate *gate = into;
    rb_scalar_span(value, "timeout", c->diags, &gate->draft->own.timeout);
    if (rb_yaml_get(gate->draft->node, "timeout"))
        rb_diag_help(rb_diag_add(c->diags, 222, value->span,
                                 "`timeout` stands in the gate and beside it"),
                     "keep one of the two");
}

void rb_gate_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft)
{
    static const struct rb_field fields[] = {{"check", check}, {"checks", checks},
                                             {"every", every}, {"timeout", timeout},
                                             {"hold", hold},   {0}};
    struct gate gate = {.draft = draft};
    if (value->kind != RB_NODE_MAPPING) {
        check(c, value, &gate);
    } else {
        rb_fields_read(c, value, "`gate`", fields, &gate);
        bool one = rb_yaml_get(value, "check"), named = rb_yaml_get(value, "checks");
        if (!one && !named)
            rb_fields_missing(
                c->diags, value, "`gate`", "check",
                "say what has to hold: `check: Lua`, or `checks: {name: Lua}`");
        if (one && named)
            rb_diag_help(
                rb_diag_add(c->diags, 222, value->span, "`gate` has `check` and `checks`"),
                "keep one of the two");
    }
    rb_draft_set(draft, "checks", rb_list_end(&gate.checks));
}
