#include "lua/hollow.h"

#include <lauxlib.h>

static const char map_key;

/* No other light userdata ever comes to Lua's sight. */
void rb_hollow_push_null(lua_State *L)
{
    lua_pushlightuserdata(L, NULL);
}

bool rb_hollow_is_null(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TLIGHTUSERDATA;
}

void rb_hollow_mark_map(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &map_key) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &map_key);
    }
    lua_setmetatable(L, -2);
}

bool rb_hollow_is_map(lua_State *L, int index)
{
    if (!lua_checkstack(L, 2) || !lua_getmetatable(L, index))
        return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &map_key);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}
