#include "lua/view.h"

#include <lauxlib.h>
#include <string.h>

#include "base/text.h"
#include "lua/libs.h"
#include "lua/rows.h"
#include "lua/sandbox.h"
#include "lua/secret.h"
#include "lua/stream.h"
#include "plan/globals.h"

/* A view is an empty Lua table with the one metatable of all views; under `view_key`, which no
 * Lua code can name, it holds a struct rb_view. What was pushed once is found again by the
 * address of its value, so that the same value is the same table. */
static const char view_key, metatable_key, cache_key;

static const char *const step_names[] = {RB_STEP_NAMES(RB_QUOTED) NULL};
static const char *const process_names[] = {RB_PROCESS_NAMES(RB_QUOTED) NULL};
static const char *const answer_names[] = {RB_ANSWER_NAMES(RB_QUOTED) NULL};
static const char *const rows_names[] = {RB_ROWS_NAMES(RB_QUOTED) NULL};

/* The members that a view has whatever its value holds; NULL: those of the value. */
static const char *const *fixed_names(const struct rb_view *view)
{
    if (view->kind == RB_VIEW_STEP)
        return step_names;
    if (view->kind != RB_VIEW_OUTCOME)
        return NULL;
    return rb_value_get(view->value, "status")    ? answer_names
           : rb_value_get(view->value, "results") ? rows_names
                                                  : process_names;
}

const struct rb_view *rb_view_at(lua_State *L, int index)
{
    if (!lua_istable(L, index) || !lua_checkstack(L, 1))
        return NULL;
    lua_rawgetp(L, index, &view_key);
    const struct rb_view *view = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return view;
}

static void push_new(lua_State *L, const struct rb_view *view)
{
    lua_createtable(L, 0, 1);
    struct rb_view *own = lua_newuserdatauv(L, sizeof *own, 0);
    *own = *view;
    lua_rawsetp(L, -2, &view_key);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
    lua_setmetatable(L, -2);
}

/* Pushes the cache and what it has for this value, or nil. */
static bool cached(lua_State *L, const struct rb_value *value)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &cache_key);
    return lua_rawgetp(L, -1, value) != LUA_TNIL;
}

/* Below the top are nil and the cache: keeps the top and takes those two away. */
static void cache(lua_State *L, const struct rb_value *value)
{
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -4, value);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

static void push_view(lua_State *L, const struct rb_view *view)
{
    if (cached(L, view->value)) {
        lua_remove(L, -2);
        return;
    }
    push_new(L, view);
    cache(L, view->value);
}

void rb_view_push(lua_State *L, const struct rb_value *value, enum rb_view_kind kind,
                  const char *noun)
{
    switch (rb_value_kind(value)) {
    case RB_NULL:
        lua_pushnil(L);
        break;
    case RB_BOOL:
        lua_pushboolean(L, rb_value_as_bool(value, false));
        break;
    case RB_INT:
        lua_pushinteger(L, rb_value_as_int(value, 0));
        break;
    case RB_NUMBER:
        lua_pushnumber(L, rb_value_as_number(value, 0));
        break;
    case RB_STRING:
        lua_pushlstring(L, rb_value_as_text(value, ""), rb_value_length(value));
        break;
    case RB_LIST:
    case RB_MAP:
        push_view(L, &(struct rb_view){kind, value, noun});
        break;
    }
}

void rb_view_push_fresh(lua_State *L, const struct rb_value *value, enum rb_view_kind kind,
                        const char *noun)
{
    push_new(L, &(struct rb_view){kind, value, noun});
}

const char **rb_view_names(const struct rb_view *view)
{
    const char *const *fixed = fixed_names(view);
    size_t count = fixed ? 0 : rb_value_count(view->value);
    while (fixed && fixed[count])
        count++;
    const char **names = rb_alloc((count + 1) * sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = fixed ? fixed[i] : rb_value_as_text(rb_value_key_at(view->value, i), "");
    return names;
}

static int no_such(lua_State *L, const struct rb_view *view, const char *name)
{
    const char **names = rb_view_names(view);
    const char *near = rb_text_nearest(name, names);
    free(names);
    if (near) {
        return luaL_error(L, "'%s' is no known %s; did you mean '%s'?", name, view->noun,
                          near);
    }
    return luaL_error(L, "'%s' is no known %s", name, view->noun);
}

static int push_stream(lua_State *L, const struct rb_value *outcome, const char *member,
                       const char *name)
{
    struct rb_sandbox *sandbox = rb_sandbox_of(L);
    struct rb_buf *text = &sandbox->scratch;
    struct rb_error err;
    const struct rb_value *reference = rb_value_get(outcome, member);
    if (!reference) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (cached(L, reference))
        return 1;
    rb_buf_clear(text);
    if (!rb_stream_read(sandbox->world, reference, text, &err))
        return luaL_error(L, "%s: %s", name, err.message);
    lua_pushlstring(L, rb_buf_text(text), text->length);
    rb_buf_done(text);
    cache(L, reference);
    return 1;
}

static int push_outputs(lua_State *L, const struct rb_value *step)
{
    const struct rb_value *outputs = rb_value_get(step, "outputs");
    bool skipped = strcmp(rb_value_get_text(step, "status", ""), "skipped") == 0;
    if (outputs)
        push_view(L, &(struct rb_view){RB_VIEW_NAMES, outputs, "output"});
    else
        push_new(L, &(struct rb_view){RB_VIEW_NAMES, NULL,
                                      skipped ? "output: the step was skipped"
                                              : "output: the step has not passed"});
    return 1;
}

/* What is read from the record stays as long as the state. */
static int push_kept(lua_State *L, const struct rb_value *owned)
{
    rb_list_add(&rb_sandbox_of(L)->kept, owned);
    rb_view_push(L, owned, RB_VIEW_DATA, NULL);
    return 1;
}

/* A member of the outcome of a statement. */
static int push_of_rows(lua_State *L, const struct rb_value *outcome, const char *name)
{
    const struct rb_world *world = rb_sandbox_of(L)->world;
    const struct rb_value *result = rb_rows_result(outcome), *read = NULL;
    struct rb_error err;
    if (strcmp(name, "rows") == 0) {
        rb_view_push(L, rb_value_get(result, "rows"), RB_VIEW_DATA, NULL);
        return 1;
    }
    bool good = strcmp(name, "value") == 0 ? rb_rows_value(world, result, &read, &err)
                                           : rb_rows_read(world, result, &read, &err);
    return good ? push_kept(L, read) : luaL_error(L, "%s: %s", name, err.message);
}

/* A member of a step or of an outcome. What a process did that had no exit code is not known:
 * nil, and whoever compares it gets no "holds". */
static int push_member(lua_State *L, const struct rb_view *view, const char *name)
{
    const struct rb_value *from = view->value, *exit = rb_value_get(from, "exit");
    const struct rb_value *time = rb_value_get(from, "duration_us");
    const struct rb_value *status =
        view->kind == RB_VIEW_OUTCOME ? rb_value_get(from, "status") : NULL;
    if (strcmp(name, "stdout") == 0 && exit)
        return push_stream(L, from, "out", name);
    if (strcmp(name, "stderr") == 0 && exit)
        return push_stream(L, from, "err", name);
    const struct rb_value *results =
        view->kind == RB_VIEW_OUTCOME ? rb_value_get(from, "results") : NULL;
    if (results && strcmp(name, "ok") != 0 && strcmp(name, "duration") != 0)
        return push_of_rows(L, from, name);
    if (strcmp(name, "body") == 0 && rb_value_get(from, "saved"))
        return luaL_error(L, "body: `to` put it into a file, and nobody has looked at it; "
                             "read it there, with fs.read or in a step of its own");
    if (strcmp(name, "body") == 0 && status)
        return push_stream(L, from, "out", name);
    if (strcmp(name, "outputs") == 0)
        return push_outputs(L, from);
    if (strcmp(name, "ok") == 0)
        lua_pushboolean(L, exit     ? rb_value_as_int(exit, -1) == 0
                           : status ? rb_value_as_int(status, 0) / 100 == 2
                                    : results != NULL);
    else if (strcmp(name, "duration") == 0 && time)
        lua_pushnumber(L, (double)rb_value_as_int(time, 0) / 1e6);
    else
        rb_view_push(L, rb_value_get(from, name), RB_VIEW_DATA, NULL);
    return 1;
}

static int index_fixed(lua_State *L, const struct rb_view *view, const char *name)
{
    const char *const *names = fixed_names(view);
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], name) == 0)
            return push_member(L, view, name);
    }
    return no_such(L, view, name);
}

static int index_list(lua_State *L, const struct rb_view *view)
{
    int exact = 0;
    lua_Integer at = lua_type(L, 2) == LUA_TNUMBER ? lua_tointegerx(L, 2, &exact) : 0;
    rb_view_push(L, exact ? rb_value_at(view->value, (size_t)at - 1) : NULL, RB_VIEW_DATA,
                 NULL);
    return 1;
}

static int view_index(lua_State *L)
{
    const struct rb_view *view = rb_view_at(L, 1);
    if (view->kind == RB_VIEW_DATA && rb_value_is(view->value, RB_LIST))
        return index_list(L, view);
    size_t length;
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tolstring(L, 2, &length) : NULL;
    if (!name && view->kind == RB_VIEW_DATA)
        return 0;
    if (!name)
        return luaL_error(L, "a %s is no name of a %s", luaL_typename(L, 2), view->noun);
    if (view->kind == RB_VIEW_STEP || view->kind == RB_VIEW_OUTCOME)
        return index_fixed(L, view, name);
    const struct rb_value *member = rb_value_getn(view->value, name, length);
    if (!member && view->kind != RB_VIEW_DATA)
        return no_such(L, view, name);
    if (view->kind == RB_VIEW_SECRETS)
        rb_secret_push(L, member);
    else if (view->kind == RB_VIEW_STEPS)
        rb_view_push(L, member, RB_VIEW_STEP, "member of a step");
    else
        rb_view_push(L, member, RB_VIEW_DATA, NULL);
    return 1;
}

static int view_newindex(lua_State *L)
{
    return luaL_error(L, "the values of a run are read-only");
}

static int view_len(lua_State *L)
{
    const struct rb_view *view = rb_view_at(L, 1);
    bool list = rb_value_is(view->value, RB_LIST);
    lua_pushinteger(L, list ? (lua_Integer)rb_value_count(view->value) : 0);
    return 1;
}

void rb_view_open(lua_State *L)
{
    static const luaL_Reg methods[] = {{"__index", view_index},
                                       {"__newindex", view_newindex},
                                       {"__len", view_len},
                                       {NULL, NULL}};
    luaL_newlib(L, methods);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &cache_key);
}
