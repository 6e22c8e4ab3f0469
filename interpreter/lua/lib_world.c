#include <lauxlib.h>

#include "base/duration.h"
#include "lua/convert.h"
#include "lua/libs.h"
#include "lua/sandbox.h"
#include "lua/scope.h"
#include "lua/view.h"

/* So many calls an evaluation may make: a loop of them would fill the record. */
enum { CALLS_MAX = 1000 };

static const struct rb_value *keep(struct rb_sandbox *sandbox, const struct rb_value *owned)
{
    rb_list_add(&sandbox->kept, owned);
    return owned;
}

/* Nobody answers: the evaluation is an error whatever Lua does about this. */
static int refuse(lua_State *L, struct rb_sandbox *sandbox)
{
    sandbox->refused = true;
    return luaL_error(L, "%s", sandbox->refusal.message);
}

/* ask(call, request): the raw outcome, and the author's view of it. It blocks: the worker has
 * nothing else to do, and so a call may stand in a comparison function or a `gsub` too. */
static int world_ask(lua_State *L)
{
    struct rb_sandbox *sandbox = rb_sandbox_of(L);
    const char *call = luaL_checkstring(L, 1);
    const struct rb_value *req, *outcome;
    if (sandbox->refused)
        return refuse(L, sandbox);
    if (++sandbox->calls > CALLS_MAX) {
        rb_fail(&sandbox->refusal, RB_ERR_INVALID, "more than %d calls in one evaluation",
                CALLS_MAX);
        return refuse(L, sandbox);
    }
    struct rb_error err;
    if (!rb_convert(L, 2, RB_CONVERT_SECRETS, &req, &err))
        return luaL_error(L, "%s: %s", call, err.message);
    const struct rb_value *request =
        keep(sandbox, rb_value_map("call", rb_value_text(call), "req", req, NULL));
    if (!sandbox->world->ask(sandbox->world->context, request, &outcome, &sandbox->refusal))
        return refuse(L, sandbox);
    keep(sandbox, outcome);
    rb_view_push(L, outcome, RB_VIEW_DATA, NULL);
    rb_view_push_fresh(L, outcome, RB_VIEW_OUTCOME, "member of an outcome");
    return 2;
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

void rb_lib_push_module(lua_State *L, const char *name)
{
    const struct rb_module *module =
        rb_modules_find(rb_sandbox_of(L)->world->modules, name);
    lua_pushfstring(L, "=%s", name);
    if (!module || luaL_loadbufferx(L, module->text, module->length, lua_tostring(L, -1),
                                    "t") != LUA_OK)
        luaL_error(L, "the module '%s' is broken: %s", name, lua_tostring(L, -1));
    lua_remove(L, -2);
    rb_sandbox_push_env(L);
    lua_setupvalue(L, -2, 1);
    lua_pushcfunction(L, world_ask);
    lua_pushcfunction(L, world_duration);
    lua_call(L, 2, 1);
    luaL_checktype(L, -1, LUA_TTABLE);
    rb_scope_protect(L);
}
