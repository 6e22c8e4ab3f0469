/* Parameters and variables that an expression refers to. */

#include <string.h>

#include "base/mem.h"
#include "check/rules.h"

int rb_check_find_param(const struct rb_plan *plan, const char *name)
{
    int i = plan->books[0]->param_count - 1;
    while (i >= 0 && strcmp(plan->books[0]->params[i].name, name) != 0)
        i--;
    return i;
}

int rb_check_find_var(const struct rb_plan *plan, const char *name)
{
    int i = plan->books[0]->var_count - 1;
    while (i >= 0 && strcmp(plan->books[0]->vars[i].name, name) != 0)
        i--;
    return i;
}

static bool has_key(const struct rb_yaml_node *node, const char *key)
{
    return node && node->kind == RB_NODE_MAPPING && rb_yaml_get(node, key);
}

/* It stands there, but its value has an error of its own. */
static bool is_broken(const struct rb_check *check, const char *section, const char *name)
{
    return has_key(rb_yaml_get(check->document->root, section), name);
}

void rb_check_param(const struct rb_check *check, const struct rb_lua_ref *ref)
{
    const struct rb_plan *plan = check->plan;
    const char *name = ref->path[0];
    if (rb_check_find_param(plan, name) >= 0 || is_broken(check, "params", name))
        return;
    RB_AUTO_FREE const char **names =
        rb_alloc((size_t)(plan->books[0]->param_count + 1) * sizeof *names);
    for (int i = 0; i < plan->books[0]->param_count; i++)
        names[i] = plan->books[0]->params[i].name;
    struct rb_diag *diag =
        rb_diag_add(check->diags, 407, ref->spans[0], "there is no parameter `%s`", name);
    rb_check_did_you_mean(diag, name, names, "declare it under `params:`");
}

/* The first environment that has a variable of this name, or NULL. */
static const char *environment_with(const struct rb_check *check, const char *name)
{
    const struct rb_yaml_node *all = rb_yaml_get(check->document->root, "environments");
    for (int i = 0; all && all->kind == RB_NODE_MAPPING && i < all->count; i++) {
        const struct rb_yaml_node *environment = all->items[i];
        if (environment->kind == RB_NODE_MAPPING &&
            has_key(rb_yaml_get(environment, "vars"), name))
            return all->keys[i]->text;
    }
    return NULL;
}

static void unknown_var(const struct rb_check *check, const struct rb_lua_ref *ref)
{
    const struct rb_plan *plan = check->plan;
    const char *name = ref->path[0], *chosen = plan->environment;
    const char *other = environment_with(check, name);
    RB_AUTO_FREE const char **names =
        rb_alloc((size_t)(plan->books[0]->var_count + 1) * sizeof *names);
    for (int i = 0; i < plan->books[0]->var_count; i++)
        names[i] = plan->books[0]->vars[i].name;
    struct rb_diag *diag =
        rb_diag_add(check->diags, 408, ref->spans[0], "there is no variable `%s`%s%s", name,
                    !other   ? ""
                    : chosen ? " in the environment "
                             : " without an environment",
                    other && chosen ? chosen : "");
    if (other && !chosen)
        rb_diag_help(diag, "choose one, as in `-e %s`, or declare it under `vars:` as well",
                     other);
    else
        rb_check_did_you_mean(diag, name, names, "declare it under `vars:`");
}

void rb_check_var(const struct rb_check *check, const struct rb_site *site,
                  const struct rb_lua_ref *ref)
{
    int var = rb_check_find_var(check->plan, ref->path[0]);
    if (var >= 0 && site->moment == RB_AT_START && site->var >= 0 && var >= site->var) {
        struct rb_diag *diag = rb_diag_add(check->diags, 415, ref->span,
                                           "`vars.%s` has no value yet here", ref->path[0]);
        rb_diag_help(diag, var == site->var
                               ? "a variable can't be made of itself"
                               : "variables are set from top to bottom: move it up");
    }
    if (var < 0 && !is_broken(check, "vars", ref->path[0]))
        unknown_var(check, ref);
}
