#include "lua/secret.h"

#include <lauxlib.h>

static const char metatable_key;

const struct rb_value *rb_secret_at(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_checkstack(L, 2) ||
        !lua_getmetatable(L, index))
        return NULL;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
    bool is_secret = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is_secret ? *(const struct rb_value **)lua_touserdata(L, index) : NULL;
}

int rb_secret_refuse(lua_State *L)
{
    return luaL_error(
        L, "a secret has no text and can't be compared: hand it to a program, as "
           "in sh.exec{\"prog\", env = {NAME = secrets.name}}");
}

/* A new one each time: two that are the same object would be equal without a question. */
void rb_secret_push(lua_State *L, const struct rb_value *leaf)
{
    const struct rb_value **own = lua_newuserdatauv(L, sizeof *own, 0);
    *own = leaf;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
    lua_setmetatable(L, -2);
}

void rb_secret_open(lua_State *L)
{
    static const char *const events[] = {
        "__tostring", "__concat", "__len", "__eq",  "__lt",  "__le", "__index",
        "__call",     "__unm",    "__add", "__sub", "__mul", "__div"};
    lua_newtable(L);
    for (size_t i = 0; i < RB_COUNT(events); i++) {
        lua_pushcfunction(L, rb_secret_refuse);
        lua_setfield(L, -2, events[i]);
    }
    lua_pushliteral(L, "secret");
    lua_setfield(L, -2, "__name");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
}
