#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <string.h>

#include "lua/hollow.h"
#include "lua/libs.h"
#include "lua/secret.h"
#include "plan/globals.h"

/* Puts what `%s` would show by its address, or `%f` by the platform's sign of NaN, into words. */
static void tame(lua_State *L, int argument)
{
    int type = lua_type(L, argument);
    if (rb_secret_at(L, argument))
        rb_secret_refuse(L);
    if (type == LUA_TNUMBER && isnan(lua_tonumber(L, argument))) {
        lua_pushnumber(L, copysign((lua_Number)NAN, 1.0));
        lua_replace(L, argument);
    } else if (rb_hollow_is_null(L, argument)) {
        lua_pushliteral(L, "null");
        lua_replace(L, argument);
    } else if (type != LUA_TNIL && type != LUA_TBOOLEAN && type != LUA_TNUMBER &&
               type != LUA_TSTRING && type != LUA_TNONE) {
        lua_pushstring(L, lua_typename(L, type));
        lua_replace(L, argument);
    }
}

/* Upvalue 1 is Lua's own, which goes on in this frame. Which argument belongs to which conversion does not matter: an
 * address may appear nowhere. */
static int string_format(lua_State *L)
{
    const char *format = luaL_checkstring(L, 1);
    for (const char *at = strchr(format, '%'); at; at = strchr(at, '%')) {
        at += 1 + strspn(at + 1, "-+ #0123456789.");
        if (*at == 'p')
            return luaL_error(L, "'%%p' would show an address; there is none to see");
        at += *at != '\0';
    }
    for (int argument = 2; argument <= lua_gettop(L); argument++)
        tame(L, argument);
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* Not there: dump, and pack and its kin, whose sizes are those of the machine. */
int rb_lib_string(lua_State *L)
{
    static const char *const names[] = {RB_STRING_NAMES(RB_QUOTED) NULL};
    lua_pushcfunction(L, luaopen_string);
    lua_call(L, 0, 1);
    rb_lib_pick(L, names);
    lua_getfield(L, -1, "format");
    lua_pushcclosure(L, string_format, 1);
    lua_setfield(L, -2, "format");

    /* Methods of strings, ("x"):rep(3), come from the same table. */
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 2);
    return 1;
}
