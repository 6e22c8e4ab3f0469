/* What stdlib/check.lua stands on: how a value is shown, what was compared, and what a function
 * that judges comes to. */

#include <lauxlib.h>

#include "lua/libs.h"
#include "lua/quote.h"
#include "lua/sandbox.h"

/* Bytes of the record of an item that comparisons may take; of one text in it. */
enum { SEEN_MAX = 4096, TEXT_MAX = 120 };

/* quote(value): as messages show it. */
static int quote(lua_State *L)
{
    struct rb_buf *shown = &rb_sandbox_of(L)->scratch;
    rb_buf_clear(shown);
    rb_quote_lua(L, 1, shown);
    lua_pushlstring(L, rb_buf_text(shown), shown->length);
    return 1;
}

static const struct rb_value *line_at(lua_State *L, int index, size_t *bytes)
{
    RB_AUTO_BUF struct rb_buf line = {0};
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    rb_quote_line(text, length, TEXT_MAX, &line);
    *bytes += line.length;
    return rb_value_string(rb_buf_text(&line), line.length);
}

/* saw(what, left, op, right, holds): texts, and true, false or nil. */
static int saw(lua_State *L)
{
    enum { WHAT = 1, LEFT, OP, RIGHT, HOLDS, FRAME = 48 /* bytes of names and marks */ };
    struct rb_seen *seen = &rb_sandbox_of(L)->seen;
    for (int i = WHAT; i <= RIGHT; i++)
        luaL_checkstring(L, i);
    size_t bytes = FRAME;
    const struct rb_value *left = line_at(L, LEFT, &bytes);
    const struct rb_value *right = line_at(L, RIGHT, &bytes);
    RB_AUTO_VALUE const struct rb_value *one = rb_value_map(
        "what", line_at(L, WHAT, &bytes), "left", left, "op", line_at(L, OP, &bytes),
        "right", right, "holds",
        lua_isnoneornil(L, HOLDS) ? NULL : rb_value_bool(lua_toboolean(L, HOLDS)), NULL);
    if (seen->bytes + bytes > SEEN_MAX) {
        seen->more++;
        return 0;
    }
    seen->bytes += bytes;
    rb_list_add(&seen->list, rb_value_ref(one));
    return 0;
}

static int give(lua_State *L, const char *verdict, int why)
{
    lua_pushstring(L, verdict);
    if (why != 0)
        lua_pushvalue(L, why);
    return why != 0 ? 2 : 1;
}

static int judged_value(lua_State *L)
{
    lua_settop(L, 2);
    if (lua_type(L, 1) == LUA_TBOOLEAN) {
        bool holds = lua_toboolean(L, 1);
        bool said = !holds && lua_type(L, 2) == LUA_TSTRING;
        return give(L, holds ? "holds" : "fails", said ? 2 : 0);
    }
    quote(L);
    lua_pushfstring(L, "true or false was expected, it gives %s", lua_tostring(L, -1));
    return give(L, "unknown", lua_gettop(L));
}

static int judged(lua_State *L, int status, lua_KContext context)
{
    const char *why;
    size_t length;
    (void)context;
    if (status == LUA_OK || status == LUA_YIELD)
        return judged_value(L);
    enum rb_ruling ruling = rb_sandbox_ruling(L, -1, &why, &length);
    if (ruling != RB_RULING_NONE) {
        lua_pushlstring(L, why, length);
        return give(L, ruling == RB_RULING_FAILS ? "fails" : "unknown", lua_gettop(L));
    }
    rb_sandbox_let_pass(L, status);
    if (lua_istable(L, -1))
        lua_getfield(L, -1, "message");
    rb_sandbox_place(L);
    if (lua_type(L, -1) != LUA_TSTRING)
        lua_pushliteral(L, "an error that is no text");
    return give(L, "unknown", lua_gettop(L));
}

/* judge(f): "holds", "fails" or "unknown", and why. */
static int judge(lua_State *L)
{
    lua_settop(L, 1);
    return judged(L, lua_pcallk(L, 0, 2, 0, 0, judged), 0);
}

int rb_lib_check(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"quote", quote}, {"saw", saw}, {"judge", judge}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
