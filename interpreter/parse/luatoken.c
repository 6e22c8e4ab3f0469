#include "parse/luatoken.h"

#include <string.h>

#include "base/mem.h"

/* Of the C locale, whatever the process runs under: Lua's own tables are like this. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static char peek(const struct rb_lua_lexer *lexer, size_t ahead)
{
    return lexer->at + ahead < lexer->length ? lexer->text[lexer->at + ahead] : '\0';
}

static bool is_keyword(const char *text, size_t length)
{
    static const char *const words[] = {
        "and",      "break",  "do",   "else", "elseif", "end",   "false", "for",
        "function", "goto",   "if",   "in",   "local",  "nil",   "not",   "or",
        "repeat",   "return", "then", "true", "until",  "while",
    };
    for (size_t i = 0; i < RB_COUNT(words); i++) {
        if (words[i][0] == text[0] && strncmp(words[i], text, length) == 0 &&
            words[i][length] == '\0')
            return true;
    }
    return false;
}

/* At `[`: the number of bytes of a long bracket's opening `[==[`, or 0. */
static size_t long_bracket(const struct rb_lua_lexer *lexer)
{
    size_t level = 1;
    while (peek(lexer, level) == '=')
        level++;
    return peek(lexer, level) == '[' ? level + 1 : 0;
}

/* Past the closing bracket that fits an opening of so many bytes; false when there is none.
 */
static bool skip_long(struct rb_lua_lexer *lexer, size_t opening)
{
    size_t level = opening - 2;
    lexer->at += opening;
    while (lexer->at < lexer->length) {
        const char *bracket =
            memchr(lexer->text + lexer->at, ']', lexer->length - lexer->at);
        if (!bracket)
            break;
        lexer->at = (size_t)(bracket - lexer->text) + 1;
        size_t equals = 0;
        while (equals < level && peek(lexer, equals) == '=')
            equals++;
        if (equals == level && peek(lexer, level) == ']') {
            lexer->at += level + 1;
            return true;
        }
        lexer->at += equals;
    }
    lexer->at = lexer->length;
    return false;
}

/* Past spaces and comments; false at a long comment without end. */
static bool skip_space(struct rb_lua_lexer *lexer)
{
    while (lexer->at < lexer->length) {
        char c = lexer->text[lexer->at];
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            lexer->at++;
        } else if (c == '-' && peek(lexer, 1) == '-') {
            size_t start = lexer->at;
            lexer->at += 2;
            size_t opening = peek(lexer, 0) == '[' ? long_bracket(lexer) : 0;
            if (opening > 0 && !skip_long(lexer, opening)) {
                lexer->at = start;
                return false;
            }
            while (opening == 0 && lexer->at < lexer->length && peek(lexer, 0) != '\n')
                lexer->at++;
        } else {
            break;
        }
    }
    return true;
}

/* Past a string in quotes, which ends on its line unless a backslash goes before the
 * newline or `\z` skips it. */
static bool skip_quoted(struct rb_lua_lexer *lexer)
{
    char quote = lexer->text[lexer->at++];
    while (lexer->at < lexer->length) {
        char c = lexer->text[lexer->at];
        if (c == '\n' || c == '\r')
            return false;
        lexer->at++;
        if (c == quote)
            return true;
        if (c == '\\' && lexer->at < lexer->length) {
            bool z = lexer->text[lexer->at++] == 'z';
            while (z && (peek(lexer, 0) == ' ' ||
                         (peek(lexer, 0) >= '\t' && peek(lexer, 0) <= '\r')))
                lexer->at++;
        }
    }
    return false;
}

static void skip_number(struct rb_lua_lexer *lexer)
{
    bool hex = peek(lexer, 0) == '0' && (peek(lexer, 1) == 'x' || peek(lexer, 1) == 'X');
    lexer->at += hex ? 2 : 0;
    for (;; lexer->at++) {
        char c = peek(lexer, 0);
        bool exponent = hex ? c == 'p' || c == 'P' : c == 'e' || c == 'E';
        if (exponent && (peek(lexer, 1) == '+' || peek(lexer, 1) == '-'))
            lexer->at++;
        else if (!is_hex(c) && !is_letter(c) && c != '.')
            return;
    }
}

static bool skip_symbol(struct rb_lua_lexer *lexer)
{
    static const char *const symbols[] = {
        "...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"};
    for (size_t i = 0; i < RB_COUNT(symbols); i++) {
        if (symbols[i][0] != peek(lexer, 0))
            continue;
        size_t length = strlen(symbols[i]);
        if (lexer->length - lexer->at >= length &&
            memcmp(lexer->text + lexer->at, symbols[i], length) == 0) {
            lexer->at += length;
            return true;
        }
    }
    char c = lexer->text[lexer->at++];
    return c != '\0' && strchr("+-*/%^#&~|<>=(){}[];:,.", c);
}

struct rb_lua_token rb_lua_next(struct rb_lua_lexer *lexer)
{
    struct rb_lua_token token = {RB_LUA_BAD, 0, 0};
    bool spaced = skip_space(lexer);
    token.offset = lexer->at;
    char c = peek(lexer, 0);
    if (!spaced) {
        lexer->at = lexer->length;
    } else if (lexer->at >= lexer->length) {
        token.kind = RB_LUA_END;
    } else if (is_letter(c)) {
        while (is_letter(peek(lexer, 0)) || is_digit(peek(lexer, 0)))
            lexer->at++;
        bool keyword = is_keyword(lexer->text + token.offset, lexer->at - token.offset);
        token.kind = keyword ? RB_LUA_KEYWORD : RB_LUA_NAME;
    } else if (is_digit(c) || (c == '.' && is_digit(peek(lexer, 1)))) {
        skip_number(lexer);
        token.kind = RB_LUA_NUMBER;
    } else if (c == '"' || c == '\'') {
        token.kind = skip_quoted(lexer) ? RB_LUA_STRING : RB_LUA_BAD;
    } else if (c == '[' && long_bracket(lexer) > 0) {
        token.kind = skip_long(lexer, long_bracket(lexer)) ? RB_LUA_STRING : RB_LUA_BAD;
    } else if (skip_symbol(lexer)) {
        token.kind = RB_LUA_SYMBOL;
    }
    token.length = lexer->at - token.offset;
    return token;
}
