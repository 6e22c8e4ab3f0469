/* parallel{...}: each function is a branch, a coroutine of its own. They run one after the other
 * in the order of their keys, each until it asks the world or ends; when all wait, what they
 * wait for is asked together, and all go on. So the order of the questions follows from the
 * text and from the answers alone. A `parallel` inside of a branch waits like any other call. */

#include <lauxlib.h>
#include <stdbool.h>

#include "lua/asking.h"
#include "lua/bounds.h"
#include "lua/libs.h"
#include "lua/sandbox.h"

/* At most so many, since each may have a process; and the instructions that a coroutine may do
 * before the hook sees it for the first time. */
enum { BRANCHES_MAX = 64, UNSEEN = 1000 };

/* On the stack: the functions by key, the list of keys, of each branch its coroutine while it
 * lives and then its result or error, the branches, and above them what was answered. */
enum { FUNCTIONS = 1, KEYS, RESULTS, BRANCHES, ANSWERS };

struct branch {
    lua_State *thread; /* NULL: it has ended */
    int waiting;       /* for so many answers */
    bool failed;
};

/* Keeps the value on top of the stack of the branch in place of its coroutine. */
static void end_branch(lua_State *L, struct branch *branch, int number)
{
    luaL_checkstack(L, 1, "parallel");
    lua_xmove(branch->thread, L, 1);
    lua_rawseti(L, RESULTS, number);
    branch->thread = NULL;
}

/* Lets a branch go on with its answers, which stand at `at`, until it asks, and then moves its
 * requests to the top; or until it ends. Returns the count of its requests. */
static int resume(lua_State *L, struct branch *branch, int number, int at)
{
    lua_State *thread = branch->thread;
    int count;
    luaL_checkstack(L, branch->waiting, "parallel");
    luaL_checkstack(thread, branch->waiting + 1, "parallel");
    for (int i = 0; i < branch->waiting; i++)
        lua_pushvalue(L, at + i);
    lua_xmove(L, thread, branch->waiting);
    int status = lua_resume(thread, L, branch->waiting, &count);
    if (status == LUA_YIELD) {
        luaL_checkstack(L, count, "parallel");
        lua_xmove(thread, L, count);
        return count;
    }
    if (status == LUA_ERRMEM)
        rb_sandbox_exhausted(L);
    branch->failed = status != LUA_OK;
    if (branch->failed)
        rb_sandbox_explain(thread);
    else if (count == 0)
        lua_pushnil(thread);
    else
        lua_pop(thread, count - 1);
    end_branch(L, branch, number);
    return 0;
}

/* All have ended: what they gave by their keys, or the first error in the order of the keys. */
static int finish(lua_State *L, const struct branch *branches, int count)
{
    for (int i = 0; i < count; i++) {
        if (branches[i].failed) {
            lua_rawgeti(L, RESULTS, i + 1);
            return lua_error(L);
        }
    }
    lua_createtable(L, 0, count);
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, KEYS, i);
        lua_rawgeti(L, RESULTS, i);
        lua_rawset(L, -3);
    }
    return 1;
}

static int turn(lua_State *L, int status, lua_KContext context)
{
    struct branch *branches = lua_touserdata(L, BRANCHES);
    int count = (int)lua_rawlen(L, KEYS), at = ANSWERS, asked = 0;
    (void)status;
    (void)context;
    for (int i = 0; i < count; i++) {
        if (!branches[i].thread)
            continue;
        int answers = branches[i].waiting;
        branches[i].waiting = resume(L, &branches[i], i + 1, at);
        asked += branches[i].thread ? branches[i].waiting : 0;
        at += answers;
    }
    lua_rotate(L, ANSWERS, asked);
    lua_pop(L, at - ANSWERS);
    return asked > 0 ? rb_asking_wait(L, asked, 0, turn) : finish(L, branches, count);
}

static const char *name_at(lua_State *L, int index)
{
    return luaL_tolstring(L, index, NULL);
}

static void open_branch(lua_State *L, struct branch *branch, int number)
{
    lua_rawgeti(L, KEYS, number);
    lua_pushvalue(L, -1);
    lua_gettable(L, FUNCTIONS);
    if (!lua_isfunction(L, -1)) {
        luaL_error(L, "parallel: '%s' is a %s, not a function", name_at(L, -2),
                   luaL_typename(L, -1));
    }
    branch->thread = lua_newthread(L);
    lua_rawseti(L, RESULTS, number);
    lua_xmove(L, branch->thread, 1);
    lua_pop(L, 1);
    rb_bounds_spend(L, UNSEEN);
}

int rb_lib_parallel(lua_State *L)
{
    if (!lua_istable(L, FUNCTIONS))
        return luaL_error(L, "parallel: takes a table of functions, not a %s",
                          luaL_typename(L, FUNCTIONS));
    lua_settop(L, FUNCTIONS);
    rb_lib_push_keys(L, FUNCTIONS);
    int count = (int)lua_rawlen(L, KEYS);
    if (count > BRANCHES_MAX)
        return luaL_error(L, "parallel: at most %d functions, not %d", BRANCHES_MAX, count);
    lua_createtable(L, count, 0);
    struct branch *branches =
        lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *branches, 0);
    for (int i = 0; i < count; i++) {
        branches[i] = (struct branch){0};
        open_branch(L, &branches[i], i + 1);
    }
    return turn(L, LUA_OK, 0);
}
