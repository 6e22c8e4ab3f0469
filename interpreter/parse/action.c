#include "parse/dash.h"
#include "parse/draft.h"
#include "parse/expr.h"
#include "parse/fields.h"
#include "parse/leaf.h"
#include "parse/scalar.h"
#include "parse/shell.h"

static void run(struct rb_compiler *c, const struct rb_yaml_node *value,
                struct rb_draft *draft)
{
    if (!rb_scalar_field(value, RB_NODE_SCALAR, "run", c->diags))
        return;
    if (value->length == 0) {
        rb_diag_help(rb_diag_add(c->diags, 203, value->span, "`run` is empty"),
                     "write the script; a step that a person does has no action at all");
        return;
    }
    struct rb_shell_script script;
    if (!rb_shell_interpolate(c->document->arena, c->document->scratch, value, c->diags,
                              &script))
        return;
    struct rb_list_builder bind = {0};
    const char *where = rb_compiler_where(c, "run");
    for (int i = 0; i < script.count; i++) {
        const struct rb_shell_value *part = &script.values[i];
        int expr = rb_expr_add(c, value, part->offset, strlen(part->expr), where);
        if (expr < 0)
            continue;
        const struct rb_value *leaf = rb_value_map("$expr", rb_value_int(expr), NULL);
        rb_list_add(&bind, rb_value_map("$text", rb_value_list(leaf, NULL), NULL));
    }
    rb_draft_set(draft, "script", rb_value_text(script.text));
    rb_draft_set(draft, "bind", rb_list_end(&bind));
}

struct argv {
    struct rb_list_builder list;
    const char *where;
};

static void argument(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    struct argv *argv = into;
    const struct rb_value *text = rb_leaf_text(c, item, argv->where);
    if (text)
        rb_list_add(&argv->list, text);
}

/* One program with its arguments: a new reference. */
static const struct rb_value *program(struct rb_compiler *c,
                                      const struct rb_yaml_node *node, const char *name)
{
    struct argv argv = {.where = rb_compiler_where(c, name)};
    if (node->kind == RB_NODE_SCALAR) {
        rb_diag_help(rb_diag_add(c->diags, 203, node->span,
                                 "`%s` takes a list: the program, then its arguments",
                                 name),
                     "write [prog, arg, ...], or use `run:` for a shell script");
    } else if (rb_fields_each(c, node, name, false, argument, &argv) && node->count == 0) {
        rb_diag_help(rb_diag_add(c->diags, 218, node->span, "`%s` names no program", name),
                     "write [prog, arg, ...]");
    }
    return rb_list_end(&argv.list);
}

static void exec(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_draft *draft)
{
    const struct rb_value *argv = program(c, value, "exec");
    rb_draft_set(draft, "dash_ok", rb_dash_list(c, argv));
    rb_draft_set(draft, "argv", argv);
}

struct programs {
    struct rb_list_builder argvs, dash_ok;
};

static void pipe_program(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    struct programs *programs = into;
    const struct rb_value *argv = program(c, item, "pipe");
    rb_list_add(&programs->dash_ok, rb_dash_list(c, argv));
    rb_list_add(&programs->argvs, argv);
}

static void pipe_line(struct rb_compiler *c, const struct rb_yaml_node *value,
                      struct rb_draft *draft)
{
    struct programs programs = {0};
    if (rb_fields_each(c, value, "pipe", false, pipe_program, &programs) &&
        value->count < 2)
        rb_diag_help(
            rb_diag_add(c->diags, 218, value->span, "`pipe` has less than two programs"),
            "write [[prog, arg], [prog, arg]]; for one program use `exec:`");
    rb_draft_set(draft, "dash_ok", rb_list_end(&programs.dash_ok));
    rb_draft_set(draft, "pipe", rb_list_end(&programs.argvs));
}

static void lua(struct rb_compiler *c, const struct rb_yaml_node *value,
                struct rb_draft *draft)
{
    int chunk = rb_expr_chunk(c, value, rb_compiler_where(c, "lua"));
    if (chunk >= 0)
        rb_draft_set(draft, "chunk", rb_value_int(chunk));
}

static void steps(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft)
{
    (void)c;
    draft->children = value;
}

const struct rb_member rb_action_members[RB_ACTION_COUNT] = {
    [RB_ACTION_RUN] = {"run", RB_DOES_ANY, run},
    [RB_ACTION_EXEC] = {"exec", RB_DOES_ANY, exec},
    [RB_ACTION_PIPE] = {"pipe", RB_DOES_ANY, pipe_line},
    [RB_ACTION_HTTP] = {"http", RB_DOES_ANY, rb_web_read},
    [RB_ACTION_SQL] = {"sql", RB_DOES_ANY, rb_sql_read},
    [RB_ACTION_NOTIFY] = {"notify", RB_DOES_ANY, rb_notify_read},
    [RB_ACTION_LUA] = {"lua", RB_DOES_ANY, lua},
    [RB_ACTION_GATE] = {"gate", RB_DOES_ANY, rb_gate_read},
    [RB_ACTION_CHECKLIST] = {"checklist", RB_DOES_ANY, rb_person_checklist},
    [RB_ACTION_CONFIRM] = {"confirm", RB_DOES_ANY, rb_person_confirm},
    [RB_ACTION_ASK] = {"ask", RB_DOES_ANY, rb_ask_read},
    [RB_ACTION_WAIT] = {"wait", RB_DOES_ANY, rb_wait_read},
    [RB_ACTION_APPROVE] = {"approve", RB_DOES_ANY, rb_approve_read},
    [RB_ACTION_STEPS] = {"steps", RB_DOES_ANY, steps},
    [RB_ACTION_PARALLEL] = {"parallel", RB_DOES_ANY, steps},
    [RB_ACTION_CALL] = {"call", RB_DOES_ANY, rb_call_read},
};
