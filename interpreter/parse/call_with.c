/* What a call gives to the file that it calls. */

#include "base/text.h"
#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/leaf.h"
#include "parse/param_value.h"
#include "parse/scalar.h"

void rb_call_with(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft)
{
    if (rb_scalar_field(value, RB_NODE_MAPPING, "with", c->diags))
        draft->with = value;
}

static bool has_expression(const struct rb_yaml_node *node)
{
    if (node->kind == RB_NODE_SCALAR)
        return strstr(node->text, "${{") != NULL;
    bool has = false;
    for (int i = 0; i < node->count; i++)
        has |= has_expression(node->items[i]);
    return has;
}

static const struct rb_param *find_param(const struct rb_book *book, const char *name)
{
    for (int i = 0; i < book->param_count; i++) {
        if (strcmp(book->params[i].name, name) == 0)
            return &book->params[i];
    }
    return NULL;
}

static void unknown_param(struct rb_compiler *c, const struct rb_yaml_node *key,
                          const struct rb_book *book)
{
    RB_AUTO_FREE const char **names =
        rb_alloc(((size_t)book->param_count + 1) * sizeof *names);
    for (int i = 0; i < book->param_count; i++)
        names[i] = book->params[i].name;
    const char *near = rb_text_nearest(key->text, names);
    struct rb_diag *diag = rb_diag_add(
        c->diags, 271, key->span, "`%s` has no parameter `%.80s`", book->name, key->text);
    if (near)
        rb_diag_help(diag, "did you mean `%s`?", near);
    else if (names[0])
        rb_diag_help(diag, "the first it has is `%s`", names[0]);
    else
        rb_diag_help(diag, "it has no parameters at all");
}

/* What is written out is of the type that the parameter says, and is held against it here. */
static const struct rb_value *literal(struct rb_compiler *c, const struct rb_param *param,
                                      const struct rb_yaml_node *node)
{
    const struct rb_value *value = NULL;
    RB_AUTO_BUF struct rb_buf why = {0}, help = {0};
    if (!rb_param_from_node(param, node, param->name, c->diags, &value))
        return NULL;
    if (rb_param_misfit(param, value, &why, &help)) {
        struct rb_diag *diag = rb_diag_add(c->diags, 273, node->span, "parameter `%s`: %s",
                                           param->name, rb_buf_text(&why));
        rb_diag_help(diag, "%s", rb_buf_text(&help));
        rb_diag_also(diag, param->span, "it is declared here");
    }
    return value;
}

static const struct rb_value *given(struct rb_compiler *c, const struct rb_book *book,
                                    const struct rb_yaml_node *with)
{
    struct rb_map_builder map = {0};
    for (int i = 0; with && i < with->count; i++) {
        const struct rb_yaml_node *key = with->keys[i], *node = with->items[i];
        const struct rb_param *param = find_param(book, key->text);
        const char *where =
            rb_compiler_where(c, rb_arena_printf(c->arena, "with.%s", key->text));
        if (!param) {
            unknown_param(c, key, book);
            continue;
        }
        const struct rb_value *value =
            has_expression(node) ? rb_leaf_value(c, node, where) : literal(c, param, node);
        if (value)
            rb_map_add(&map, key->text, value);
    }
    return rb_map_end(&map);
}

static void missing(struct rb_compiler *c, const struct rb_draft *draft,
                    const struct rb_book *book)
{
    for (int i = 0; i < book->param_count; i++) {
        const struct rb_param *param = &book->params[i];
        if (param->fallback || (draft->with && rb_yaml_get(draft->with, param->name)))
            continue;
        struct rb_diag *diag =
            rb_diag_add(c->diags, 272, draft->file->span, "`%s` needs the parameter `%s`",
                        book->name, param->name);
        rb_diag_help(diag, "give it: with: {%s: ...}", param->name);
        rb_diag_also(diag, param->span, "it has no default");
    }
}

void rb_call_fill(struct rb_compiler *c, struct rb_draft *draft, const struct rb_book *book)
{
    rb_draft_set(draft, "with", given(c, book, draft->with));
    missing(c, draft, book);
}
