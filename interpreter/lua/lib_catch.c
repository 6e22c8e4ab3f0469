/* What catches an error: pcall and xpcall as Lua has them but for what lies over a limit, and try.
 * A branch of `parallel` may wait inside of each. */

#include <lauxlib.h>
#include <stdbool.h>

#include "lua/libs.h"
#include "lua/sandbox.h"

static bool went_well(int status)
{
    return status == LUA_OK || status == LUA_YIELD;
}

/* A message that is caught has its place. */
static int end_pcall(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    if (!went_well(status)) {
        rb_sandbox_let_pass(L, status);
        rb_sandbox_place(L);
        lua_pushboolean(L, false);
        lua_replace(L, 1);
    }
    return lua_gettop(L);
}

int rb_lib_pcall(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, true);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, end_pcall);
    return end_pcall(L, status, 0);
}

/* Lua's own runs the handler before it unwinds, and so inside the hook that raised: where no
 * hook counts its instructions. There is nothing to be seen on the stack that is lost here. */
static int end_xpcall(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    if (went_well(status)) {
        lua_pushboolean(L, true);
        lua_replace(L, 2);
        return lua_gettop(L) - 1;
    }
    rb_sandbox_let_pass(L, status);
    rb_sandbox_place(L);
    lua_pushboolean(L, false);
    lua_replace(L, 1);
    lua_call(L, 1, LUA_MULTRET);
    return lua_gettop(L);
}

int rb_lib_xpcall(lua_State *L)
{
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 1);
    lua_insert(L, 3);
    int status = lua_pcallk(L, lua_gettop(L) - 3, LUA_MULTRET, 0, 0, end_xpcall);
    return end_xpcall(L, status, 0);
}

/* The error on top of the stack as a table. That of a module is one already. */
static void make_table(lua_State *L)
{
    if (lua_istable(L, -1))
        return;
    rb_sandbox_place(L);
    lua_createtable(L, 0, 3);
    lua_insert(L, -2);
    if (lua_type(L, -1) != LUA_TSTRING) {
        lua_pop(L, 1);
        lua_pushliteral(L, "an error that is no text");
    }
    lua_setfield(L, -2, "message");
    lua_pushliteral(L, "error");
    lua_setfield(L, -2, "code");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "retryable");
}

/* A verdict goes on. */
static int end_try(lua_State *L, int status, lua_KContext context)
{
    const char *why;
    size_t length;
    (void)context;
    if (went_well(status))
        return lua_gettop(L);
    rb_sandbox_let_pass(L, status);
    if (rb_sandbox_ruling(L, -1, &why, &length) != RB_RULING_NONE)
        return lua_error(L);
    make_table(L);
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

int rb_lib_try(lua_State *L)
{
    luaL_checkany(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, 0, end_try);
    return end_try(L, status, 0);
}
