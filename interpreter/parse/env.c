#include "parse/env.h"

#include "base/text.h"
#include "parse/fields.h"
#include "parse/leaf.h"
#include "parse/scalar.h"
#include "plan/template.h"

static bool name_of(struct rb_compiler *c, const struct rb_yaml_node *key)
{
    if (!rb_scalar_name(key, RB_NAME_ENV, "an environment variable", c->diags))
        return false;
    if (!rb_text_starts(key->text, "RB_"))
        return true;
    rb_diag_help(rb_diag_add(c->diags, 209, key->span,
                             "`%s` can't be the name of an environment variable here",
                             key->text),
                 "names that begin with `RB_` carry the values of `run:` scripts");
    return false;
}

struct contents {
    const char *where;
    const struct rb_value *parts;
};

static void end_text(struct rb_list_builder *text, struct rb_list_builder *list)
{
    if (text->count > 0)
        rb_list_add(list, rb_value_map("$text", rb_list_end(text), NULL));
    *text = (struct rb_list_builder){0};
}

/* What stands between two secrets is one text, whatever it is made of. */
static const struct rb_value *texts_and_secrets(const struct rb_value *parts)
{
    struct rb_list_builder list = {0}, text = {0};
    for (size_t i = 0; i < rb_value_count(parts); i++) {
        const struct rb_value *part = rb_value_at(parts, i);
        bool secret = rb_template_secret(part);
        if (secret)
            end_text(&text, &list);
        rb_list_add(secret ? &list : &text, rb_value_ref(part));
    }
    end_text(&text, &list);
    return rb_list_end(&list);
}

static void file(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct contents *contents = into;
    RB_AUTO_VALUE const struct rb_value *parts =
        rb_leaf_secret_parts(c, value, contents->where);
    contents->parts = parts ? texts_and_secrets(parts) : NULL;
}

static const struct rb_value *file_of(struct rb_compiler *c,
                                      const struct rb_yaml_node *node, const char *where)
{
    static const struct rb_field fields[] = {{"file", file}, {0}};
    struct contents contents = {.where = rb_arena_printf(c->arena, "%s.file", where)};
    rb_fields_read(c, node, "a variable", fields, &contents);
    if (node->count == 0)
        rb_fields_missing(c->diags, node, "a variable that is no text", "file",
                          "say what stands in it: {file: \"${{ secrets.NAME }}\"}");
    return contents.parts ? rb_value_map("file", contents.parts, NULL) : NULL;
}

const struct rb_value *rb_env_read(struct rb_compiler *c, const struct rb_yaml_node *node)
{
    if (!rb_scalar_field(node, RB_NODE_MAPPING, "env", c->diags))
        return NULL;
    struct rb_map_builder map = {0};
    for (int i = 0; i < node->count && !rb_diags_full(c->diags); i++) {
        const struct rb_yaml_node *item = node->items[i];
        const char *name = node->keys[i]->text;
        const char *where = rb_compiler_where(c, rb_arena_printf(c->arena, "env.%s", name));
        bool good = name_of(c, node->keys[i]);
        const struct rb_value *value = item->kind == RB_NODE_MAPPING
                                           ? file_of(c, item, where)
                                           : rb_leaf_secret(c, item, where);
        if (good && value)
            rb_map_add(&map, name, value);
        else
            rb_value_unref(value);
    }
    return rb_map_end(&map);
}
