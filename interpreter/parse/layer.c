#include "parse/layer.h"

#include "base/text.h"
#include "parse/connections.h"
#include "parse/env.h"
#include "parse/fields.h"
#include "parse/leaf.h"
#include "parse/roles.h"
#include "parse/scalar.h"
#include "parse/secret.h"
#include "parse/window.h"

static void title(struct rb_compiler *c, const struct rb_yaml_node *node)
{
    const char *text;
    if (node && rb_scalar_text(node, "title", c->diags, &text) && !c->dry)
        c->plan->title = rb_arena_strdup(c->arena, text);
}

void rb_layer_title(struct rb_compiler *c, const struct rb_layer *base,
                    const struct rb_layer *over)
{
    title(c, base->title);
    title(c, over->title);
}

/* The node when it is a mapping; one that is none is diagnosed. */
static const struct rb_yaml_node *mapping(struct rb_compiler *c,
                                          const struct rb_yaml_node *node, const char *name)
{
    return node && rb_scalar_field(node, RB_NODE_MAPPING, name, c->diags) ? node : NULL;
}

/* Name to place in the mapping, so that a long one needs no search for each of its keys. */
static const struct rb_value *places(const struct rb_yaml_node *mapping)
{
    struct rb_map_builder map = {0};
    for (int i = 0; mapping && i < mapping->count; i++)
        rb_map_add(&map, mapping->keys[i]->text, rb_value_int(i));
    return rb_map_end(&map);
}

struct vars {
    struct rb_var *items;
    int count;
};

static void add_var(struct rb_compiler *c, const struct rb_yaml_node *key,
                    const struct rb_yaml_node *node, struct vars *vars)
{
    const char *where = rb_compiler_where(c, key->text);
    bool named = rb_scalar_name(key, RB_NAME_LUA, "a variable", c->diags);
    const struct rb_value *value = rb_leaf_value(c, node, where);
    if (named && value && !c->dry)
        vars->items[vars->count++] =
            (struct rb_var){rb_arena_strdup(c->arena, key->text), value};
    else
        rb_value_unref(value);
}

/* What an environment replaces is checked as well, so that no environment hides an error. */
static void check_var(struct rb_compiler *c, const struct rb_yaml_node *key,
                      const struct rb_yaml_node *node)
{
    bool dry = c->dry;
    c->dry = true;
    rb_value_unref(rb_leaf_value(c, node, rb_compiler_where(c, key->text)));
    c->dry = dry;
}

/* The environment's own variables come first: the rest may refer to them. */
void rb_layer_vars(struct rb_compiler *c, const struct rb_layer *base,
                   const struct rb_layer *over)
{
    const struct rb_yaml_node *lower = mapping(c, base->vars, "vars"),
                              *upper = mapping(c, over->vars, "vars");
    RB_AUTO_VALUE const struct rb_value *in_lower = places(lower),
                                        *in_upper = places(upper);
    size_t most = (size_t)(lower ? lower->count : 0) + (size_t)(upper ? upper->count : 0);
    struct vars vars = {rb_arena_alloc(c->arena, most * sizeof *vars.items), 0};
    c->owner = "vars";
    for (int i = 0; upper && i < upper->count; i++) {
        if (!rb_value_get(in_lower, upper->keys[i]->text))
            add_var(c, upper->keys[i], upper->items[i], &vars);
    }
    for (int i = 0; lower && i < lower->count; i++) {
        int64_t at = rb_value_get_int(in_upper, lower->keys[i]->text, -1);
        if (at >= 0)
            check_var(c, lower->keys[i], lower->items[i]);
        add_var(c, lower->keys[i], at >= 0 ? upper->items[at] : lower->items[i], &vars);
    }
    if (c->dry)
        return;
    c->book->vars = vars.items;
    c->book->var_count = vars.count;
}

/* Files that get a secret from the same place mean the same one: it is fetched, or typed, once. */
static const char *same_secret(const struct rb_compiler *c,
                               const struct rb_plan_secret *secret)
{
    for (int i = 0; i < c->secret_count && c->book_number > 0; i++) {
        if (rb_value_equal(c->secrets[i].source, secret->source) &&
            c->secrets[i].unmasked == secret->unmasked)
            return c->secrets[i].name;
    }
    return NULL;
}

static void keep_secret(struct rb_compiler *c, struct rb_plan_secret secret,
                        struct rb_map_builder *names)
{
    const char *name = same_secret(c, &secret);
    const char *own = secret.name;
    if (name) {
        rb_value_unref(secret.source);
    } else {
        name = secret.name = rb_arena_printf(c->arena, "%s%s", c->book->prefix, own);
        RB_GROW(c->secrets, c->secret_count, c->secret_capacity);
        c->secrets[c->secret_count++] = secret;
    }
    rb_map_add(names, own, rb_value_text(name));
}

static void add_secret(struct rb_compiler *c, const struct rb_yaml_node *key,
                       const struct rb_yaml_node *node, bool replaced,
                       struct rb_map_builder *names)
{
    struct rb_plan_secret secret;
    if (!rb_secret_read(c, key, node, &secret))
        return;
    if (c->dry || replaced)
        rb_value_unref(secret.source);
    else
        keep_secret(c, secret, names);
}

/* As with variables, what an environment replaces is checked as well. */
void rb_layer_secrets(struct rb_compiler *c, const struct rb_layer *base,
                      const struct rb_layer *over)
{
    const struct rb_yaml_node *lower = mapping(c, base->secrets, "secrets"),
                              *upper = mapping(c, over->secrets, "secrets");
    RB_AUTO_VALUE const struct rb_value *in_upper = places(upper);
    struct rb_map_builder names = {0};
    c->owner = "secrets";
    for (int i = 0; lower && i < lower->count; i++) {
        bool replaced = rb_value_get(in_upper, lower->keys[i]->text);
        add_secret(c, lower->keys[i], lower->items[i], replaced, &names);
    }
    for (int i = 0; upper && i < upper->count; i++)
        add_secret(c, upper->keys[i], upper->items[i], false, &names);
    const struct rb_value *map = rb_map_end(&names);
    if (c->dry)
        rb_value_unref(map);
    else
        c->book->secrets = map;
}

static const struct rb_value *env_of(struct rb_compiler *c, const struct rb_layer *layer)
{
    c->owner = NULL;
    return layer->env ? rb_env_read(c, layer->env) : NULL;
}

void rb_layer_env(struct rb_compiler *c, const struct rb_layer *base,
                  const struct rb_layer *over)
{
    RB_AUTO_VALUE const struct rb_value *lower = env_of(c, base), *upper = env_of(c, over);
    if (!c->dry)
        c->book->env = rb_value_merge(lower, upper);
}

/* The environment's own replaces that of the file. Both are read, so that none hides an error. */
const struct rb_value *rb_layer_window_of(struct rb_compiler *c,
                                          const struct rb_layer *base,
                                          const struct rb_layer *over)
{
    RB_AUTO_VALUE const struct rb_value *lower =
        base->window ? rb_window_read(c, base->window) : NULL;
    RB_AUTO_VALUE const struct rb_value *upper =
        over->window ? rb_window_read(c, over->window) : NULL;
    return rb_value_ref(over->window ? upper : lower);
}

void rb_layer_window(struct rb_compiler *c, const struct rb_layer *base,
                     const struct rb_layer *over)
{
    RB_AUTO_VALUE const struct rb_value *window = rb_layer_window_of(c, base, over);
    if (window && !c->dry)
        c->plan->window = rb_value_ref(window);
}

static const struct rb_value *connections_of(struct rb_compiler *c,
                                             const struct rb_layer *layer)
{
    return layer->connections ? rb_connections_read(c, layer->connections) : NULL;
}

void rb_layer_connections(struct rb_compiler *c, const struct rb_layer *base,
                          const struct rb_layer *over)
{
    RB_AUTO_VALUE const struct rb_value *lower = connections_of(c, base),
                                        *upper = connections_of(c, over);
    if (!c->dry)
        c->book->connections = rb_value_merge(lower, upper);
}

void rb_layer_defaults(struct rb_compiler *c, const struct rb_layer *base,
                       const struct rb_layer *over, struct rb_inherit *into)
{
    if (base->defaults)
        rb_inherit_defaults(c, base->defaults, into);
    if (over->defaults)
        rb_inherit_defaults(c, over->defaults, into);
}

#define KEEP(member)                                                                   \
    static void keep_##member(struct rb_compiler *c, const struct rb_yaml_node *value, \
                              void *into)                                              \
    {                                                                                  \
        (void)c;                                                                       \
        ((struct rb_layer *)into)->member = value;                                     \
    }
KEEP(title)
KEEP(vars)
KEEP(secrets)
KEEP(env)
KEEP(connections)
KEEP(window)
KEEP(defaults)
KEEP(locks)
KEEP(roles)
KEEP(signers)
#undef KEEP

static void check_layer(struct rb_compiler *c, const struct rb_layer *layer)
{
    const struct rb_layer nothing = {0};
    struct rb_inherit unused;
    rb_inherit_init(&unused);
    c->dry = true;
    rb_layer_title(c, &nothing, layer);
    rb_layer_vars(c, &nothing, layer);
    rb_layer_secrets(c, &nothing, layer);
    rb_layer_env(c, &nothing, layer);
    rb_layer_connections(c, &nothing, layer);
    rb_layer_locks(c, &nothing, layer);
    rb_layer_window(c, &nothing, layer);
    rb_layer_roles(c, &nothing, layer);
    rb_layer_signers(c, &nothing, layer);
    rb_layer_defaults(c, &nothing, layer, &unused);
    c->dry = false;
    rb_inherit_done(&unused);
}

static void not_there(struct rb_compiler *c, const struct rb_yaml_node *environments,
                      const char *chosen)
{
    struct rb_span start = {c->document->source, 1, 1, 1, 1};
    struct rb_diag *diag =
        rb_diag_add(c->diags, 220, environments ? environments->span : start,
                    "this runbook has no environment `%s`", chosen);
    if (!environments || environments->kind != RB_NODE_MAPPING ||
        environments->count == 0) {
        rb_diag_help(diag, "it declares none: leave the environment out");
        return;
    }
    const char **names = rb_alloc((size_t)(environments->count + 1) * sizeof *names);
    for (int i = 0; i < environments->count; i++)
        names[i] = environments->keys[i]->text;
    const char *near = rb_text_nearest(chosen, names);
    rb_diag_help(diag, near ? "did you mean `%s`?" : "the first one it has is `%s`",
                 near ? near : names[0]);
    free(names);
}

static bool read_layer(struct rb_compiler *c, const struct rb_yaml_node *node,
                       struct rb_layer *ret_layer)
{
    static const struct rb_field fields[] = {{"title", keep_title},
                                             {"vars", keep_vars},
                                             {"secrets", keep_secrets},
                                             {"env", keep_env},
                                             {"connections", keep_connections},
                                             {"window", keep_window},
                                             {"defaults", keep_defaults},
                                             {"locks", keep_locks},
                                             {"roles", keep_roles},
                                             {"signers", keep_signers},
                                             {0}};
    return rb_fields_read(c, node, "an environment", fields, ret_layer);
}

void rb_layer_choose(struct rb_compiler *c, const struct rb_yaml_node *environments,
                     const char *chosen, struct rb_layer *ret_over)
{
    bool found = false;
    if (environments &&
        rb_scalar_field(environments, RB_NODE_MAPPING, "environments", c->diags)) {
        c->document->environments = (const struct rb_yaml_node *const *)environments->keys;
        c->document->environment_count = environments->count;
        for (int i = 0; i < environments->count; i++) {
            const struct rb_yaml_node *key = environments->keys[i];
            struct rb_layer layer = {0};
            rb_scalar_name(key, RB_NAME_ID, "an environment", c->diags);
            bool read = read_layer(c, environments->items[i], &layer);
            if (chosen && strcmp(key->text, chosen) == 0) {
                found = true;
                *ret_over = layer;
            } else if (read) {
                check_layer(c, &layer);
            }
        }
    }
    if (!chosen)
        return;
    if (!found)
        not_there(c, environments, chosen);
    c->plan->environment = rb_arena_strdup(c->arena, chosen);
}
