#pragma once
/* The tokens of Lua 5.4, with their places. Total: bytes that are no token are RB_LUA_BAD.
 */

#include <stdbool.h>
#include <stddef.h>

enum rb_lua_kind {
    RB_LUA_END,
    RB_LUA_NAME,
    RB_LUA_KEYWORD,
    RB_LUA_STRING,
    RB_LUA_NUMBER,
    RB_LUA_SYMBOL,
    RB_LUA_BAD, /* a string or long comment without end, a stray byte */
};

struct rb_lua_token {
    enum rb_lua_kind kind;
    size_t offset, length;
};

struct rb_lua_lexer {
    const char *text;
    size_t length, at;
};

struct rb_lua_token rb_lua_next(struct rb_lua_lexer *lexer);
