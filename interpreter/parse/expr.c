#include "parse/expr.h"

#include "base/text.h"
#include "parse/braces.h"
#include "parse/luatoken.h"
#include "parse/scalar.h"
#include "plan/globals.h"

/* Lua text in a scalar. */
struct place {
    const struct rb_yaml_node *scalar;
    size_t offset, length;
};

static struct rb_span place_of(const void *context, size_t offset, size_t length)
{
    const struct place *place = context;
    return rb_yaml_span_in(place->scalar, place->offset + offset, length);
}

static bool is_world(const char *root)
{
    static const char *const modules[] = {
#define X(name) name,
        RB_WORLD_MODULES(X)
#undef X
    };
    for (size_t i = 0; i < RB_COUNT(modules); i++) {
        if (strcmp(modules[i], root) == 0)
            return true;
    }
    return false;
}

static bool is_loop(const struct rb_compiler *c, const char *root)
{
    for (int i = 0; i < c->loop_count; i++) {
        if (strcmp(c->loops[i], root) == 0)
            return true;
    }
    return false;
}

static unsigned uses(const struct rb_compiler *c, const struct rb_lua_refs *refs)
{
    unsigned used = 0;
    for (int i = 0; i < refs->count; i++) {
        const char *root = refs->items[i].root;
        used |= strcmp(root, "result") == 0 ? RB_USES_RESULT : 0;
        used |= is_world(root) ? RB_USES_WORLD : 0;
        used |= is_loop(c, root) ? RB_USES_LOOP : 0;
    }
    return used;
}

static int put(struct rb_compiler *c, struct rb_expr expr, struct rb_lua_refs refs)
{
    if (c->dry)
        return 0;
    expr.uses = uses(c, &refs);
    expr.book = c->book_number;
    int before = c->expr_capacity;
    RB_GROW(c->exprs, c->expr_count, c->expr_capacity);
    if (c->expr_capacity != before)
        c->refs = rb_realloc(c->refs, (size_t)c->expr_capacity, sizeof *c->refs);
    c->exprs[c->expr_count] = expr;
    c->refs[c->expr_count] = refs;
    return c->expr_count++;
}

static bool scan(struct rb_compiler *c, const struct place *place, bool chunk,
                 const char *where, struct rb_diags *diags, struct rb_lua_refs *ret_refs)
{
    if (!c->lua)
        c->lua = rb_lua_scan_open();
    struct rb_lua_text text = {.text = place->scalar->text + place->offset,
                               .length = place->length,
                               .chunk = chunk,
                               .where = where,
                               .context = place,
                               .place = place_of,
                               .lua = c->lua};
    return rb_lua_scan(c->document->arena, &text, diags, ret_refs);
}

static int keep(struct rb_compiler *c, const struct place *place, bool chunk,
                const char *where, struct rb_lua_refs refs)
{
    struct rb_expr expr = {
        .source =
            rb_arena_strndup(c->arena, place->scalar->text + place->offset, place->length),
        .chunk = chunk,
        .span = place_of(place, 0, place->length),
        .where = where};
    return put(c, expr, refs);
}

static bool compiles(struct rb_compiler *c, const struct place *place, bool chunk,
                     const char *where, struct rb_lua_refs *ret_refs)
{
    struct rb_diags unheard = {0};
    bool good = scan(c, place, chunk, where, &unheard, ret_refs);
    rb_diags_done(&unheard);
    return good;
}

int rb_expr_add(struct rb_compiler *c, const struct rb_yaml_node *scalar, size_t offset,
                size_t length, const char *where)
{
    struct place place = {scalar, offset, length};
    struct rb_lua_refs refs;
    if (!scan(c, &place, false, where, c->diags, &refs))
        return -1;
    return keep(c, &place, false, where, refs);
}

/* Does a token of this kind and text occur in the Lua? */
static bool has_token(const struct place *place, enum rb_lua_kind kind, const char *text)
{
    struct rb_lua_lexer lexer = {.text = place->scalar->text + place->offset,
                                 .length = place->length};
    for (;;) {
        struct rb_lua_token token = rb_lua_next(&lexer);
        if (token.kind == RB_LUA_END)
            return false;
        if (token.kind == kind && token.length == strlen(text) &&
            memcmp(lexer.text + token.offset, text, token.length) == 0)
            return true;
    }
}

static struct place trimmed(const struct rb_yaml_node *node)
{
    static const char spaces[] = " \t\n";
    struct place place = {node, strspn(node->text, spaces), 0};
    size_t end = node->length;
    while (end > place.offset && strchr(spaces, node->text[end - 1]))
        end--;
    place.length = end - place.offset;
    return place;
}

/* Whether the node is text that can be Lua, without braces around it. */
static bool bare(struct rb_compiler *c, const struct rb_yaml_node *node, const char *where,
                 struct place *ret_place)
{
    if (!rb_scalar_field(node, RB_NODE_SCALAR, where, c->diags))
        return false;
    *ret_place = trimmed(node);
    if (ret_place->length == 0) {
        rb_diag_help(rb_diag_add(c->diags, 203, node->span, "`%s` is empty", where),
                     "write a Lua expression, or take the key out");
        return false;
    }
    if (!rb_braces_at(node->text, node->length, ret_place->offset))
        return true;
    struct rb_braces braces;
    struct rb_diag *diag = rb_diag_add(c->diags, 213, node->span,
                                       "`%s` is Lua already: no `${{ }}` around it", where);
    if (rb_braces_read(node->text, node->length, ret_place->offset, &braces))
        rb_diag_help(diag, "write %.*s", (int)braces.expr_length, node->text + braces.expr);
    return false;
}

int rb_expr_bare(struct rb_compiler *c, const struct rb_yaml_node *node, const char *where)
{
    struct place place;
    struct rb_lua_refs refs;
    if (!bare(c, node, where, &place))
        return -1;
    if (compiles(c, &place, false, where, &refs))
        return keep(c, &place, false, where, refs);
    bool chunk = compiles(c, &place, true, where, &refs);
    bool returns = has_token(&place, RB_LUA_KEYWORD, "return");
    if (chunk && returns)
        return keep(c, &place, true, where, refs);
    if (!chunk) {
        scan(c, &place, returns, where, c->diags, &refs);
        return -1;
    }
    struct rb_diag *diag = rb_diag_add(c->diags, 219, place_of(&place, 0, place.length),
                                       "the statements of `%s` return nothing", where);
    if (has_token(&place, RB_LUA_SYMBOL, "="))
        rb_diag_help(diag, "`=` assigns: compare with `==`, or end with `return ...`");
    else
        rb_diag_help(diag, "end them with `return ...`");
    return -1;
}

int rb_expr_chunk(struct rb_compiler *c, const struct rb_yaml_node *node, const char *where)
{
    struct place place;
    struct rb_lua_refs refs;
    if (!bare(c, node, where, &place) || !scan(c, &place, true, where, c->diags, &refs))
        return -1;
    return keep(c, &place, true, where, refs);
}

int rb_expr_replace(struct rb_compiler *c, int first, const char *source,
                    const struct rb_yaml_node *node, const char *where)
{
    struct rb_lua_refs all = {0};
    for (int i = first; i < c->expr_count; i++)
        all.count += c->refs[i].count;
    all.items = rb_arena_alloc(c->document->arena, (size_t)all.count * sizeof *all.items);
    int at = 0;
    for (int i = first; i < c->expr_count; i++) {
        for (int k = 0; k < c->refs[i].count; k++)
            all.items[at++] = c->refs[i].items[k];
    }
    c->expr_count = first;
    struct rb_expr expr = {
        .source = rb_arena_strdup(c->arena, source), .span = node->span, .where = where};
    return put(c, expr, all);
}

/* `seen` holds for each step the last expression that was found to refer to it. */
static void resolve(struct rb_compiler *c, int index, int *seen)
{
    const struct rb_lua_refs *refs = &c->refs[index];
    struct rb_expr *expr = &c->exprs[index];
    int *steps = NULL;
    for (int i = 0; i < refs->count; i++) {
        const struct rb_lua_ref *ref = &refs->items[i];
        if (ref->depth == 0 || strcmp(ref->root, "steps") != 0)
            continue;
        int step = rb_compiler_find(c, expr->book, ref->path[0]);
        if (step < 0 || seen[step] == index)
            continue;
        seen[step] = index;
        if (!steps)
            steps = rb_arena_alloc(c->arena, (size_t)refs->count * sizeof *steps);
        steps[expr->step_count++] = step;
    }
    expr->steps = steps;
}

void rb_expr_resolve(struct rb_compiler *c)
{
    RB_AUTO_FREE int *seen = rb_alloc((size_t)(c->step_count + 1) * sizeof *seen);
    for (int i = 0; i < c->step_count; i++)
        seen[i] = -1;
    for (int i = 0; i < c->expr_count; i++)
        resolve(c, i, seen);
}
