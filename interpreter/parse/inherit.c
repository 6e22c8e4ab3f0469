#include "parse/inherit.h"

#include "parse/env.h"
#include "parse/fields.h"
#include "parse/leaf.h"
#include "parse/scalar.h"

/* The program and what makes it strict: rule 5 of the language. */
static const struct rb_value *strict(const char *program)
{
    return rb_value_list(rb_value_text(program), rb_value_text("-euo"),
                         rb_value_text("pipefail"), rb_value_text("-c"), NULL);
}

void rb_inherit_init(struct rb_inherit *inherit)
{
    static const char *const none[] = {NULL};
    *inherit = (struct rb_inherit){.tags = none, .shell = strict("bash")};
}

void rb_inherit_copy(struct rb_inherit *ret_to, const struct rb_inherit *from)
{
    *ret_to = *from;
    rb_value_ref(from->env);
    rb_value_ref(from->cwd);
    rb_value_ref(from->shell);
}

void rb_inherit_done(struct rb_inherit *inherit)
{
    rb_value_unref(inherit->env);
    rb_value_unref(inherit->cwd);
    rb_value_unref(inherit->shell);
}

static void replace(const struct rb_value **slot, const struct rb_value *owned)
{
    if (!owned)
        return;
    rb_value_unref(*slot);
    *slot = owned;
}

static void env(struct rb_compiler *c, const struct rb_yaml_node *value,
                struct rb_inherit *into)
{
    RB_AUTO_VALUE const struct rb_value *own = rb_env_read(c, value);
    replace(&into->env, rb_value_merge(into->env, own));
}

static void cwd(struct rb_compiler *c, const struct rb_yaml_node *value,
                struct rb_inherit *into)
{
    replace(&into->cwd, rb_leaf_text(c, value, rb_compiler_where(c, "cwd")));
}

static void add_word(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    const char *text;
    if (rb_scalar_text(item, "shell", c->diags, &text))
        rb_list_add(into, rb_value_text(text));
}

/* A name is made strict; a list is the author's own and is taken as it is. */
static void shell(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_inherit *into)
{
    const char *text;
    if (value->kind == RB_NODE_SCALAR) {
        if (rb_scalar_text(value, "shell", c->diags, &text))
            replace(&into->shell, strict(text));
        return;
    }
    struct rb_list_builder list = {0};
    if (rb_fields_each(c, value, "shell", false, add_word, &list) && value->count == 0)
        rb_diag_help(
            rb_diag_add(c->diags, 218, value->span, "`shell` is an empty list"),
            "write `shell: bash`, or the program and its arguments up to the script");
    replace(&into->shell, rb_list_end(&list));
}

static void timeout(struct rb_compiler *c, const struct rb_yaml_node *value,
                    struct rb_inherit *into)
{
    rb_scalar_span(value, "timeout", c->diags, &into->timeout);
}

static void within(struct rb_compiler *c, const struct rb_yaml_node *value,
                   struct rb_inherit *into)
{
    rb_scalar_span(value, "within", c->diags, &into->within);
}

static void retry(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_inherit *into)
{
    rb_retry_read(c, value, &into->retry);
}

void rb_inherit_on_failure(struct rb_compiler *c, const struct rb_yaml_node *value,
                           struct rb_inherit *into)
{
    static const char *const words[] = {[RB_FAIL_STOP] = "stop",
                                        [RB_FAIL_CONTINUE] = "continue",
                                        [RB_FAIL_ASK] = "ask",
                                        [RB_FAIL_ROLLBACK] = "rollback",
                                        NULL};
    int index;
    if (!rb_scalar_word(value, "on_failure", words, c->diags, &index))
        return;
    if (c->rescue && index == RB_FAIL_ROLLBACK)
        rb_diag_help(rb_diag_add(c->diags, 212, value->span,
                                 "`rollback` has no meaning in `%s`", c->rescue),
                     "there is no way back from here: `stop`, or `ask` a person");
    else
        into->on_failure = (enum rb_on_failure)index;
}

static int count_of(const char *const *texts)
{
    int count = 0;
    while (texts[count])
        count++;
    return count;
}

static void tags(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_inherit *into)
{
    const char *const *own = rb_fields_texts(c, value, "tags", true);
    size_t outer = (size_t)count_of(into->tags), inner = (size_t)count_of(own);
    const char **all = rb_arena_alloc(c->arena, (outer + inner + 1) * sizeof *all);
    memcpy(all, into->tags, outer * sizeof *all);
    memcpy(all + outer, own, inner * sizeof *all);
    into->tags = all;
}

const struct rb_inherit_field rb_inherit_fields[] = {
    {"env", RB_HAS_PLACE | RB_DOES_GROUP, false, env},
    {"cwd", RB_HAS_PLACE | RB_DOES_GROUP, true, cwd},
    {"shell", 1 << RB_ACTION_RUN | RB_DOES_GROUP, true, shell},
    {"timeout", RB_DOES_EFFECT | RB_TELLS | RB_DOES_LUA | RB_DOES_GROUP, true, timeout},
    {"within", RB_DOES_EFFECT | RB_TELLS | RB_DOES_LUA | RB_DOES_GROUP, true, within},
    {"retry", RB_DOES_EFFECT | RB_TELLS | RB_DOES_LUA | RB_DOES_GROUP, true, retry},
    {"on_failure", RB_DOES_ANY, true, rb_inherit_on_failure},
    {"tags", RB_DOES_ANY, false, tags},
    {0},
};

void rb_inherit_defaults(struct rb_compiler *c, const struct rb_yaml_node *node,
                         struct rb_inherit *into)
{
    if (!rb_scalar_field(node, RB_NODE_MAPPING, "defaults", c->diags))
        return;
    c->owner = "defaults";
    for (int i = 0; i < node->count; i++) {
        const struct rb_inherit_field *field = rb_inherit_fields;
        const char *known[RB_COUNT(rb_inherit_fields)];
        int count = 0;
        for (; field->name; field++) {
            if (!field->in_defaults)
                continue;
            if (strcmp(field->name, node->keys[i]->text) == 0)
                break;
            known[count++] = field->name;
        }
        known[count] = NULL;
        if (field->name)
            field->read(c, node->items[i], into);
        else
            rb_fields_unknown(c->diags, node->keys[i], "`defaults`", known);
    }
}
