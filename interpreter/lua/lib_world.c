#include <lauxlib.h>
#include <string.h>

#include "base/duration.h"
#include "lua/asking.h"
#include "lua/convert.h"
#include "lua/libs.h"
#include "lua/sandbox.h"
#include "lua/scope.h"
#include "lua/view.h"

static int answered(lua_State *L, int status, lua_KContext context)
{
    const struct rb_value *outcome = rb_asking_outcome(L, -1);
    (void)status;
    (void)context;
    rb_view_push(L, outcome, RB_VIEW_DATA, NULL);
    rb_view_push_fresh(L, outcome, RB_VIEW_OUTCOME, "member of an outcome");
    return 2;
}

/* ask(call, request): the raw outcome, and the author's view of it. */
static int world_ask(lua_State *L)
{
    const char *call = luaL_checkstring(L, 1);
    const struct rb_value *req;
    struct rb_error err;
    if (!rb_convert(L, 2, RB_CONVERT_SECRETS, &req, &err))
        return luaL_error(L, "%s: %s", call, err.message);
    rb_asking_push(L, call, req);
    return rb_asking_wait(L, 1, 0, answered);
}

/* duration(text): microseconds, or nil and what is wrong. */
static int world_duration(lua_State *L)
{
    rb_time span;
    struct rb_error err;
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : "";
    if (rb_duration_parse(text, &span, &err) && span > 0) {
        lua_pushinteger(L, span);
        return 1;
    }
    lua_pushnil(L);
    lua_pushliteral(L, "timeout has to be a duration, as in \"10s\" or \"1m30s\"");
    return 2;
}

/* Modules whose work is done in C, or by themselves. */
static const struct {
    const char *name;
    lua_CFunction open; /* NULL: it stands on nothing */
    bool asks;          /* it also needs a way to ask */
} natives[] = {{"check", rb_lib_check, false},
               {"json", rb_lib_json, false},
               {"re", rb_lib_re, false},
               {"sql", NULL, false},
               {"time", rb_lib_time, true}};

/* Pushes what the text of a module is called with; returns how many: the functions of C that it
 * stands on, where there are any, and the way to ask, unless its results depend on its arguments
 * alone. */
static int push_arguments(lua_State *L, const char *name)
{
    int count = 0;
    bool asks = true;
    for (size_t i = 0; i < RB_COUNT(natives); i++) {
        if (strcmp(natives[i].name, name) == 0) {
            asks = natives[i].asks;
            if (!natives[i].open)
                continue;
            lua_pushcfunction(L, natives[i].open);
            lua_call(L, 0, 1);
            count++;
        }
    }
    if (!asks)
        return count;
    lua_pushcfunction(L, world_ask);
    lua_pushcfunction(L, world_duration);
    return count + 2;
}

void rb_lib_push_module(lua_State *L, const char *name)
{
    struct rb_error err = {.message = "it is missing"};
    struct rb_module *module = rb_modules_find(rb_sandbox_of(L)->world->modules, name);
    if (!module || !rb_module_compile(module, &err)) {
        luaL_error(L, "the module '%s' is broken: %s", name, err.message);
        return;
    }
    lua_pushfstring(L, "=%s", name);
    if (luaL_loadbufferx(L, module->compiled.data, module->compiled.length,
                         lua_tostring(L, -1), "b") != LUA_OK)
        lua_error(L);
    lua_remove(L, -2);
    rb_sandbox_push_env(L);
    lua_setupvalue(L, -2, 1);
    lua_call(L, push_arguments(L, name), 1);
    luaL_checktype(L, -1, LUA_TTABLE);
    rb_scope_protect(L);
}
