#include "lua/clause.h"

#include <string.h>

#include "parse/luatoken.h"

/* Where the reading of one clause is. */
struct reader {
    const char *text;
    struct rb_lua_lexer lexer;
    struct rb_clause *clauses;
    int count;
    int depth;         /* of brackets */
    size_t start, end; /* of the clause so far; equal: nothing yet */
    int comparisons;
    size_t op, op_length;
    int side_tokens; /* of the operand that is being read */
    bool side_literal, left_literal;
};

static bool is(const struct reader *r, const struct rb_lua_token *token, const char *word)
{
    return token->length == strlen(word) &&
           memcmp(r->text + token->offset, word, token->length) == 0;
}

static bool among(const struct reader *r, const struct rb_lua_token *token,
                  const char *const *words)
{
    while (*words && !is(r, token, *words))
        words++;
    return *words != NULL;
}

static bool is_comparison(const struct reader *r, const struct rb_lua_token *token)
{
    static const char *const words[] = {"==", "~=", "<", "<=", ">", ">=", NULL};
    return token->kind == RB_LUA_SYMBOL && among(r, token, words);
}

static bool is_literal(const struct reader *r, const struct rb_lua_token *token)
{
    static const char *const words[] = {"nil", "true", "false", NULL};
    return token->kind == RB_LUA_STRING || token->kind == RB_LUA_NUMBER ||
           (token->kind == RB_LUA_KEYWORD && among(r, token, words));
}

static int lines_before(const struct reader *r, size_t offset)
{
    int lines = 0;
    for (size_t i = 0; i < offset; i++)
        lines += r->text[i] == '\n';
    return lines;
}

static bool end_clause(struct reader *r)
{
    if (r->start == r->end || r->count == RB_CLAUSE_MAX || r->depth != 0)
        return false;
    struct rb_clause *clause = &r->clauses[r->count++];
    *clause = (struct rb_clause){.text = r->text + r->start,
                                 .length = r->end - r->start,
                                 .line = lines_before(r, r->start)};
    if (r->comparisons == 1 && r->side_tokens > 0 && r->op > r->start) {
        clause->op = r->op - r->start;
        clause->op_length = r->op_length;
        clause->left_literal = r->left_literal;
        clause->right_literal = r->side_literal;
    }
    r->start = r->end = 0;
    r->comparisons = r->side_tokens = 0;
    return true;
}

static void compare(struct reader *r, const struct rb_lua_token *token)
{
    r->comparisons++;
    r->op = token->offset;
    r->op_length = token->length;
    r->left_literal = r->side_tokens == 1 && r->side_literal;
    r->side_tokens = 0;
}

/* One token; false where the expression can't be taken apart. */
static bool read(struct reader *r, const struct rb_lua_token *token)
{
    static const char *const opening[] = {"(", "[", "{", NULL};
    static const char *const closing[] = {")", "]", "}", NULL};
    static const char *const barred[] = {"or", ",", ";", "=", NULL};
    bool symbol = token->kind == RB_LUA_SYMBOL;
    if (token->kind == RB_LUA_BAD || is(r, token, "function"))
        return false;
    if (r->depth == 0 && token->kind != RB_LUA_STRING) {
        if (among(r, token, barred))
            return false;
        if (is(r, token, "and"))
            return end_clause(r);
    }
    r->depth += symbol && among(r, token, opening);
    r->depth -= symbol && among(r, token, closing);
    if (r->start == r->end)
        r->start = token->offset;
    r->end = token->offset + token->length;
    if (r->depth == 0 && is_comparison(r, token)) {
        compare(r, token);
    } else {
        r->side_literal = r->side_tokens == 0 && is_literal(r, token);
        r->side_tokens++;
    }
    return r->depth >= 0;
}

int rb_clause_split(const char *text, size_t length, struct rb_clause ret[RB_CLAUSE_MAX])
{
    struct reader r = {.text = text, .lexer = {text, length, 0}, .clauses = ret};
    for (;;) {
        struct rb_lua_token token = rb_lua_next(&r.lexer);
        if (token.kind == RB_LUA_END)
            return end_clause(&r) ? r.count : 0;
        if (!read(&r, &token))
            return 0;
    }
}
