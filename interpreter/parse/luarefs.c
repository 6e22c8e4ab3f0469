#include "parse/luarefs.h"

#include <string.h>

#include "base/mem.h"

/* A walk over text that Lua has compiled: it needs no errors of its own, only scopes, and its
 * recursion is bounded by the depth that Lua's parser allows (LUAI_MAXCCALLS). Precedence of
 * operators does not matter to what is referred to. */

struct name {
    const char *text;
    size_t length;
};

struct element {
    struct name name;
    struct rb_span span;
};

struct walk {
    struct rb_arena *arena;
    const struct rb_lua_text *text;
    struct rb_lua_lexer lexer; /* stands behind `token` */
    struct rb_lua_token token; /* the next to be read */
    struct name *locals;
    int local_count, local_capacity;
    struct element *chain; /* the one being read, root first */
    int chain_count, chain_capacity;
    struct rb_lua_ref *refs;
    int ref_count, ref_capacity;
};

static void block(struct walk *walk);
static void expression(struct walk *walk);
static void more_operands(struct walk *walk);

static void advance(struct walk *walk)
{
    walk->token = rb_lua_next(&walk->lexer);
}

static struct name current(const struct walk *walk)
{
    return (struct name){walk->text->text + walk->token.offset, walk->token.length};
}

static struct rb_span place(const struct walk *walk)
{
    return walk->text->place(walk->text->context, walk->token.offset, walk->token.length);
}

static bool same(struct name name, const char *text)
{
    return strlen(text) == name.length && memcmp(name.text, text, name.length) == 0;
}

static bool is(const struct walk *walk, struct rb_lua_token token, const char *text)
{
    struct name name = {walk->text->text + token.offset, token.length};
    return (token.kind == RB_LUA_SYMBOL || token.kind == RB_LUA_KEYWORD) &&
           same(name, text);
}

static bool at(const struct walk *walk, const char *text)
{
    return is(walk, walk->token, text);
}

static bool accept(struct walk *walk, const char *text)
{
    bool here = at(walk, text);
    if (here)
        advance(walk);
    return here;
}

static struct rb_lua_token after_next(const struct walk *walk)
{
    struct rb_lua_lexer lexer = walk->lexer;
    return rb_lua_next(&lexer);
}

/* Locals. */

static void declare(struct walk *walk, struct name name)
{
    RB_GROW(walk->locals, walk->local_count, walk->local_capacity);
    walk->locals[walk->local_count++] = name;
}

/* `_ENV` is never a local here: to redefine it would make each global something else. */
static bool is_local(const struct walk *walk, struct name name)
{
    if (same(name, "_ENV"))
        return false;
    for (int i = walk->local_count - 1; i >= 0; i--) {
        if (walk->locals[i].length == name.length &&
            memcmp(walk->locals[i].text, name.text, name.length) == 0)
            return true;
    }
    return false;
}

/* Goes past `a <const>, b`. */
static void names(struct walk *walk, bool declared)
{
    do {
        if (declared)
            declare(walk, current(walk));
        advance(walk);
        if (accept(walk, "<")) {
            advance(walk);
            accept(walk, ">");
        }
    } while (accept(walk, ","));
}

/* Chains. */

static void extend_chain(struct walk *walk, struct name name)
{
    RB_GROW(walk->chain, walk->chain_count, walk->chain_capacity);
    walk->chain[walk->chain_count++] = (struct element){name, place(walk)};
}

/* Makes a reference of the chain that was read; returns its index. */
static int end_chain(struct walk *walk)
{
    int depth = walk->chain_count - 1;
    struct rb_lua_ref ref = {.depth = depth};
    ref.root =
        rb_arena_strndup(walk->arena, walk->chain[0].name.text, walk->chain[0].name.length);
    ref.root_span = ref.span = walk->chain[0].span;
    ref.path = rb_arena_alloc(walk->arena, (size_t)depth * sizeof *ref.path);
    ref.spans = rb_arena_alloc(walk->arena, (size_t)depth * sizeof *ref.spans);
    for (int i = 0; i < depth; i++) {
        const struct element *element = &walk->chain[i + 1];
        ref.path[i] =
            rb_arena_strndup(walk->arena, element->name.text, element->name.length);
        ref.spans[i] = element->span;
        ref.span.end_line = element->span.end_line;
        ref.span.end_column = element->span.end_column;
    }
    walk->chain_count = 0;
    RB_GROW(walk->refs, walk->ref_count, walk->ref_capacity);
    walk->refs[walk->ref_count] = ref;
    return walk->ref_count++;
}

/* Whether `["name"]` is next, a string without escapes: then it belongs to the chain. */
static bool constant_index(const struct walk *walk, struct name *ret_name)
{
    struct rb_lua_lexer lexer = walk->lexer;
    struct rb_lua_token token = rb_lua_next(&lexer);
    struct name string = {walk->text->text + token.offset, token.length};
    if (token.kind != RB_LUA_STRING || string.text[0] == '[' ||
        memchr(string.text, '\\', string.length) || !is(walk, rb_lua_next(&lexer), "]"))
        return false;
    *ret_name = (struct name){string.text + 1, string.length - 2};
    return true;
}

/* Reads `.name` or `["name"]` into the chain; false when something else follows. */
static bool chain_suffix(struct walk *walk)
{
    struct name name;
    if (accept(walk, ".")) {
        extend_chain(walk, current(walk));
        advance(walk);
        return true;
    }
    if (at(walk, "[") && constant_index(walk, &name)) {
        advance(walk);
        extend_chain(walk, name);
        advance(walk);
        advance(walk);
        return true;
    }
    return false;
}

/* Expressions. */

static void expressions(struct walk *walk)
{
    do {
        expression(walk);
    } while (accept(walk, ","));
}

/* The token, where it is a string without escapes and nothing is done with it. */
static struct rb_lua_literal literal(const struct walk *walk)
{
    struct name string = current(walk);
    struct rb_lua_token next = after_next(walk);
    bool alone = is(walk, next, ",") || is(walk, next, ";") || is(walk, next, ")") ||
                 is(walk, next, "}");
    if (walk->token.kind != RB_LUA_STRING || !alone || string.text[0] == '[' ||
        memchr(string.text, '\\', string.length))
        return (struct rb_lua_literal){0};
    return (struct rb_lua_literal){
        rb_arena_strndup(walk->arena, string.text + 1, string.length - 2), place(walk)};
}

/* `ref`: what is called with the table, -1: nothing. */
static void table(struct walk *walk, int ref)
{
    advance(walk);
    while (!at(walk, "}") && walk->token.kind != RB_LUA_END) {
        if (accept(walk, "[")) {
            expression(walk);
            accept(walk, "]");
            accept(walk, "=");
        } else if (walk->token.kind == RB_LUA_NAME && is(walk, after_next(walk), "=")) {
            bool connection = same(current(walk), "connection");
            advance(walk);
            advance(walk);
            if (connection && ref >= 0)
                walk->refs[ref].connection = literal(walk);
        }
        expression(walk);
        if (!accept(walk, ",") && !accept(walk, ";"))
            break;
    }
    accept(walk, "}");
}

static void argument(struct walk *walk, int ref)
{
    if (!at(walk, "{")) {
        expression(walk);
        return;
    }
    table(walk, ref);
    more_operands(walk);
}

/* In parentheses. */
static void listed_arguments(struct walk *walk, int ref)
{
    if (ref >= 0)
        walk->refs[ref].first = literal(walk);
    if (!at(walk, ")")) {
        do {
            argument(walk, ref);
        } while (accept(walk, ","));
    }
    accept(walk, ")");
}

/* `ref`: the chain that is called, -1: none. */
static bool arguments(struct walk *walk, int ref)
{
    if (walk->token.kind == RB_LUA_STRING)
        advance(walk);
    else if (at(walk, "{"))
        table(walk, ref);
    else if (accept(walk, "("))
        listed_arguments(walk, ref);
    else
        return false;
    return true;
}

/* A name or a parenthesis with all that hangs on it. Returns the index of the reference that an
 * assignment to it would change, -1 when it would change none. */
static int suffixed(struct walk *walk)
{
    int ref = -1;
    if (accept(walk, "(")) {
        expression(walk);
        accept(walk, ")");
    } else if (is_local(walk, current(walk))) {
        advance(walk);
    } else {
        extend_chain(walk, current(walk));
        advance(walk);
        while (chain_suffix(walk))
            continue;
        ref = end_chain(walk);
    }
    for (int called = ref;; called = -1) {
        if (accept(walk, ".")) {
            advance(walk);
        } else if (accept(walk, "[")) {
            expression(walk);
            accept(walk, "]");
        } else if (accept(walk, ":")) {
            advance(walk);
            arguments(walk, -1);
            ref = -1;
        } else if (arguments(walk, called)) {
            ref = -1;
        } else {
            return ref;
        }
    }
}

/* From the parameters to `end`. */
static void function_body(struct walk *walk, bool method)
{
    int outer = walk->local_count;
    if (method)
        declare(walk, (struct name){"self", 4});
    accept(walk, "(");
    while (!at(walk, ")") && walk->token.kind != RB_LUA_END) {
        if (walk->token.kind == RB_LUA_NAME)
            declare(walk, current(walk));
        advance(walk);
    }
    accept(walk, ")");
    block(walk);
    accept(walk, "end");
    walk->local_count = outer;
}

static bool binary_operator(const struct walk *walk)
{
    struct name name = current(walk);
    if (walk->token.kind == RB_LUA_KEYWORD)
        return same(name, "and") || same(name, "or");
    if (walk->token.kind != RB_LUA_SYMBOL || name.length > 2)
        return false;
    if (name.length == 1)
        return strchr("+-*/^%&~|<>", name.text[0]);
    return memcmp(name.text, "::", 2) != 0;
}

static void operand(struct walk *walk)
{
    while (at(walk, "not") || at(walk, "-") || at(walk, "#") || at(walk, "~"))
        advance(walk);
    if (accept(walk, "function"))
        function_body(walk, false);
    else if (at(walk, "{"))
        table(walk, -1);
    else if (at(walk, "(") || walk->token.kind == RB_LUA_NAME)
        suffixed(walk);
    else
        advance(walk);
}

static void more_operands(struct walk *walk)
{
    while (binary_operator(walk)) {
        advance(walk);
        operand(walk);
    }
}

static void expression(struct walk *walk)
{
    operand(walk);
    more_operands(walk);
}

/* Statements. */

/* A block with locals of its own, and the keyword that ends it (NULL: its caller looks). */
static void inner_block(struct walk *walk, const char *end)
{
    int outer = walk->local_count;
    block(walk);
    if (end)
        accept(walk, end);
    walk->local_count = outer;
}

static void if_statement(struct walk *walk)
{
    do {
        expression(walk);
        accept(walk, "then");
        inner_block(walk, NULL);
    } while (accept(walk, "elseif"));
    if (accept(walk, "else"))
        inner_block(walk, NULL);
    accept(walk, "end");
}

/* The names of `for` and `local` begin to exist behind the values they are given: those are
 * read first, then the names once more. */
static void declare_after_values(struct walk *walk, const char *sign,
                                 const char *other_sign)
{
    struct rb_lua_lexer lexer = walk->lexer;
    struct rb_lua_token token = walk->token;
    names(walk, false);
    if (accept(walk, sign) || (other_sign && accept(walk, other_sign)))
        expressions(walk);
    struct rb_lua_lexer lexer_after = walk->lexer;
    struct rb_lua_token token_after = walk->token;
    walk->lexer = lexer;
    walk->token = token;
    names(walk, true);
    walk->lexer = lexer_after;
    walk->token = token_after;
}

static void for_statement(struct walk *walk)
{
    int outer = walk->local_count;
    declare_after_values(walk, "=", "in");
    accept(walk, "do");
    inner_block(walk, "end");
    walk->local_count = outer;
}

static void repeat_statement(struct walk *walk)
{
    int outer = walk->local_count;
    block(walk);
    accept(walk, "until");
    expression(walk);
    walk->local_count = outer;
}

static void mark_assigned(struct walk *walk, int ref)
{
    if (ref >= 0)
        walk->refs[ref].assigned = true;
}

/* `function a.b:c(...) ... end` assigns to a.b. */
static void function_statement(struct walk *walk)
{
    bool local = is_local(walk, current(walk));
    extend_chain(walk, current(walk));
    advance(walk);
    while (chain_suffix(walk))
        continue;
    bool method = accept(walk, ":");
    if (method)
        advance(walk);
    if (local)
        walk->chain_count = 0;
    else
        mark_assigned(walk, end_chain(walk));
    function_body(walk, method);
}

static void local_statement(struct walk *walk)
{
    if (accept(walk, "function")) {
        declare(walk, current(walk));
        advance(walk);
        function_body(walk, false);
    } else {
        declare_after_values(walk, "=", NULL);
    }
}

/* A call or an assignment. */
static void other_statement(struct walk *walk)
{
    int ref = suffixed(walk);
    if (!at(walk, ",") && !at(walk, "="))
        return;
    mark_assigned(walk, ref);
    while (accept(walk, ","))
        mark_assigned(walk, suffixed(walk));
    if (accept(walk, "="))
        expressions(walk);
}

static bool block_ends(const struct walk *walk)
{
    return walk->token.kind == RB_LUA_END || at(walk, "end") || at(walk, "else") ||
           at(walk, "elseif") || at(walk, "until");
}

static void statement(struct walk *walk)
{
    if (accept(walk, "if")) {
        if_statement(walk);
    } else if (accept(walk, "while")) {
        expression(walk);
        accept(walk, "do");
        inner_block(walk, "end");
    } else if (accept(walk, "do")) {
        inner_block(walk, "end");
    } else if (accept(walk, "for")) {
        for_statement(walk);
    } else if (accept(walk, "repeat")) {
        repeat_statement(walk);
    } else if (accept(walk, "function")) {
        function_statement(walk);
    } else if (accept(walk, "local")) {
        local_statement(walk);
    } else if (accept(walk, "return")) {
        if (!block_ends(walk) && !at(walk, ";"))
            expressions(walk);
    } else if (at(walk, "goto") || at(walk, "::")) {
        advance(walk);
        advance(walk);
    } else if (walk->token.kind == RB_LUA_NAME || at(walk, "(")) {
        other_statement(walk);
    } else {
        advance(walk);
    }
}

static void block(struct walk *walk)
{
    while (!block_ends(walk))
        statement(walk);
}

struct rb_lua_token rb_lua_refs_collect(struct rb_arena *arena,
                                        const struct rb_lua_text *text,
                                        struct rb_lua_refs *ret_refs)
{
    struct walk walk = {.arena = arena, .text = text};
    walk.lexer = (struct rb_lua_lexer){.text = text->text, .length = text->length};
    advance(&walk);
    if (text->chunk)
        block(&walk);
    else
        expression(&walk);
    size_t size = (size_t)walk.ref_count * sizeof *walk.refs;
    ret_refs->items = rb_arena_alloc(arena, size);
    ret_refs->count = walk.ref_count;
    if (size > 0)
        memcpy(ret_refs->items, walk.refs, size);
    free(walk.refs);
    free(walk.chain);
    free(walk.locals);
    return walk.token;
}
