/* What stdlib/re.lua stands on. */

#include <lauxlib.h>

#include "base/pattern.h"
#include "lua/libs.h"
#include "lua/quote.h"
#include "lua/sandbox.h"

enum { SUBJECT = 1, PATTERN, REPLACEMENT, RESULT_MAX = 16 << 20, SHOWN_MAX = 60 };

/* The compiled pattern outlives a raise in this. */
static int free_slot(lua_State *L)
{
    struct rb_pattern **slot = lua_touserdata(L, 1);
    rb_pattern_free(*slot);
    *slot = NULL;
    return 0;
}

static struct rb_pattern **push_slot(lua_State *L)
{
    struct rb_pattern **slot = lua_newuserdatauv(L, sizeof(struct rb_pattern *), 0);
    *slot = NULL;
    if (luaL_newmetatable(L, "pattern")) {
        lua_pushcfunction(L, free_slot);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return slot;
}

/* Memory of patterns is not Lua's: it is not left to the collector. */
static int done(struct rb_pattern **slot, int results)
{
    rb_pattern_free(*slot);
    *slot = NULL;
    return results;
}

static const char *text_at(lua_State *L, int index, const char *function, const char *what,
                           size_t *ret_length)
{
    if (lua_type(L, index) != LUA_TSTRING) {
        rb_lib_raise(L, "re.%s: the %s is a %s; it has to be a text", function, what,
                     luaL_typename(L, index));
    }
    return lua_tolstring(L, index, ret_length);
}

/* Pushes "re.match: the pattern "(a+)+$": WHAT". */
static void say(lua_State *L, const char *function, const char *what)
{
    struct rb_buf *shown = &rb_sandbox_of(L)->scratch;
    size_t length;
    const char *pattern = lua_tolstring(L, PATTERN, &length);
    rb_buf_clear(shown);
    rb_quote_text(pattern, length, SHOWN_MAX, shown);
    lua_pushfstring(L, "re.%s: the pattern %s: %s", function, rb_buf_text(shown), what);
}

static struct rb_pattern **compile(lua_State *L, const char *function)
{
    size_t length;
    struct rb_error err;
    const char *pattern = text_at(L, PATTERN, function, "pattern", &length);
    struct rb_pattern **slot = push_slot(L);
    if (!rb_pattern_compile(pattern, length, RB_PATTERN_ANYWHERE, slot, NULL, &err)) {
        say(L, function, err.message);
        lua_error(L);
    }
    return slot;
}

/* That it was given up says nothing about the text: unknown, whoever catches errors. */
static int give_up(lua_State *L, const char *function, const struct rb_error *err)
{
    rb_sandbox_of(L)->gave_up = true;
    say(L, function, err->message);
    return rb_sandbox_rule(L, RB_RULING_UNKNOWN);
}

/* The compiled pattern after its first match; NULL: it does not match. */
static struct rb_pattern **first(lua_State *L, const char *function, const char **ret_text)
{
    size_t length;
    struct rb_error err;
    *ret_text = text_at(L, SUBJECT, function, "subject", &length);
    struct rb_pattern **slot = compile(L, function);
    switch (rb_pattern_match(*slot, *ret_text, length, 0, &err)) {
    case RB_PATTERN_MATCHES:
        return slot;
    case RB_PATTERN_GAVE_UP:
        give_up(L, function, &err);
        break;
    case RB_PATTERN_DIFFERS:
        break;
    }
    done(slot, 0);
    return NULL;
}

static bool push_group(lua_State *L, const struct rb_pattern *pattern, size_t group,
                       const char *text)
{
    size_t from, to;
    if (!rb_pattern_span(pattern, group, &from, &to))
        return false;
    lua_pushlstring(L, text + from, to - from);
    return true;
}

static int match(lua_State *L)
{
    const char *text, *name;
    size_t group;
    struct rb_pattern **slot = first(L, "match", &text);
    if (!slot)
        return 0;
    lua_newtable(L);
    for (size_t i = 0; i <= rb_pattern_groups(*slot); i++) {
        if (push_group(L, *slot, i, text))
            lua_rawseti(L, -2, (lua_Integer)i);
    }
    for (size_t i = 0; (name = rb_pattern_name(*slot, i, &group)); i++) {
        if (push_group(L, *slot, group, text))
            lua_setfield(L, -2, name);
    }
    return done(slot, 1);
}

static int find(lua_State *L)
{
    const char *text;
    size_t from = 0, to = 0;
    struct rb_pattern **slot = first(L, "find", &text);
    if (!slot || !rb_pattern_span(*slot, 0, &from, &to))
        return 0;
    lua_pushinteger(L, (lua_Integer)from + 1);
    lua_pushinteger(L, (lua_Integer)to);
    return done(slot, 2);
}

static int gsub(lua_State *L)
{
    static const char name[] = "gsub";
    struct rb_buf *result = &rb_sandbox_of(L)->scratch;
    size_t length, replacement_length, count = 0;
    struct rb_error err;
    const char *text = text_at(L, SUBJECT, name, "subject", &length);
    const char *replacement =
        text_at(L, REPLACEMENT, name, "replacement", &replacement_length);
    struct rb_pattern **slot = compile(L, name);
    rb_buf_clear(result);
    if (rb_pattern_replace(*slot, text, length, replacement, replacement_length, RESULT_MAX,
                           result, &count, &err) == RB_PATTERN_GAVE_UP)
        return give_up(L, name, &err);
    lua_pushlstring(L, rb_buf_text(result), result->length);
    lua_pushinteger(L, (lua_Integer)count);
    rb_buf_done(result);
    return done(slot, 2);
}

int rb_lib_re(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"match", match}, {"find", find}, {"gsub", gsub}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
