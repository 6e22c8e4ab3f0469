#include "parse/top.h"

#include <string.h>

#include "parse/connections.h"
#include "parse/declare.h"
#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/layer.h"
#include "parse/requires.h"
#include "parse/roles.h"
#include "parse/scalar.h"
#include "parse/templates.h"

/* The members of the file: some need others first, whatever their order. */
struct top {
    struct rb_layer base;
    const struct rb_yaml_node *runbook, *owner, *requires, *params, *environments,
        *inherit_env, *on_failure, *templates, *steps, *guards, *finally, *outputs;
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
KEEP(window, base.window)
KEEP(roles, base.roles)
KEEP(signers, base.signers)
KEEP(inherit_env, inherit_env)
KEEP(defaults, base.defaults)
KEEP(locks, base.locks)
KEEP(templates, templates)
KEEP(steps, steps)
KEEP(on_failure, on_failure)
KEEP(guards, guards)
KEEP(finally, finally)
KEEP(outputs, outputs)
#undef KEEP

static void read_name(struct rb_compiler *c, const struct rb_yaml_node *node)
{
    const char *text;
    if (!node)
        rb_fields_missing(c->diags, c->document->root, "the runbook", "runbook",
                          "begin the file with its name: `runbook: my-procedure`");
    else if (rb_scalar_text(node, "runbook", c->diags, &text) &&
             rb_scalar_name(node, RB_NAME_ID, "a runbook", c->diags))
        c->book->name = rb_arena_strdup(c->arena, text);
}

/* Of the run: what a file that is called says of these it says of itself. */
static void read_run(struct rb_compiler *c, const struct top *top,
                     const struct rb_layer *over)
{
    const char *text;
    c->plan->name = c->book->name;
    if (top->owner && rb_scalar_text(top->owner, "owner", c->diags, &text))
        c->plan->owner = rb_arena_strdup(c->arena, text);
    rb_layer_title(c, &top->base, over);
    rb_layer_window(c, &top->base, over);
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
    if (!c->plan->inherit)
        c->plan->inherit = none;
    if (!node)
        return;
    c->plan->inherit =
        rb_fields_add(c, c->plan->inherit, rb_fields_texts(c, node, "inherit_env", false));
    if (node->kind == RB_NODE_SEQUENCE)
        rb_fields_each(c, node, "inherit_env", false, inherit_name, NULL);
}

static void read_on_failure(struct rb_compiler *c, const struct top *top,
                            struct rb_inherit *inherit)
{
    static const char *const words[] = {"stop", "ask", "rollback", NULL};
    static const enum rb_on_failure policies[] = {RB_FAIL_STOP, RB_FAIL_ASK,
                                                  RB_FAIL_ROLLBACK};
    int index;
    if (!top->on_failure || top->on_failure->kind == RB_NODE_SEQUENCE ||
        !rb_scalar_word(top->on_failure, "on_failure", words, c->diags, &index))
        return;
    inherit->on_failure = c->rescue ? RB_FAIL_STOP : policies[index];
    if (top->base.defaults && rb_yaml_get(top->base.defaults, "on_failure"))
        rb_diag_help(rb_diag_add(c->diags, 222, top->on_failure->span,
                                 "`on_failure` stands here and in `defaults`"),
                     "keep one of the two");
}

static int read_steps(struct rb_compiler *c, const struct top *top, int parent,
                      const struct rb_inherit *inherit)
{
    if (top->steps)
        return rb_steps_read(c, top->steps, "steps", parent, inherit);
    rb_fields_missing(c->diags, c->document->root, "the runbook", "steps",
                      "say what there is to do: `steps:` and a list");
    return -1;
}

static bool read_members(struct rb_compiler *c, struct top *top)
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
        {"window", keep_window},
        {"roles", keep_roles},
        {"signers", keep_signers},
        {"inherit_env", keep_inherit_env},
        {"defaults", keep_defaults},
        {"locks", keep_locks},
        {"templates", keep_templates},
        {"steps", keep_steps},
        {"on_failure", keep_on_failure},
        {"guards", keep_guards},
        {"finally", keep_finally},
        {"outputs", keep_outputs},
        {0},
    };
    return rb_fields_read(c, c->document->root, "a runbook", fields, top);
}

/* What its steps see, whoever runs them. */
static void read_book(struct rb_compiler *c, const struct top *top,
                      const struct rb_layer *over, struct rb_inherit *inherit)
{
    rb_layer_vars(c, &top->base, over);
    rb_layer_secrets(c, &top->base, over);
    rb_layer_env(c, &top->base, over);
    rb_layer_connections(c, &top->base, over);
    rb_layer_locks(c, &top->base, over);
    rb_layer_roles(c, &top->base, over);
    rb_layer_signers(c, &top->base, over);
    read_inherit_env(c, top->inherit_env);
    read_on_failure(c, top, inherit);
    rb_layer_defaults(c, &top->base, over, inherit);
    rb_templates_read(c, top->templates);
}

static void read_outputs(struct rb_compiler *c, const struct rb_yaml_node *node)
{
    c->owner = NULL;
    if (!node)
        return;
    const struct rb_outputs outputs = rb_outputs_read(c, node);
    c->book->outputs = outputs.items;
    c->book->output_count = outputs.count;
}

static void read_output_names(struct rb_compiler *c, const struct rb_yaml_node *node)
{
    if (!node || node->kind != RB_NODE_MAPPING)
        return;
    struct rb_output *items = rb_arena_alloc(c->arena, (size_t)node->count * sizeof *items);
    for (int i = 0; i < node->count; i++)
        items[i] = (struct rb_output){rb_arena_strdup(c->arena, node->keys[i]->text), -1};
    c->book->outputs = items;
    c->book->output_count = node->count;
}

void rb_top_read(struct rb_compiler *c)
{
    struct top top = {0};
    c->plan->first_step = c->plan->first_guard = -1;
    c->plan->first_on_failure = c->plan->first_finally = -1;
    c->plan->name = "";
    rb_requires_begin(c);
    if (!read_members(c, &top))
        return;
    struct rb_layer over = {0};
    struct rb_inherit inherit;
    rb_inherit_init(&inherit);
    read_name(c, top.runbook);
    rb_requires_read(c, top.requires);
    if (top.params)
        rb_declare_params(c, top.params);
    rb_layer_choose(c, top.environments, c->reading->environment, &over);
    read_run(c, &top, &over);
    read_book(c, &top, &over, &inherit);
    c->plan->first_step = read_steps(c, &top, -1, &inherit);
    c->plan->first_guard = top.guards ? rb_guards_read(c, top.guards, &inherit) : -1;
    rb_rescue_rows(c, top.on_failure, top.finally, &inherit);
    read_outputs(c, top.outputs);
    rb_inherit_done(&inherit);
}

void rb_top_declared(struct rb_compiler *c)
{
    struct top top = {0};
    if (!read_members(c, &top))
        return;
    read_name(c, top.runbook);
    if (top.params)
        rb_declare_params(c, top.params);
    read_output_names(c, top.outputs);
}

/* Only where the file has it: others have no environments at all. */
static const char *environment_of(const struct rb_compiler *c, const struct top *top)
{
    const char *chosen = c->reading->environment;
    return top->environments && top->environments->kind == RB_NODE_MAPPING &&
                   top->environments->count > 0
               ? chosen
               : NULL;
}

int rb_top_called(struct rb_compiler *c, int parent, enum rb_on_failure on_failure,
                  const struct rb_value **ret_window)
{
    struct top top = {0};
    if (!read_members(c, &top))
        return -1;
    struct rb_layer over = {0};
    struct rb_inherit inherit;
    rb_inherit_init(&inherit);
    inherit.on_failure = on_failure;
    read_name(c, top.runbook);
    rb_requires_read(c, top.requires);
    if (top.params)
        rb_declare_params(c, top.params);
    rb_layer_choose(c, top.environments, environment_of(c, &top), &over);
    *ret_window = rb_layer_window_of(c, &top.base, &over);
    read_book(c, &top, &over, &inherit);
    int first = read_steps(c, &top, parent, &inherit);
    read_outputs(c, top.outputs);
    rb_inherit_done(&inherit);
    return first;
}
