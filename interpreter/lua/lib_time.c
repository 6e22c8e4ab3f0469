/* What stdlib/time.lua stands on. */

#include <lauxlib.h>

#include "base/duration.h"
#include "lua/libs.h"

/* The years 0001 to 9999, in seconds since 1970. */
static const lua_Integer FIRST = -62135596800, LAST = 253402300799;

/* parse(text): seconds since 1970, or nil. */
static int parse(lua_State *L)
{
    rb_time utc;
    if (!rb_time_parse(luaL_checkstring(L, 1), &utc))
        return 0;
    lua_pushinteger(L, utc / RB_SEC - (utc % RB_SEC < 0));
    return 1;
}

/* format(seconds): "2025-11-22T23:01:07Z", or nil. */
static int format(lua_State *L)
{
    char text[28];
    lua_Integer seconds = luaL_checkinteger(L, 1);
    if (seconds < FIRST || seconds > LAST)
        return 0;
    rb_time_format(seconds * RB_SEC, text);
    text[19] = 'Z'; /* in place of the fraction */
    lua_pushlstring(L, text, 20);
    return 1;
}

/* span(text): microseconds of a duration, or nil. */
static int span(lua_State *L)
{
    rb_time microseconds;
    struct rb_error err;
    if (!rb_duration_parse(luaL_checkstring(L, 1), &microseconds, &err))
        return 0;
    lua_pushinteger(L, microseconds);
    return 1;
}

int rb_lib_time(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"format", format}, {"parse", parse}, {"span", span}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
