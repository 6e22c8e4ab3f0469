#include "lua/scope.h"

#include <lualib.h>
#include <string.h>

#include "base/text.h"
#include "lua/libs.h"
#include "lua/sandbox.h"
#include "lua/secret.h"
#include "lua/view.h"
#include "plan/globals.h"

static const char *const scope_names[] = {RB_SCOPE_NAMES(RB_QUOTED) NULL};
static const char *const module_names[] = {RB_WORLD_MODULES(RB_QUOTED)
                                               RB_PURE_MODULES(RB_QUOTED) NULL};
static const char *const pure_names[] = {RB_PURE_NAMES(RB_QUOTED) NULL};

static const struct {
    const char *name, *noun;
    enum rb_view_kind kind;
} views[] = {
    {"params", "parameter", RB_VIEW_NAMES},          {"vars", "variable", RB_VIEW_NAMES},
    {"run", "member of run", RB_VIEW_NAMES},         {"steps", "step", RB_VIEW_STEPS},
    {"result", "member of result", RB_VIEW_OUTCOME}, {"secrets", "secret", RB_VIEW_SECRETS},
};

static const struct {
    const char *name;
    lua_CFunction open;
} libraries[] = {{"math", rb_lib_math}, {"table", rb_lib_table}, {"utf8", rb_lib_utf8}};

static bool among(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

static int refuse_assignment(lua_State *L)
{
    if (lua_type(L, 2) != LUA_TSTRING)
        return luaL_error(L, "this table is read-only");
    return luaL_error(L,
                      "'%s' can't be assigned to here; a variable of your own is declared "
                      "with 'local'",
                      lua_tostring(L, 2));
}

void rb_scope_protect(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 2);
    lua_rotate(L, -3, -1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_assignment);
    lua_setfield(L, -2, "__newindex");
    lua_setmetatable(L, -2);
}

/* A value of the run. One that this phase does not have is an error, not nil: `result` before
 * there is one. An environment that was not chosen is nil. */
static int push_value(lua_State *L, const char *name)
{
    const struct rb_value *scope = rb_sandbox_of(L)->scope;
    const struct rb_value *value = rb_value_get(scope, name);
    if (!value && strcmp(name, "environment") != 0)
        return luaL_error(L, "there is no '%s' here", name);
    for (size_t i = 0; i < RB_COUNT(views); i++) {
        if (strcmp(views[i].name, name) == 0) {
            rb_view_push(L, value, views[i].kind, views[i].noun);
            return 1;
        }
    }
    rb_view_push(L, value, RB_VIEW_DATA, NULL);
    return 1;
}

static bool push_library(lua_State *L, const char *name)
{
    for (size_t i = 0; i < RB_COUNT(libraries); i++) {
        if (strcmp(libraries[i].name, name) == 0) {
            lua_pushcfunction(L, libraries[i].open);
            lua_call(L, 0, 1);
            rb_scope_protect(L);
            return true;
        }
    }
    return false;
}

static int no_such(lua_State *L, const char *name)
{
    const struct rb_value *loop = rb_value_get(rb_sandbox_of(L)->scope, "loop");
    const char
        *names[RB_COUNT(scope_names) + RB_COUNT(module_names) + RB_COUNT(pure_names) + 16];
    size_t count = 0;
    for (size_t i = 0; i < rb_value_count(loop) && i < 16; i++)
        names[count++] = rb_value_as_text(rb_value_key_at(loop, i), "");
    for (size_t i = 0; scope_names[i]; i++)
        names[count++] = scope_names[i];
    for (size_t i = 0; module_names[i]; i++)
        names[count++] = module_names[i];
    for (size_t i = 0; pure_names[i]; i++)
        names[count++] = pure_names[i];
    names[count] = NULL;
    const char *near = rb_text_nearest(name, names);
    if (near)
        return luaL_error(L, "there is no '%s'; did you mean '%s'?", name, near);
    return luaL_error(L, "there is no '%s'", name);
}

/* First use of a global. It stays in the table of globals, so this is called once for each. */
static int find_global(lua_State *L)
{
    const struct rb_value *loop = rb_value_get(rb_sandbox_of(L)->scope, "loop");
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
    if (!name)
        return luaL_error(L, "a global is named by a text, not by a %s",
                          luaL_typename(L, 2));
    const struct rb_value *variable = rb_value_get(loop, name);
    if (variable)
        rb_view_push(L, variable, RB_VIEW_DATA, NULL);
    else if (among(scope_names, name))
        push_value(L, name);
    else if (among(module_names, name))
        rb_lib_push_module(L, name);
    else if (!push_library(L, name))
        return no_such(L, name);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

void rb_scope_push_env(lua_State *L)
{
    rb_view_open(L);
    rb_secret_open(L);
    rb_lib_push_base(L);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, find_global);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    rb_scope_protect(L);
}
