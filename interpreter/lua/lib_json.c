/* What stdlib/json.lua stands on. */

#include <lauxlib.h>

#include "base/json.h"
#include "base/text.h"
#include "lua/convert.h"
#include "lua/hollow.h"
#include "lua/libs.h"
#include "lua/sandbox.h"
#include "lua/view.h"

/* Bytes of a text; what it takes on the way is many times as much. */
enum { DECODE_MAX = 8 << 20 };

/* A value that lives as long as this userdata, or until it is let go. */
static int let_go(lua_State *L)
{
    const struct rb_value **slot = lua_touserdata(L, 1);
    rb_value_unref(*slot);
    *slot = NULL;
    return 0;
}

static const struct rb_value **push_slot(lua_State *L)
{
    const struct rb_value **slot = lua_newuserdatauv(L, sizeof *slot, 0);
    *slot = NULL;
    if (luaL_newmetatable(L, "value")) {
        lua_pushcfunction(L, let_go);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return slot;
}

static void push(lua_State *L, const struct rb_value *value, int depth);

static void push_list(lua_State *L, const struct rb_value *list, int depth)
{
    size_t count = rb_value_count(list);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        push(L, rb_value_at(list, i), depth + 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_map(lua_State *L, const struct rb_value *map, int depth)
{
    size_t count = rb_value_count(map);
    lua_createtable(L, 0, (int)count);
    for (size_t i = 0; i < count; i++) {
        const struct rb_value *key = rb_value_key_at(map, i);
        lua_pushlstring(L, rb_value_as_text(key, ""), rb_value_length(key));
        push(L, rb_value_member_at(map, i), depth + 1);
        lua_rawset(L, -3);
    }
    rb_hollow_mark_map(L);
}

static void push(lua_State *L, const struct rb_value *value, int depth)
{
    luaL_checkstack(L, 6, "json.decode");
    switch (rb_value_kind(value)) {
    case RB_NULL:
        rb_hollow_push_null(L);
        break;
    case RB_BOOL:
    case RB_INT:
    case RB_NUMBER:
    case RB_STRING:
        rb_view_push(L, value, RB_VIEW_DATA, NULL);
        break;
    case RB_LIST:
    case RB_MAP:
        if (depth >= RB_CONVERT_DEPTH) {
            rb_lib_raise(L, "json.decode: nested more than %d deep", RB_CONVERT_DEPTH);
            break;
        }
        (rb_value_is(value, RB_LIST) ? push_list : push_map)(L, value, depth);
        break;
    }
}

static int decode(lua_State *L)
{
    size_t length;
    struct rb_error err;
    if (lua_type(L, 1) != LUA_TSTRING)
        return rb_lib_raise(L, "json.decode: takes a text, not a %s", luaL_typename(L, 1));
    const char *text = lua_tolstring(L, 1, &length);
    if (length > DECODE_MAX) {
        return rb_lib_raise(L, "json.decode: the text has more than the limit of %d MiB",
                            DECODE_MAX >> 20);
    }
    const struct rb_value **value = push_slot(L);
    if (!rb_json_parse(text, length, value, &err))
        return rb_lib_raise(L, "json.decode: %s", err.message);
    push(L, *value, 0);
    lua_pushcfunction(L, let_go);
    lua_pushvalue(L, -3);
    lua_call(L, 1, 0);
    return 1;
}

static bool all_text(const struct rb_value *value)
{
    if (rb_value_is(value, RB_STRING)) {
        const char *bytes = rb_value_as_text(value, "");
        size_t length = rb_value_length(value);
        return rb_text_valid_utf8(bytes, length) == length;
    }
    bool list = rb_value_is(value, RB_LIST);
    for (size_t i = 0; i < rb_value_count(value); i++) {
        if (!all_text(list ? rb_value_at(value, i) : rb_value_member_at(value, i)))
            return false;
    }
    return true;
}

static int encode(lua_State *L)
{
    struct rb_sandbox *sandbox = rb_sandbox_of(L);
    struct rb_error err;
    if (lua_isnoneornil(L, 1))
        return rb_lib_raise(L, "json.encode: there is no value (nil); null is json.null");
    const struct rb_value **value = push_slot(L);
    if (!rb_convert(L, 1, RB_CONVERT_NO_SECRETS, value, &err))
        return rb_lib_raise(L, "json.encode: %s", err.message);
    if (!all_text(*value))
        return rb_lib_raise(L, "json.encode: a text in it is not UTF-8");
    rb_buf_clear(&sandbox->scratch);
    rb_json_print(*value, 0, &sandbox->scratch);
    lua_pushlstring(L, rb_buf_text(&sandbox->scratch), sandbox->scratch.length);
    rb_buf_done(&sandbox->scratch);
    lua_pushcfunction(L, let_go);
    lua_pushvalue(L, -3);
    lua_call(L, 1, 0);
    return 1;
}

int rb_lib_json(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"decode", decode}, {"encode", encode}, {NULL, NULL}};
    luaL_newlib(L, functions);
    rb_hollow_push_null(L);
    lua_setfield(L, -2, "null");
    return 1;
}
