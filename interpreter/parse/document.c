#include "parse/connections.h"
#include "parse/declare.h"
#include "parse/draft.h"
#include "parse/expr.h"
#include "parse/fields.h"
#include "parse/layer.h"
#include "parse/requires.h"
#include "parse/scalar.h"
#include "plan/template.h"

const char *rb_compiler_where(struct rb_compiler *c, const char *name)
{
    if (!c->owner)
        return rb_arena_strdup(c->arena, name);
    return rb_arena_printf(c->arena, "%s.%s", c->owner, name);
}

void *rb_compiler_keep(struct rb_arena *arena, void *items, int count, size_t size)
{
    void *kept = rb_arena_alloc(arena, (size_t)count * size);
    if (count)
        memcpy(kept, items, (size_t)count * size);
    free(items);
    return kept;
}

/* The members of the file: some need others first, whatever their order. */
struct top {
    struct rb_layer base;
    const struct rb_yaml_node *runbook, *owner, *requires, *params, *environments,
        *inherit_env, *on_failure, *steps;
};

#define KEEP(name, member)                                                           \
    static void keep_##name(struct rb_compiler *c, const struct rb_yaml_node *value, \
                            void *into)                                              \
    {                                                                                \
        (void)c;                                                                     \
        ((struct top *)into)->member = value;                                        \
    }
KEEP(runbook, runbook)
KEEP(title, base.title)
KEEP(owner, owner)
KEEP(requires, requires)
KEEP(params, params)
KEEP(vars, base.vars)
KEEP(secrets, base.secrets)
KEEP(environments, environments)
KEEP(env, base.env)
KEEP(connections, base.connections)
KEEP(inherit_env, inherit_env)
KEEP(defaults, base.defaults)
KEEP(steps, steps)
KEEP(on_failure, on_failure)
#undef KEEP

static void read_name(struct rb_compiler *c, const struct top *top)
{
    const char *text;
    if (!top->runbook)
        rb_fields_missing(c->diags, c->document->root, "the runbook", "runbook",
                          "begin the file with its name: `runbook: my-procedure`");
    else if (rb_scalar_text(top->runbook, "runbook", c->diags, &text) &&
             rb_scalar_name(top->runbook, RB_NAME_ID, "a runbook", c->diags))
        c->plan->name = rb_arena_strdup(c->arena, text);
    if (!c->plan->name)
        c->plan->name = "";
    if (top->owner && rb_scalar_text(top->owner, "owner", c->diags, &text))
        c->plan->owner = rb_arena_strdup(c->arena, text);
}

static void inherit_name(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    (void)into;
    if (item->kind == RB_NODE_SCALAR)
        rb_scalar_name(item, RB_NAME_ENV, "an environment variable", c->diags);
}

/* Besides those that every child has: PATH, HOME, LANG, TERM. */
static void read_inherit_env(struct rb_compiler *c, const struct rb_yaml_node *node)
{
    static const char *const none[] = {NULL};
    c->plan->inherit = none;
    if (!node)
        return;
    c->plan->inherit = rb_fields_texts(c, node, "inherit_env", false);
    if (node->kind == RB_NODE_SEQUENCE)
        rb_fields_each(c, node, "inherit_env", false, inherit_name, NULL);
}

static void read_on_failure(struct rb_compiler *c, const struct top *top,
                            struct rb_inherit *inherit)
{
    static const char *const words[] = {"stop", "ask", NULL};
    int index;
    if (!top->on_failure ||
        !rb_scalar_word(top->on_failure, "on_failure", words, c->diags, &index))
        return;
    inherit->on_failure = index == 0 ? RB_FAIL_STOP : RB_FAIL_ASK;
    if (top->base.defaults && rb_yaml_get(top->base.defaults, "on_failure"))
        rb_diag_help(rb_diag_add(c->diags, 222, top->on_failure->span,
                                 "`on_failure` stands here and in `defaults`"),
                     "keep one of the two");
}

static void collect_prepare(struct rb_compiler *c)
{
    int *items = NULL, count = 0, capacity = 0;
    for (int i = 0; i < c->plan->var_count; i++)
        rb_template_exprs(c->plan->vars[i].value, &items, &count, &capacity);
    rb_template_exprs(c->plan->env, &items, &count, &capacity);
    rb_template_exprs(c->plan->connections, &items, &count, &capacity);
    c->plan->prepare = rb_compiler_keep(c->arena, items, count, sizeof *items);
    c->plan->prepare_count = count;
}

static void read_steps(struct rb_compiler *c, const struct top *top,
                       const struct rb_inherit *inherit)
{
    c->plan->first_step = -1;
    if (top->steps)
        c->plan->first_step = rb_steps_read(c, top->steps, -1, inherit);
    else
        rb_fields_missing(c->diags, c->document->root, "the runbook", "steps",
                          "say what there is to do: `steps:` and a list");
}

static void compile(struct rb_compiler *c, const char *environment)
{
    static const struct rb_field fields[] = {
        {"runbook", keep_runbook},
        {"title", keep_title},
        {"owner", keep_owner},
        {"requires", keep_requires},
        {"params", keep_params},
        {"vars", keep_vars},
        {"secrets", keep_secrets},
        {"environments", keep_environments},
        {"env", keep_env},
        {"connections", keep_connections},
        {"inherit_env", keep_inherit_env},
        {"defaults", keep_defaults},
        {"steps", keep_steps},
        {"on_failure", keep_on_failure},
        {0},
    };
    struct top top = {0};
    if (!rb_fields_read(c, c->document->root, "a runbook", fields, &top))
        return;
    struct rb_layer over = {0};
    struct rb_inherit inherit;
    rb_inherit_init(&inherit);
    read_name(c, &top);
    rb_requires_read(c, top.requires);
    if (top.params)
        rb_declare_params(c, top.params);
    rb_layer_choose(c, top.environments, environment, &over);
    rb_layer_title(c, &top.base, &over);
    rb_layer_vars(c, &top.base, &over);
    rb_layer_secrets(c, &top.base, &over);
    rb_layer_env(c, &top.base, &over);
    rb_layer_connections(c, &top.base, &over);
    read_inherit_env(c, top.inherit_env);
    read_on_failure(c, &top, &inherit);
    rb_layer_defaults(c, &top.base, &over, &inherit);
    read_steps(c, &top, &inherit);
    rb_inherit_done(&inherit);
    rb_connections_resolve(c);
    rb_expr_resolve(c);
    collect_prepare(c);
}

/* What grew while it was read moves to where it stays. */
static void finish(struct rb_compiler *c)
{
    struct rb_plan *plan = c->plan;
    struct rb_document *document = c->document;
    plan->expr_count = c->expr_count;
    plan->exprs = rb_compiler_keep(c->arena, c->exprs, c->expr_count, sizeof *c->exprs);
    plan->step_count = c->step_count;
    plan->steps = rb_compiler_keep(c->arena, c->steps, c->step_count, sizeof *c->steps);
    document->refs =
        rb_compiler_keep(document->arena, c->refs, c->expr_count, sizeof *c->refs);
    document->step_nodes = rb_compiler_keep(document->arena, c->step_nodes, c->step_count,
                                            sizeof *c->step_nodes);
    document->secret_use_count = c->secret_use_count;
    document->secret_uses = rb_compiler_keep(document->arena, c->secret_uses,
                                             c->secret_use_count, sizeof *c->secret_uses);
    HASH_CLEAR(hh, c->ids);
    rb_lua_scan_close(c->lua);
    free(c->loops);
    rb_plan_index(plan);
}

static void say_when_full(const struct rb_document *document, struct rb_diags *diags)
{
    if (!rb_diags_full(diags))
        return;
    struct rb_span start = {document->source, 1, 1, 1, 1};
    rb_diag_help(rb_diag_add(diags, 224, start, "only the first %d findings are told",
                             RB_DIAGS_MOST),
                 "one of the first probably explains most of the others");
}

struct rb_document *rb_document_read(const char *path, const char *text, size_t length,
                                     const char *environment, struct rb_diags *diags)
{
    struct rb_arena *arena = rb_arena_new();
    struct rb_document *document = rb_arena_alloc(arena, sizeof *document);
    document->arena = arena;
    document->scratch = rb_arena_new();
    document->source = rb_source_new(arena, path, text, length);
    document->root = rb_yaml_read(arena, document->source, diags);
    if (!document->root || document->root->kind != RB_NODE_MAPPING) {
        if (document->root)
            rb_scalar_kind(document->root, RB_NODE_MAPPING, "a runbook", diags);
        say_when_full(document, diags);
        return document;
    }
    struct rb_arena *plan_arena = rb_arena_new();
    struct rb_plan *plan = rb_arena_alloc(plan_arena, sizeof *plan);
    plan->arena = plan_arena;
    plan->source = document->source;
    document->plan = plan;
    struct rb_compiler c = {
        .document = document, .diags = diags, .arena = plan_arena, .plan = plan};
    compile(&c, environment);
    finish(&c);
    say_when_full(document, diags);
    return document;
}

void rb_document_free(struct rb_document *document)
{
    if (!document)
        return;
    rb_plan_free(document->plan);
    rb_arena_free(document->scratch);
    rb_arena_free(document->arena);
}
