#include "parse/leaf.h"

#include "base/text.h"
#include "parse/braces.h"
#include "parse/expr.h"
#include "parse/luatoken.h"
#include "parse/scalar.h"

static const struct rb_value *expr_leaf(int number)
{
    return rb_value_map("$expr", rb_value_int(number), NULL);
}

static bool takes(struct rb_lua_lexer *lexer, enum rb_lua_kind kind, const char *text,
                  struct rb_lua_token *ret_token)
{
    *ret_token = rb_lua_next(lexer);
    return ret_token->kind == kind && (!text || (ret_token->length == strlen(text) &&
                                                 memcmp(lexer->text + ret_token->offset,
                                                        text, ret_token->length) == 0));
}

/* Is what stands in the braces `table.NAME` and nothing else? */
static bool is_member(const struct rb_yaml_node *node, const struct rb_braces *braces,
                      const char *table, struct rb_lua_token *ret_name)
{
    struct rb_lua_token token;
    struct rb_lua_lexer lexer = {.text = node->text,
                                 .length = braces->expr + braces->expr_length,
                                 .at = braces->expr};
    return takes(&lexer, RB_LUA_NAME, table, &token) &&
           takes(&lexer, RB_LUA_SYMBOL, ".", &token) &&
           takes(&lexer, RB_LUA_NAME, NULL, ret_name) &&
           takes(&lexer, RB_LUA_END, NULL, &token);
}

/* A scalar taken apart. */
struct parts {
    struct rb_list_builder list;
    struct rb_buf text; /* since the last value */
    const struct rb_leaf_with *with;
    bool secrets; /* may be among them */
    int values;
    bool failed;
};

static void end_text(struct parts *parts)
{
    if (parts->text.length)
        rb_list_add(&parts->list,
                    rb_value_string(rb_buf_text(&parts->text), parts->text.length));
    rb_buf_clear(&parts->text);
}

static bool has_end(const struct rb_yaml_node *node, size_t at)
{
    return strstr(node->text + at, "}}") != NULL;
}

/* What is given under the name that stands in these braces. */
static void splice(struct rb_compiler *c, const struct rb_yaml_node *node,
                   const struct rb_lua_token *token, struct parts *parts)
{
    const struct rb_value *given = parts->with->parts;
    RB_AUTO_FREE char *name = rb_strndup(node->text + token->offset, token->length);
    for (size_t i = 0; i < rb_value_count(given); i++) {
        if (strcmp(rb_value_as_text(rb_value_key_at(given, i), ""), name) != 0)
            continue;
        const struct rb_value *list = rb_value_member_at(given, i);
        parts->with->used[i] = true;
        for (size_t k = 0; k < rb_value_count(list); k++)
            rb_list_add(&parts->list, rb_value_ref(rb_value_at(list, k)));
        return;
    }
    struct rb_diag *diag =
        rb_diag_add(c->diags, 432, rb_yaml_span_in(node, token->offset, token->length),
                    "the template takes `%.80s`, and a step that uses it gives none", name);
    rb_diag_help(diag, "write with: {%.80s: ...} in the step", name);
    rb_diag_also(diag, parts->with->span, "the step");
    parts->failed = true;
}

/* It is looked for when all of the file is read. */
static const struct rb_value *secret(struct rb_compiler *c, const struct rb_yaml_node *node,
                                     const struct rb_lua_token *token)
{
    const char *name =
        rb_arena_strndup(c->document->arena, node->text + token->offset, token->length);
    if (!c->dry) {
        RB_GROW(c->secret_uses, c->secret_use_count, c->secret_use_capacity);
        c->secret_uses[c->secret_use_count++] = (struct rb_secret_use){
            name, rb_yaml_span_in(node, token->offset, token->length)};
    }
    return rb_value_map(
        "$secret", rb_value_text(rb_value_get_text(c->book->secrets, name, name)), NULL);
}

/* The value at `at`; returns where the text goes on. */
static size_t add_value(struct rb_compiler *c, const struct rb_yaml_node *node, size_t at,
                        const char *where, struct parts *parts)
{
    struct rb_braces braces;
    if (!rb_braces_read(node->text, node->length, at, &braces)) {
        rb_braces_unclosed(c->diags, rb_yaml_span_in(node, at, 3), has_end(node, at));
        parts->failed = true;
        return node->length;
    }
    struct rb_lua_token name;
    end_text(parts);
    if (parts->with && is_member(node, &braces, "with", &name)) {
        splice(c, node, &name, parts);
        return braces.end;
    }
    if (parts->secrets && is_member(node, &braces, "secrets", &name)) {
        rb_list_add(&parts->list, secret(c, node, &name));
        return braces.end;
    }
    int number = rb_expr_add(c, node, braces.expr, braces.expr_length, where);
    parts->values++;
    if (number < 0)
        parts->failed = true;
    else
        rb_list_add(&parts->list, expr_leaf(number));
    return braces.end;
}

static void take_apart(struct rb_compiler *c, const struct rb_yaml_node *node,
                       const char *where, struct parts *parts)
{
    for (size_t at = 0; at < node->length;) {
        if (node->text[at] == '$' && rb_braces_at(node->text, node->length, at + 1)) {
            rb_buf_puts(&parts->text, "${{");
            at += 4;
        } else if (rb_braces_at(node->text, node->length, at)) {
            at = add_value(c, node, at, where, parts);
        } else {
            const char *next = memchr(node->text + at + 1, '$', node->length - at - 1);
            size_t end = next ? (size_t)(next - node->text) : node->length;
            rb_buf_append(&parts->text, node->text + at, end - at);
            at = end;
        }
    }
    end_text(parts);
}

/* With `typed`, a value that stands alone keeps its type. */
static const struct rb_value *fill(struct rb_compiler *c, const struct rb_yaml_node *node,
                                   const char *where, bool typed)
{
    struct parts parts = {0};
    take_apart(c, node, where, &parts);
    rb_buf_done(&parts.text);
    RB_AUTO_VALUE const struct rb_value *list = rb_list_end(&parts.list);
    if (parts.failed)
        return NULL;
    if (parts.values == 0)
        return rb_value_count(list) ? rb_value_ref(rb_value_at(list, 0))
                                    : rb_value_text("");
    if (typed && parts.values == 1 && rb_value_count(list) == 1)
        return rb_value_ref(rb_value_at(list, 0));
    return rb_value_map("$text", rb_value_ref(list), NULL);
}

static bool is_text(struct rb_compiler *c, const struct rb_yaml_node *node,
                    const char *where)
{
    if (!rb_scalar_field(node, RB_NODE_SCALAR, where, c->diags))
        return false;
    if (node->length > 0 || node->style != RB_SCALAR_PLAIN)
        return true;
    rb_diag_help(rb_diag_add(c->diags, 203, node->span, "`%s` is empty", where),
                 "write its text, or '' if it has to be empty");
    return false;
}

const struct rb_value *rb_leaf_text(struct rb_compiler *c, const struct rb_yaml_node *node,
                                    const char *where)
{
    return is_text(c, node, where) ? fill(c, node, where, false) : NULL;
}

static const struct rb_value *parts_of(struct rb_compiler *c,
                                       const struct rb_yaml_node *node, const char *where,
                                       struct parts *parts)
{
    if (!is_text(c, node, where))
        return NULL;
    take_apart(c, node, where, parts);
    rb_buf_done(&parts->text);
    const struct rb_value *list = rb_list_end(&parts->list);
    if (!parts->failed)
        return list;
    rb_value_unref(list);
    return NULL;
}

const struct rb_value *rb_leaf_parts(struct rb_compiler *c, const struct rb_yaml_node *node,
                                     const char *where, const struct rb_leaf_with *with)
{
    return parts_of(c, node, where, &(struct parts){.with = with});
}

const struct rb_value *rb_leaf_secret_parts(struct rb_compiler *c,
                                            const struct rb_yaml_node *node,
                                            const char *where)
{
    return parts_of(c, node, where, &(struct parts){.secrets = true});
}

const struct rb_value *rb_leaf_secret(struct rb_compiler *c,
                                      const struct rb_yaml_node *node, const char *where)
{
    struct rb_braces braces;
    struct rb_lua_token token;
    bool alone =
        node->kind == RB_NODE_SCALAR && rb_braces_at(node->text, node->length, 0) &&
        rb_braces_read(node->text, node->length, 0, &braces) && braces.end == node->length;
    if (!alone || !is_member(node, &braces, "secrets", &token))
        return rb_leaf_text(c, node, where);
    return secret(c, node, &token);
}

const struct rb_value *rb_leaf_credential(struct rb_compiler *c,
                                          const struct rb_yaml_node *node,
                                          const char *where)
{
    const struct rb_value *value = rb_leaf_secret(c, node, where);
    if (rb_value_is(value, RB_STRING) && rb_value_length(value) > 0)
        rb_diag_help(rb_diag_add(c->diags, 235, node->span,
                                 "whoever reads the file, the plan or a record has this"),
                     "declare it, secrets: {NAME: {env: VARIABLE}}, and write "
                     "`\"${{ secrets.NAME }}\"`");
    return value;
}

static const struct rb_value *scalar(struct rb_compiler *c, const struct rb_yaml_node *node,
                                     const char *where)
{
    if (strstr(node->text, "${{"))
        return fill(c, node, where, true);
    const struct rb_value *value;
    return rb_scalar_free(node, c->diags, &value) ? value : NULL;
}

static const struct rb_value *list(struct rb_compiler *c, const struct rb_yaml_node *node,
                                   const char *where)
{
    struct rb_list_builder builder = {0};
    bool failed = false;
    for (int i = 0; i < node->count && !rb_diags_full(c->diags); i++) {
        const struct rb_value *item = rb_leaf_value(c, node->items[i], where);
        failed |= !item;
        if (item)
            rb_list_add(&builder, item);
    }
    const struct rb_value *value = rb_list_end(&builder);
    if (!failed)
        return value;
    rb_value_unref(value);
    return NULL;
}

static const struct rb_value *map(struct rb_compiler *c, const struct rb_yaml_node *node,
                                  const char *where)
{
    struct rb_map_builder builder = {0};
    bool failed = false;
    for (int i = 0; i < node->count && !rb_diags_full(c->diags); i++) {
        const struct rb_yaml_node *key = node->keys[i];
        if (key->text[0] == '$') {
            rb_diag_help(rb_diag_add(c->diags, 209, key->span,
                                     "`%.80s` can't be the name of a member", key->text),
                         "names that begin with `$` are taken by the plan's own notation");
            failed = true;
        }
        const struct rb_value *member = rb_leaf_value(c, node->items[i], where);
        failed |= !member;
        if (member)
            rb_map_add(&builder, key->text, member);
    }
    const struct rb_value *value = rb_map_end(&builder);
    if (!failed)
        return value;
    rb_value_unref(value);
    return NULL;
}

const struct rb_value *rb_leaf_value(struct rb_compiler *c, const struct rb_yaml_node *node,
                                     const char *where)
{
    switch (node->kind) {
    case RB_NODE_SCALAR:
        return scalar(c, node, where);
    case RB_NODE_SEQUENCE:
        return list(c, node, where);
    case RB_NODE_MAPPING:
        return map(c, node, where);
    default:
        return NULL;
    }
}

int rb_leaf_first(const struct rb_value *value)
{
    const struct rb_value *parts = rb_value_get(value, "$text");
    const struct rb_value *first = parts ? rb_value_at(parts, 0) : value;
    return (int)rb_value_get_int(first, "$expr", -1);
}
