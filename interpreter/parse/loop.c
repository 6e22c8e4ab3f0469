#include "parse/braces.h"
#include "parse/draft.h"
#include "parse/expr.h"
#include "parse/leaf.h"
#include "parse/scalar.h"
#include "plan/globals.h"

/* A list that is written out becomes the Lua that makes it, with the expressions in it. */

static void write_string(const struct rb_value *value, struct rb_buf *out)
{
    const char *bytes = rb_value_as_text(value, "");
    rb_buf_putc(out, '"');
    for (size_t i = 0; i < rb_value_length(value); i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte == '"' || byte == '\\' || byte < 0x20)
            rb_buf_printf(out, "\\%03u", byte);
        else
            rb_buf_putc(out, (char)byte);
    }
    rb_buf_putc(out, '"');
}

static void write_value(const struct rb_compiler *c, const struct rb_value *value,
                        struct rb_buf *out);

static void write_list(const struct rb_compiler *c, const struct rb_value *list,
                       const char *between, struct rb_buf *out)
{
    for (size_t i = 0; i < rb_value_count(list); i++) {
        rb_buf_puts(out, i ? between : "");
        write_value(c, rb_value_at(list, i), out);
    }
}

static void write_map(const struct rb_compiler *c, const struct rb_value *map,
                      struct rb_buf *out)
{
    const struct rb_value *expr = rb_value_get(map, "$expr");
    const struct rb_value *parts = rb_value_get(map, "$text");
    if (expr) {
        /* The line's end ends a comment in the author's Lua. */
        rb_buf_printf(out, "(%s\n)",
                      c->dry ? "nil" : c->exprs[rb_value_as_int(expr, 0)].source);
    } else if (parts) {
        rb_buf_puts(out, "(\"\" .. ");
        write_list(c, parts, " .. ", out);
        rb_buf_puts(out, ")");
    } else {
        rb_buf_puts(out, "{");
        for (size_t i = 0; i < rb_value_count(map); i++) {
            rb_buf_puts(out, i ? ", [" : "[");
            write_string(rb_value_key_at(map, i), out);
            rb_buf_puts(out, "] = ");
            write_value(c, rb_value_member_at(map, i), out);
        }
        rb_buf_puts(out, "}");
    }
}

static void write_value(const struct rb_compiler *c, const struct rb_value *value,
                        struct rb_buf *out)
{
    switch (rb_value_kind(value)) {
    case RB_NULL:
        rb_buf_puts(out, "nil");
        break;
    case RB_BOOL:
        rb_buf_puts(out, rb_value_as_bool(value, false) ? "true" : "false");
        break;
    case RB_INT:
        rb_buf_printf(out, "%lld", (long long)rb_value_as_int(value, 0));
        break;
    case RB_NUMBER:
        rb_buf_printf(out, "%.17g", rb_value_as_number(value, 0));
        break;
    case RB_STRING:
        write_string(value, out);
        break;
    case RB_LIST:
        rb_buf_puts(out, "{");
        write_list(c, value, ", ", out);
        rb_buf_puts(out, "}");
        break;
    case RB_MAP:
        write_map(c, value, out);
        break;
    }
}

static bool has_null(const struct rb_value *list)
{
    for (size_t i = 0; i < rb_value_count(list); i++) {
        if (rb_value_is(rb_value_at(list, i), RB_NULL))
            return true;
    }
    return false;
}

static int written_out(struct rb_compiler *c, const struct rb_yaml_node *node,
                       const char *where)
{
    int first = c->expr_count;
    RB_AUTO_VALUE const struct rb_value *list = rb_leaf_value(c, node, where);
    if (!list)
        return -1;
    if (node->count == 0 || has_null(list)) {
        rb_diag_add(c->diags, 218, node->span,
                    node->count ? "`for_each` has an element that is null"
                                : "`for_each` has no elements");
        return -1;
    }
    RB_AUTO_BUF struct rb_buf source = {0};
    write_value(c, list, &source);
    return rb_expr_replace(c, first, rb_buf_text(&source), node, where);
}

static int elements(struct rb_compiler *c, const struct rb_yaml_node *node)
{
    const char *where = rb_compiler_where(c, "for_each");
    if (node->kind == RB_NODE_SEQUENCE)
        return written_out(c, node, where);
    struct rb_braces braces;
    bool value =
        node->kind == RB_NODE_SCALAR && rb_braces_at(node->text, node->length, 0) &&
        rb_braces_read(node->text, node->length, 0, &braces) && braces.end == node->length;
    if (value)
        return rb_expr_add(c, node, braces.expr, braces.expr_length, where);
    if (node->kind != RB_NODE_BROKEN)
        rb_diag_help(rb_diag_add(c->diags, 203, node->span, "`for_each` has to be a list"),
                     "write [a, b, c], or one value: ${{ params.hosts }}");
    return -1;
}

static bool is_taken(const char *name)
{
    static const char *const taken[] = {
#define X(text) text,
        RB_SCOPE_NAMES(X) RB_WORLD_MODULES(X) RB_PURE_MODULES(X) RB_PURE_NAMES(X)
#undef X
    };
    for (size_t i = 0; i < RB_COUNT(taken); i++) {
        if (strcmp(taken[i], name) == 0)
            return true;
    }
    return false;
}

static const char *variable(struct rb_compiler *c, const struct rb_yaml_node *as)
{
    const char *name = "item";
    if (!as || !rb_scalar_text(as, "as", c->diags, &name) ||
        !rb_scalar_name(as, RB_NAME_LUA, "a loop variable", c->diags))
        return "item";
    if (!is_taken(name))
        return rb_arena_strdup(c->arena, name);
    rb_diag_help(rb_diag_add(c->diags, 209, as->span,
                             "`%s` can't be the name of a loop variable", name),
                 "every expression knows something else by this name");
    return "item";
}

void rb_loop_read(struct rb_compiler *c, struct rb_draft *draft)
{
    const struct rb_yaml_node *list = rb_yaml_get(draft->node, "for_each");
    const struct rb_yaml_node *as = rb_yaml_get(draft->node, "as");
    draft->step.loop_name = variable(c, as);
    if (!list) {
        if (as)
            rb_diag_help(rb_diag_add(c->diags, 212, as->span,
                                     "`as` has no meaning without `for_each`"),
                         "take it out");
        return;
    }
    draft->step.for_each = elements(c, list);
    RB_GROW(c->loops, c->loop_count, c->loop_capacity);
    c->loops[c->loop_count++] = draft->step.loop_name;
}
