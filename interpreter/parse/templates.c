#include "parse/templates.h"

#include "base/text.h"
#include "parse/fields.h"
#include "parse/leaf.h"
#include "parse/scalar.h"

/* A template, which is a text or a map of the two. */
struct letter {
    const struct rb_yaml_node *text, *subject;
};

static struct letter letter_of(const struct rb_yaml_node *node)
{
    if (node->kind != RB_NODE_MAPPING)
        return (struct letter){.text = node};
    return (struct letter){rb_yaml_get(node, "text"), rb_yaml_get(node, "subject")};
}

static void no_field(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    (void)c, (void)value, (void)into;
}

static void check_template(struct rb_compiler *c, const struct rb_yaml_node *key,
                           const struct rb_yaml_node *value)
{
    static const struct rb_field fields[] = {
        {"text", no_field}, {"subject", no_field}, {0}};
    rb_scalar_name(key, RB_NAME_ID, "a template", c->diags);
    if (value->kind != RB_NODE_MAPPING)
        rb_scalar_field(value, RB_NODE_SCALAR, key->text, c->diags);
    else if (rb_fields_read(c, value, "a template", fields, NULL) &&
             !rb_yaml_get(value, "text"))
        rb_fields_missing(c->diags, value, "a template", "text",
                          "say what it says: `text: ...`");
}

void rb_templates_read(struct rb_compiler *c, const struct rb_yaml_node *node)
{
    if (!node || !rb_scalar_field(node, RB_NODE_MAPPING, "templates", c->diags))
        return;
    c->templates = node;
    for (int i = 0; i < node->count && !rb_diags_full(c->diags); i++)
        check_template(c, node->keys[i], node->items[i]);
}

static void undeclared(struct rb_compiler *c, const struct rb_yaml_node *name)
{
    int count = c->templates ? c->templates->count : 0;
    RB_AUTO_FREE const char **names = rb_alloc(((size_t)count + 1) * sizeof *names);
    for (int i = 0; i < count; i++)
        names[i] = c->templates->keys[i]->text;
    const char *near = rb_text_nearest(name->text, names);
    struct rb_diag *diag =
        rb_diag_add(c->diags, 431, name->span, "there is no template `%.80s`", name->text);
    if (near)
        rb_diag_help(diag, "did you mean `%s`?", near);
    else
        rb_diag_help(diag, "declare it under `templates:`, or write `text: ...` here");
}

/* The template of this name; zeroed when there is none, which is diagnosed. */
static struct letter find_template(struct rb_compiler *c, const struct rb_yaml_node *name)
{
    for (int i = 0; c->templates && i < c->templates->count; i++) {
        if (strcmp(c->templates->keys[i]->text, name->text) == 0)
            return letter_of(c->templates->items[i]);
    }
    undeclared(c, name);
    return (struct letter){0};
}

static const struct rb_value *read_with(struct rb_compiler *c,
                                        const struct rb_yaml_node *node)
{
    struct rb_map_builder map = {0};
    for (int i = 0; node && node->kind == RB_NODE_MAPPING && i < node->count; i++) {
        const struct rb_yaml_node *key = node->keys[i];
        const char *where =
            rb_compiler_where(c, rb_arena_printf(c->arena, "with.%s", key->text));
        const struct rb_value *parts = rb_leaf_parts(c, node->items[i], where, NULL);
        rb_map_add(&map, key->text, parts ? parts : rb_value_list(NULL));
    }
    return rb_map_end(&map);
}

static void judge_with(struct rb_compiler *c, const struct rb_yaml_node *node,
                       const struct rb_leaf_with *with)
{
    for (size_t i = 0; i < rb_value_count(with->parts); i++) {
        const char *name = rb_value_as_text(rb_value_key_at(with->parts, i), "");
        for (int k = 0; !with->used[i] && k < node->count; k++) {
            if (strcmp(node->keys[k]->text, name) == 0)
                rb_diag_help(rb_diag_add(c->diags, 432, node->keys[k]->span,
                                         "the template does not take `%.80s`", name),
                             "write ${{ with.%.80s }} in the template, or take it out",
                             name);
        }
    }
}

void rb_templates_fill(struct rb_compiler *c, struct rb_draft *draft,
                       const struct rb_yaml_node *name)
{
    const struct rb_yaml_node *given = rb_yaml_get(draft->message, "with");
    struct letter letter = find_template(c, name);
    if (!letter.text)
        return;
    RB_AUTO_VALUE const struct rb_value *parts = read_with(c, given);
    struct rb_leaf_with with = {
        .parts = parts,
        .used = rb_arena_alloc(c->arena, rb_value_count(parts) + 1),
        .span = given ? given->span : name->span,
    };
    const char *where = rb_arena_printf(c->arena, "templates.%s", name->text);
    rb_draft_set(draft, "text", rb_leaf_parts(c, letter.text, where, &with));
    if (letter.subject && !rb_yaml_get(draft->message, "subject"))
        rb_draft_set(draft, "subject", rb_leaf_parts(c, letter.subject, where, &with));
    judge_with(c, given, &with);
}
