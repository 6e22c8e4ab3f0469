/* What is declared and never used: mostly a name that was misspelt where it was meant. */

#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "check/rules.h"

/* "params.version", "vars.host", "steps.backup.outputs.file", once each. */
struct used {
    char *name;
    UT_hash_handle hh;
};

static void use(struct used **all, const char *name)
{
    struct used *found;
    HASH_FIND_STR(*all, name, found);
    if (found)
        return;
    struct used *used = rb_alloc(sizeof *used);
    used->name = rb_strdup(name);
    HASH_ADD_KEYPTR(hh, *all, used->name, strlen(used->name), used);
}

/* "root.name", and of a step its outputs: all of them when none is named. */
static void use_ref(struct used **all, const struct rb_lua_ref *ref)
{
    RB_AUTO_BUF struct rb_buf name = {0};
    int depth = strcmp(ref->root, "steps") == 0 ? 3 : 1;
    rb_buf_puts(&name, ref->root);
    for (int i = 0; i < ref->depth && i < depth; i++)
        rb_buf_printf(&name, ".%s", ref->path[i]);
    use(all, rb_buf_text(&name));
}

static void use_secret(struct used **all, const char *secret)
{
    RB_AUTO_BUF struct rb_buf name = {0};
    rb_buf_printf(&name, "secrets.%s", secret);
    use(all, rb_buf_text(&name));
}

static bool is_used(struct used *all, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool is_used(struct used *all, const char *format, ...)
{
    RB_AUTO_BUF struct rb_buf name = {0};
    struct used *found;
    va_list args;
    va_start(args, format);
    rb_buf_vprintf(&name, format, args);
    va_end(args);
    HASH_FIND_STR(all, rb_buf_text(&name), found);
    return found;
}

static bool occurs_in(const struct rb_yaml_node *node, const char *name)
{
    if (!node)
        return false;
    if (node->kind == RB_NODE_SCALAR)
        return strstr(node->text, name);
    for (int i = 0; i < node->count; i++) {
        if (occurs_in(node->items[i], name))
            return true;
    }
    return false;
}

/* The plan has only what the chosen environment left: what that one replaced, and what stands
 * in the others, is looked through as text. */
static bool is_replaced(const struct rb_check *check, const char *name)
{
    static const char *const sections[] = {"environments", "vars", "env"};
    for (size_t i = 0; i < RB_COUNT(sections); i++) {
        if (occurs_in(rb_yaml_get(check->document->root, sections[i]), name))
            return true;
    }
    return false;
}

static const char *noun_of(const char *section)
{
    if (strcmp(section, "params") == 0)
        return "parameter";
    return strcmp(section, "vars") == 0 ? "variable" : "secret";
}

/* The key is of `params`, `vars` or `secrets`, which is the section. */
static void judge_name(const struct rb_check *check, struct used *all, int code,
                       struct rb_span span, const char *section, const char *key)
{
    RB_AUTO_BUF struct rb_buf name = {0};
    rb_buf_printf(&name, "%s.%s", section, key);
    if (is_used(all, "%s", rb_buf_text(&name)) || is_replaced(check, rb_buf_text(&name)))
        return;
    struct rb_diag *diag = rb_diag_add(check->diags, code, span,
                                       "the %s `%s` is never used", noun_of(section), key);
    rb_diag_help(diag, "use it as %s, or take it out", rb_buf_text(&name));
}

static void judge_section(const struct rb_check *check, struct used *all, int code,
                          const char *section)
{
    const struct rb_yaml_node *node = rb_yaml_get(check->document->root, section);
    for (int i = 0; node && node->kind == RB_NODE_MAPPING && i < node->count; i++)
        judge_name(check, all, code, node->keys[i]->span, section, node->keys[i]->text);
}

static void judge_names(const struct rb_check *check, struct used *all)
{
    for (int i = 0; i < check->plan->books[0]->param_count; i++) {
        const struct rb_param *param = &check->plan->books[0]->params[i];
        judge_name(check, all, 518, param->span, "params", param->name);
    }
    judge_section(check, all, 519, "vars");
    judge_section(check, all, 521, "secrets");
}

static void judge_outputs(const struct rb_check *check, struct used *all)
{
    for (int i = 0; i < check->plan->step_count; i++) {
        const struct rb_step *step = &check->plan->steps[i];
        const struct rb_yaml_node *outputs = rb_check_value(check, i, "outputs");
        for (int k = 0; k < step->output_count && outputs; k++) {
            const char *name = step->outputs[k].name;
            if (is_used(all, "steps.%s.outputs.%s", step->id, name) ||
                is_used(all, "steps.%s.outputs", step->id))
                continue;
            struct rb_span span = step->span;
            for (int m = 0; m < outputs->count; m++) {
                if (strcmp(outputs->keys[m]->text, name) == 0)
                    span = outputs->keys[m]->span;
            }
            struct rb_diag *diag =
                rb_diag_add(check->diags, 520, span, "the output `%s` is never used", name);
            rb_diag_help(diag, "use it in a later step: steps.%s.outputs.%s", step->id,
                         name);
        }
    }
}

static bool has_template(const struct rb_check *check, int step, const char *name)
{
    const struct rb_yaml_node *message = rb_check_value(check, step, "notify");
    const struct rb_yaml_node *template = message ? rb_yaml_get(message, "template") : NULL;
    return template && strcmp(template->text, name) == 0;
}

static void judge_templates(const struct rb_check *check)
{
    const struct rb_yaml_node *all = rb_yaml_get(check->document->root, "templates");
    for (int i = 0; all && i < all->count; i++) {
        const struct rb_yaml_node *key = all->keys[i];
        int step = 0;
        while (step < check->plan->step_count && !has_template(check, step, key->text))
            step++;
        if (step < check->plan->step_count)
            continue;
        struct rb_diag *diag = rb_diag_add(check->diags, 524, key->span,
                                           "the template `%s` is never used", key->text);
        rb_diag_help(diag,
                     "use it in a step, notify: {to: ..., template: %s}, or take it out",
                     key->text);
    }
}

void rb_check_unused(const struct rb_check *check)
{
    struct used *all = NULL;
    if (!check->whole) /* what uses a name may be what could not be read */
        return;
    for (int i = 0; i < check->plan->expr_count; i++) {
        const struct rb_lua_refs *refs = &check->document->refs[i];
        for (int k = 0; k < refs->count; k++)
            use_ref(&all, &refs->items[k]);
    }
    for (int i = 0; i < check->document->secret_use_count; i++)
        use_secret(&all, check->document->secret_uses[i].name);
    judge_names(check, all);
    judge_outputs(check, all);
    judge_templates(check);
    struct used *used = all, *next;
    HASH_CLEAR(hh, all);
    for (; used; used = next) {
        next = used->hh.next;
        free(used->name);
        free(used);
    }
}
