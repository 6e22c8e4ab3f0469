#include "parse/fields.h"

#include "base/text.h"
#include "parse/scalar.h"

void rb_fields_unknown(struct rb_diags *diags, const struct rb_yaml_node *key,
                       const char *what, const char *const *known)
{
    struct rb_diag *diag =
        rb_diag_add(diags, 201, key->span, "unknown key `%s` in %s", key->text, what);
    const char *near = rb_text_nearest(key->text, known);
    if (near) {
        rb_diag_help(diag, "did you mean `%s`?", near);
        return;
    }
    RB_AUTO_BUF struct rb_buf list = {0};
    for (int i = 0; known[i]; i++)
        rb_buf_printf(&list, "%s%s", i ? ", " : "", known[i]);
    rb_diag_help(diag, "known here: %s", rb_buf_text(&list));
}

void rb_fields_missing(struct rb_diags *diags, const struct rb_yaml_node *node,
                       const char *what, const char *key, const char *help)
{
    rb_diag_help(rb_diag_add(diags, 202, node->span, "%s has no `%s`", what, key), "%s",
                 help);
}

static void unknown(struct rb_compiler *c, const struct rb_yaml_node *key, const char *what,
                    const struct rb_field *fields)
{
    const char *known[64];
    size_t count = 0;
    for (; fields[count].name && count + 1 < RB_COUNT(known); count++)
        known[count] = fields[count].name;
    known[count] = NULL;
    rb_fields_unknown(c->diags, key, what, known);
}

bool rb_fields_read(struct rb_compiler *c, const struct rb_yaml_node *mapping,
                    const char *what, const struct rb_field *fields, void *into)
{
    if (!rb_scalar_kind(mapping, RB_NODE_MAPPING, what, c->diags))
        return false;
    for (int i = 0; i < mapping->count && !rb_diags_full(c->diags); i++) {
        const char *name = mapping->keys[i]->text;
        const struct rb_field *field = fields;
        while (field->name && strcmp(field->name, name) != 0)
            field++;
        if (field->name)
            field->read(c, mapping->items[i], into);
        else
            unknown(c, mapping->keys[i], what, fields);
    }
    return true;
}

bool rb_fields_each(struct rb_compiler *c, const struct rb_yaml_node *list,
                    const char *what, bool or_one,
                    void (*read)(struct rb_compiler *c, const struct rb_yaml_node *item,
                                 void *into),
                    void *into)
{
    if (or_one && list->kind == RB_NODE_SCALAR) {
        read(c, list, into);
        return true;
    }
    if (!rb_scalar_field(list, RB_NODE_SEQUENCE, what, c->diags))
        return false;
    for (int i = 0; i < list->count && !rb_diags_full(c->diags); i++)
        read(c, list->items[i], into);
    return true;
}

struct texts {
    const char *what;
    const char **items;
    int count;
};

static void add_text(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    struct texts *texts = into;
    const char *text;
    if (rb_scalar_text(item, texts->what, c->diags, &text))
        texts->items[texts->count++] = rb_arena_strdup(c->arena, text);
}

const char *const *rb_fields_texts(struct rb_compiler *c, const struct rb_yaml_node *list,
                                   const char *what, bool or_one)
{
    size_t most = list->kind == RB_NODE_SEQUENCE ? (size_t)list->count : 1;
    struct texts texts = {what, rb_arena_alloc(c->arena, (most + 1) * sizeof *texts.items),
                          0};
    rb_fields_each(c, list, what, or_one, add_text, &texts);
    return texts.items;
}

static bool has(const char *const *list, int count, const char *text)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(list[i], text) == 0)
            return true;
    }
    return false;
}

const char *const *rb_fields_add(struct rb_compiler *c, const char *const *first,
                                 const char *const *second)
{
    size_t most = 1;
    int count = 0;
    for (int i = 0; first[i]; i++)
        most++;
    for (int i = 0; second[i]; i++)
        most++;
    const char **all = rb_arena_alloc(c->arena, most * sizeof *all);
    for (; *first; first++)
        all[count++] = *first;
    for (; *second; second++) {
        if (!has(all, count, *second))
            all[count++] = *second;
    }
    return all;
}
