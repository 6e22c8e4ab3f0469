#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>
#include <stdbool.h>

#include "lua/libs.h"
#include "plan/globals.h"

enum { LIST = 1, LESS = 2, FROM = 3, TO = 4 };

/* Is the element `right` of FROM to come before the element `left`? */
static bool before(lua_State *L, lua_Integer right, lua_Integer left)
{
    bool own = !lua_isnil(L, LESS);
    if (own)
        lua_pushvalue(L, LESS);
    lua_rawgeti(L, FROM, right);
    lua_rawgeti(L, FROM, left);
    if (own)
        lua_call(L, 2, 1);
    bool less = own ? lua_toboolean(L, -1) : lua_compare(L, -2, -1, LUA_OPLT);
    lua_pop(L, own ? 1 : 2);
    return less;
}

/* Merges FROM[low, middle) and FROM[middle, high) into TO. */
static void merge(lua_State *L, lua_Integer low, lua_Integer middle, lua_Integer high)
{
    lua_Integer left = low, right = middle;
    for (lua_Integer at = low; at < high; at++) {
        bool take_right = left >= middle || (right < high && before(L, right, left));
        lua_rawgeti(L, FROM, take_right ? right++ : left++);
        lua_rawseti(L, TO, at);
    }
}

static lua_Integer least(lua_Integer a, lua_Integer b)
{
    return a < b ? a : b;
}

/* A merge sort, since Lua's own asks the clock for a pivot: the same list and order give the
 * same result everywhere, equal elements stay in their order, and an order that contradicts
 * itself gives some permutation. */
static int table_sort(lua_State *L)
{
    lua_settop(L, 2);
    if (!lua_isnil(L, LESS))
        luaL_checktype(L, LESS, LUA_TFUNCTION);
    lua_Integer count = luaL_len(L, LIST);
    luaL_argcheck(L, count < INT_MAX, LIST, "too many elements");
    lua_createtable(L, (int)count, 0);
    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, LIST, i);
        lua_rawseti(L, FROM, i);
    }
    for (lua_Integer width = 1; width < count; width *= 2) {
        for (lua_Integer low = 1; low <= count; low += 2 * width)
            merge(L, low, least(low + width, count + 1), least(low + 2 * width, count + 1));
        lua_insert(L, FROM);
    }
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, FROM, i);
        lua_seti(L, LIST, i);
    }
    return 0;
}

int rb_lib_table(lua_State *L)
{
    static const char *const names[] = {RB_TABLE_NAMES(RB_QUOTED) NULL};
    lua_pushcfunction(L, luaopen_table);
    lua_call(L, 0, 1);
    rb_lib_pick(L, names);
    lua_pushcfunction(L, table_sort);
    lua_setfield(L, -2, "sort");
    return 1;
}
