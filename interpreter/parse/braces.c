#include "parse/braces.h"

#include <string.h>

#include "parse/luatoken.h"

bool rb_braces_at(const char *text, size_t length, size_t at)
{
    return at + 3 <= length && memcmp(text + at, "${{", 3) == 0;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool rb_braces_read(const char *text, size_t length, size_t at,
                    struct rb_braces *ret_braces)
{
    struct rb_lua_lexer lexer = {.text = text, .length = length, .at = at + 3};
    int depth = 0;
    for (;;) {
        struct rb_lua_token token = rb_lua_next(&lexer);
        if (token.kind == RB_LUA_END)
            return false;
        if (token.kind == RB_LUA_BAD && strchr("'\"-[", text[token.offset]))
            return false;
        if (token.kind != RB_LUA_SYMBOL || token.length != 1)
            continue;
        char c = text[token.offset];
        if (c == '{')
            depth++;
        else if (c == '}' && depth > 0)
            depth--;
        else if (c == '}' && lexer.at < length && text[lexer.at] == '}')
            break;
    }
    size_t first = at + 3, last = lexer.at - 1;
    while (first < last && is_space(text[first]))
        first++;
    while (last > first && is_space(text[last - 1]))
        last--;
    *ret_braces = (struct rb_braces){
        .begin = at, .end = lexer.at + 1, .expr = first, .expr_length = last - first};
    return true;
}

void rb_braces_unclosed(struct rb_diags *diags, struct rb_span span, bool closed)
{
    struct rb_diag *diag = rb_diag_add(
        diags, 301, span, "%s",
        closed ? "a string or comment in this `${{` never ends" : "`${{` without `}}`");
    if (closed)
        rb_diag_help(diag, "close the quote, the `[[` or the comment before `}}`");
    else
        rb_diag_help(diag, "end the expression with `}}` in the same value");
}
