/* Secrets: that there is one of the name, and that nothing but a program gets its value. */

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "check/rules.h"
#include "parse/leaf.h"

static bool has_secret(const struct rb_plan *plan, const char *name)
{
    for (int i = 0; i < plan->secret_count; i++) {
        if (strcmp(plan->secrets[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool declares(const struct rb_yaml_node *node, const char *name)
{
    const struct rb_yaml_node *secrets =
        node && node->kind == RB_NODE_MAPPING ? rb_yaml_get(node, "secrets") : NULL;
    return secrets && secrets->kind == RB_NODE_MAPPING && rb_yaml_get(secrets, name);
}

/* The first environment that has a secret of this name, or NULL. */
static const char *environment_with(const struct rb_check *check, const char *name)
{
    const struct rb_yaml_node *all = rb_yaml_get(check->document->root, "environments");
    for (int i = 0; all && all->kind == RB_NODE_MAPPING && i < all->count; i++) {
        if (declares(all->items[i], name))
            return all->keys[i]->text;
    }
    return NULL;
}

/* True when there is one; one whose declaration has an error of its own counts. */
static bool judge_name(const struct rb_check *check, const char *name, struct rb_span span)
{
    const struct rb_plan *plan = check->plan;
    if (has_secret(plan, name) || declares(check->document->root, name))
        return true;
    RB_AUTO_FREE const char **names =
        rb_alloc((size_t)(plan->secret_count + 1) * sizeof *names);
    for (int i = 0; i < plan->secret_count; i++)
        names[i] = plan->secrets[i].name;
    struct rb_diag *diag =
        rb_diag_add(check->diags, 416, span, "there is no secret `%s`", name);
    const char *other = plan->environment ? NULL : environment_with(check, name);
    if (other)
        rb_diag_help(diag,
                     "choose an environment, as in `-e %s`, or declare it under `secrets:`",
                     other);
    else
        rb_check_did_you_mean(diag, name, names,
                              "declare it under `secrets:`, as in {env: NAME}");
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), last = strlen(end);
    return length >= last && strcmp(text + length - last, end) == 0;
}

#define WHOLE  "it has to be the whole value, "
#define LOGGED ": services and proxies write URLs into their logs"
#define SENT                                                                             \
    ": what else is sent can be read in the record. Where the service wants it here, a " \
    "program sends it that reads it from its `stdin`"

/* Fields that take a secret, and so only a whole one; fields that could be taken for such. */
static const struct {
    const char *end; /* of the place of the expression */
    const char *before, *after;
} advices[] = {
    {".run", "write env: {SECRET: ", "} beside `run:`, and \"$SECRET\" in the script"},
    {".stdin", WHOLE, "; what stands around it belongs into the program"},
    {".env", WHOLE,
     "; what stands around it belongs into the program, or write {file: \"...\"}: the path "
     "of a file with both"},
    {".env.file", "it has to stand by itself among the text, ", ""},
    {".headers", WHOLE,
     "; what stands before it belongs into the secret, or write `auth: {bearer: ...}`"},
    {".password", WHOLE, ""},
    {".auth", WHOLE, ""},
    {".url", "sign on by `auth` or `headers`, with ", LOGGED},
    {".query", "sign on by `auth` or `headers`, with ", LOGGED},
    {".form", "sign on by `auth` or `headers`, with ", SENT},
    {".json", "sign on by `auth` or `headers`, with ", SENT},
    {".body", "sign on by `auth` or `headers`, with ", SENT},
    {".sql", "let a program send it that gets ",
     " in its `env`: databases write statements into their logs"},
};

/* Variables and outputs may be named like one. */
static bool is_field(const char *where)
{
    return !rb_text_starts(where, "vars.") && !strstr(where, ".outputs.");
}

static void advise(struct rb_diag *diag, const char *where, const char *name)
{
    const char *inner = strstr(where, ".env.");
    const char *variable = rb_text_starts(where, "env.") ? where : inner;
    const char *of = variable ? strchr(variable + 1, '.') : NULL;
    if (of)
        where = strchr(of + 1, '.') ? ".env.file" : ".env";
    for (size_t i = 0; is_field(where) && i < RB_COUNT(advices); i++) {
        if (ends_with(where, advices[i].end)) {
            rb_diag_help(diag, "%s\"${{ secrets.%s }}\"%s", advices[i].before, name,
                         advices[i].after);
            return;
        }
    }
    if (ends_with(where, ".exec") || ends_with(where, ".pipe"))
        rb_diag_help(diag,
                     "arguments can be read by everybody on the machine: hand it over in "
                     "%s",
                     RB_LEAF_SECRET_PLACES);
    else
        rb_diag_help(
            diag,
            "it can stand in %s; a check hands it on as in sh.exec{\"prog\", env = "
            "{SECRET = secrets.%s}}",
            RB_LEAF_SECRET_PLACES, name);
}

void rb_check_secret(const struct rb_check *check, int expr, const struct rb_lua_ref *ref)
{
    const struct rb_expr *e = &check->plan->exprs[expr];
    const char *name = ref->path[0];
    if (!judge_name(check, name, ref->spans[0]) || e->uses & RB_USES_WORLD)
        return;
    struct rb_diag *diag = rb_diag_add(check->diags, 417, ref->span,
                                       "the value of `secrets.%s` can't stand here", name);
    advise(diag, e->where, name);
}

static bool is_inherited(const struct rb_plan *plan, const char *variable)
{
    static const char *const always[] = {"PATH", "HOME", "LANG", "TERM"};
    for (size_t i = 0; i < RB_COUNT(always); i++) {
        if (strcmp(always[i], variable) == 0)
            return true;
    }
    for (const char *const *name = plan->inherit; name && *name; name++) {
        if (strcmp(*name, variable) == 0)
            return true;
    }
    return false;
}

/* Of a secret of the chosen environment the declaration may stand elsewhere. */
static struct rb_span place_of(const struct rb_check *check, const char *name)
{
    const struct rb_yaml_node *root = check->document->root;
    const struct rb_yaml_node *all = rb_yaml_get(root, "environments");
    const struct rb_yaml_node *chosen =
        all && check->plan->environment ? rb_yaml_get(all, check->plan->environment) : NULL;
    const struct rb_yaml_node *from = declares(chosen, name) ? chosen : root;
    return rb_yaml_get(rb_yaml_get(from, "secrets"), name)->span;
}

void rb_check_secrets(const struct rb_check *check)
{
    const struct rb_plan *plan = check->plan;
    for (int i = 0; i < check->document->secret_use_count; i++) {
        const struct rb_secret_use *use = &check->document->secret_uses[i];
        judge_name(check, use->name, use->span);
    }
    for (int i = 0; i < plan->secret_count; i++) {
        const struct rb_plan_secret *secret = &plan->secrets[i];
        const char *variable = rb_value_get_text(secret->source, "env", NULL);
        if (!variable || !is_inherited(plan, variable))
            continue;
        struct rb_diag *diag =
            rb_diag_add(check->diags, 418, place_of(check, secret->name),
                        "every program of the run gets `%s`: it is no secret", variable);
        rb_diag_help(diag,
                     "take it out of `inherit_env`, or read the secret from a variable of "
                     "its own");
    }
}
