#pragma once
/* The global chains of Lua text that compiles. */

#include "parse/luascan.h"
#include "parse/luatoken.h"

/* Returns the token that the walk stopped at: RB_LUA_END, or what follows the one expression. */
struct rb_lua_token rb_lua_refs_collect(struct rb_arena *arena,
                                        const struct rb_lua_text *text,
                                        struct rb_lua_refs *ret_refs);
