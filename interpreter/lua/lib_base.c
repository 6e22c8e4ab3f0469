#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lua/hollow.h"
#include "lua/libs.h"
#include "lua/sandbox.h"
#include "lua/scope.h"
#include "lua/secret.h"
#include "lua/view.h"

void rb_lib_pick(lua_State *L, const char *const *names)
{
    lua_newtable(L);
    for (size_t i = 0; names[i]; i++) {
        lua_getfield(L, -2, names[i]);
        lua_setfield(L, -2, names[i]);
    }
    lua_remove(L, -2);
}

int rb_lib_raise(lua_State *L, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    lua_pushvfstring(L, format, args);
    va_end(args);
    return lua_error(L);
}

/* No address, no platform's way to write NaN. */
static int base_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    if (rb_secret_at(L, 1))
        return rb_secret_refuse(L);
    int type = lua_type(L, 1);
    if (type == LUA_TNUMBER && isnan(lua_tonumber(L, 1)))
        lua_pushliteral(L, "nan");
    else if (rb_hollow_is_null(L, 1))
        lua_pushliteral(L, "null");
    else if (type == LUA_TNIL || type == LUA_TBOOLEAN || type == LUA_TNUMBER ||
             type == LUA_TSTRING)
        luaL_tolstring(L, 1, NULL);
    else
        lua_pushstring(L, lua_typename(L, type));
    return 1;
}

/* Keys in the order of `pairs`: integers ascending, then strings by their bytes. */
struct key {
    lua_Integer number;
    const char *text; /* NULL: an integer */
    size_t length;
};

static int compare(const void *left, const void *right)
{
    const struct key *a = left, *b = right;
    if (!a->text || !b->text) {
        if (a->text || b->text)
            return a->text ? 1 : -1;
        return (a->number > b->number) - (a->number < b->number);
    }
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->text, b->text, shorter);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static struct key key_at(lua_State *L, int index)
{
    struct key key = {0};
    if (lua_isinteger(L, index))
        key.number = lua_tointeger(L, index);
    else if (lua_type(L, index) == LUA_TSTRING)
        key.text = lua_tolstring(L, index, &key.length);
    else
        luaL_error(L, "only integers and texts have an order as keys, not a %s",
                   luaL_typename(L, index));
    return key;
}

static size_t count_keys(lua_State *L, int table)
{
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1))
        count++;
    return count;
}

/* The array belongs to a userdata that stays on the stack; the texts belong to the table. */
static struct key *sorted_keys(lua_State *L, int table, size_t *ret_count)
{
    size_t count = count_keys(L, table), at = 0;
    struct key *keys = lua_newuserdatauv(L, (count + 1) * sizeof *keys, 0);
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1))
        keys[at++] = key_at(L, -2);
    qsort(keys, count, sizeof *keys, compare);
    *ret_count = count;
    return keys;
}

static void push_view_keys(lua_State *L, const struct rb_view *view)
{
    bool list = rb_value_is(view->value, RB_LIST);
    size_t count = rb_value_count(view->value);
    lua_newtable(L);
    for (size_t i = 0; list && i < count; i++) {
        lua_pushinteger(L, (lua_Integer)i + 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    if (list)
        return;
    size_t bytes = 0;
    const char **names = rb_view_names(view);
    while (names[bytes])
        bytes++;
    bytes = (bytes + 1) * sizeof *names;
    const char **safe = memcpy(lua_newuserdatauv(L, bytes, 0), names, bytes);
    free(names);
    for (lua_Integer i = 0; safe[i]; i++) {
        lua_pushstring(L, safe[i]);
        lua_rawseti(L, -3, i + 1);
    }
    lua_pop(L, 1);
}

void rb_lib_push_keys(lua_State *L, int table)
{
    luaL_checktype(L, table, LUA_TTABLE);
    const struct rb_view *view = rb_view_at(L, table);
    if (view) {
        push_view_keys(L, view);
        return;
    }
    size_t count;
    const struct key *keys = sorted_keys(L, table, &count);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        if (keys[i].text)
            lua_pushlstring(L, keys[i].text, keys[i].length);
        else
            lua_pushinteger(L, keys[i].number);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_remove(L, -2);
}

/* Upvalues: the keys as they were when the loop began, and how many are done. A member that is
 * gone since then, or is null, is passed over. */
static int step_pairs(lua_State *L)
{
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(2));
    for (;;) {
        lua_settop(L, 1);
        if (lua_rawgeti(L, lua_upvalueindex(1), ++at) == LUA_TNIL)
            return 1;
        lua_pushvalue(L, -1);
        if (lua_gettable(L, 1) != LUA_TNIL)
            break;
    }
    lua_pushinteger(L, at);
    lua_replace(L, lua_upvalueindex(2));
    return 2;
}

static int base_pairs(lua_State *L)
{
    rb_lib_push_keys(L, 1);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, step_pairs, 2);
    lua_pushvalue(L, 1);
    return 2;
}

static int base_next(lua_State *L)
{
    lua_settop(L, 2);
    rb_lib_push_keys(L, 1);
    bool first = lua_isnil(L, 2);
    struct key before = {0};
    if (!first)
        before = key_at(L, 2);
    for (lua_Integer i = 1; lua_rawgeti(L, 3, i) != LUA_TNIL; i++) {
        struct key key = key_at(L, -1);
        if (first || compare(&key, &before) > 0) {
            lua_pushvalue(L, -1);
            if (lua_gettable(L, 1) != LUA_TNIL)
                return 2;
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    return 1;
}

static int rule(lua_State *L, enum rb_ruling ruling)
{
    luaL_checkstring(L, 1);
    lua_settop(L, 1);
    return rb_sandbox_rule(L, ruling);
}

static int base_fail(lua_State *L)
{
    return rule(L, RB_RULING_FAILS);
}

static int base_unknown(lua_State *L)
{
    return rule(L, RB_RULING_UNKNOWN);
}

void rb_lib_push_base(lua_State *L)
{
    static const char *const picked[] = {"assert", "error",    "ipairs", "select",
                                         "type",   "tonumber", NULL};
    static const luaL_Reg own[] = {
        {"tostring", base_tostring},   {"pairs", base_pairs},
        {"next", base_next},           {"pcall", rb_lib_pcall},
        {"xpcall", rb_lib_xpcall},     {"try", rb_lib_try},
        {"fail", base_fail},           {"unknown", base_unknown},
        {"parallel", rb_lib_parallel}, {NULL, NULL},
    };
    lua_pushcfunction(L, luaopen_base);
    lua_call(L, 0, 1);
    rb_lib_pick(L, picked);
    luaL_setfuncs(L, own, 0);
    lua_pushcfunction(L, rb_lib_string);
    lua_call(L, 0, 1);
    rb_scope_protect(L);
    lua_setfield(L, -2, "string");
}
