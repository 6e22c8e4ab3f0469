#include "lua/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "lua/scope.h"

enum { DEFAULT_MEMORY = 64 << 20, DEFAULT_INSTRUCTIONS = 50 * 1000 * 1000, EXPLAIN = 1 };

static const char env_key;

/* The type of the error value of fail() and unknown(), as messages name it. */
#define RULING "verdict"

struct ruling {
    enum rb_ruling ruling;
    size_t length;
    char why[];
};

/* Lua counts the lines of a text from 1, and takes no other number to begin with. So it knows
 * an author's text under this name, which none has in a message of its own, and a message gets
 * its true place where it is caught. Empty lines before the text would do it too, but Lua takes
 * as long over them as the runbook is long: for each expression. */
#define MARK "\1"

struct rb_sandbox *rb_sandbox_of(lua_State *L)
{
    struct rb_sandbox *sandbox;
    memcpy(&sandbox, lua_getextraspace(L), sizeof sandbox);
    return sandbox;
}

/* Does the text begin with "where:<line>:"? */
static bool has_place(const char *text, const char *where)
{
    size_t length = strlen(where);
    return strncmp(text, where, length) == 0 && text[length] == ':' &&
           text[length + 1] >= '0' && text[length + 1] <= '9';
}

/* Pushes "where:line: " of the innermost function that the runbook's author wrote. */
static void push_place(lua_State *L, const struct rb_sandbox *sandbox)
{
    lua_Debug ar;
    int line = sandbox->line;
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (strcmp(ar.source, "=" MARK) == 0 && ar.currentline > 0) {
            line = sandbox->above + ar.currentline;
            break;
        }
    }
    lua_pushfstring(L, "%s:%d: ", sandbox->where, line);
}

void rb_sandbox_place(lua_State *L)
{
    const struct rb_sandbox *sandbox = rb_sandbox_of(L);
    size_t length;
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : "";
    if (strncmp(text, MARK ":", 2) != 0)
        return;
    char *rest;
    long line = strtol(text + 2, &rest, 10);
    lua_pushfstring(L, "%s:%d", sandbox->where, sandbox->above + (int)line);
    lua_pushlstring(L, rest, length - (size_t)(rest - text));
    lua_concat(L, 2);
    lua_replace(L, -2);
}

void rb_sandbox_explain(lua_State *L)
{
    const struct rb_sandbox *sandbox = rb_sandbox_of(L);
    rb_sandbox_place(L);
    if (lua_type(L, -1) != LUA_TSTRING || has_place(lua_tostring(L, -1), sandbox->where))
        return;
    push_place(L, sandbox);
    lua_insert(L, -2);
    lua_concat(L, 2);
}

/* Message handler: makes one line with its place out of whatever was raised. */
static int explain(lua_State *L)
{
    if (luaL_testudata(L, 1, RULING))
        return 1;
    if (lua_type(L, 1) == LUA_TTABLE) {
        lua_pushliteral(L, "message");
        lua_rawget(L, 1);
        lua_replace(L, 1);
    }
    if (lua_type(L, 1) != LUA_TSTRING) {
        lua_pushliteral(L, "an error that is no text");
        lua_replace(L, 1);
    }
    rb_sandbox_explain(L);
    return 1;
}

int rb_sandbox_rule(lua_State *L, enum rb_ruling ruling)
{
    size_t length;
    const char *why = lua_tolstring(L, -1, &length);
    struct ruling *error = lua_newuserdatauv(L, sizeof *error + length + 1, 0);
    error->ruling = ruling;
    error->length = length;
    memcpy(error->why, why, length + 1);
    luaL_newmetatable(L, RULING);
    lua_setmetatable(L, -2);
    return lua_error(L);
}

enum rb_ruling rb_sandbox_ruling(lua_State *L, int index, const char **ret_why,
                                 size_t *ret_length)
{
    const struct ruling *error = luaL_testudata(L, index, RULING);
    if (!error)
        return RB_RULING_NONE;
    *ret_why = error->why;
    *ret_length = error->length;
    return error->ruling;
}

int rb_sandbox_refuse(lua_State *L)
{
    struct rb_sandbox *sandbox = rb_sandbox_of(L);
    sandbox->refused = true;
    return luaL_error(L, "%s", sandbox->refusal.message);
}

static bool no_memory(const struct rb_sandbox *sandbox, struct rb_error *err)
{
    return rb_fail(err, RB_ERR_INVALID, "it needs more than %zu bytes of memory",
                   sandbox->bounds.memory);
}

int rb_sandbox_exhausted(lua_State *L)
{
    struct rb_sandbox *sandbox = rb_sandbox_of(L);
    if (!sandbox->refused)
        no_memory(sandbox, &sandbox->refusal);
    return rb_sandbox_refuse(L);
}

void rb_sandbox_let_pass(lua_State *L, int status)
{
    const char *why;
    size_t length;
    if (status == LUA_ERRMEM)
        rb_sandbox_exhausted(L);
    if (rb_sandbox_of(L)->gave_up &&
        rb_sandbox_ruling(L, -1, &why, &length) == RB_RULING_UNKNOWN)
        lua_error(L);
}

static int set_up(lua_State *L)
{
    rb_scope_push_env(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &env_key);
    return 0;
}

struct rb_sandbox *rb_sandbox_new(const struct rb_world *world)
{
    struct rb_sandbox *sandbox = rb_alloc(sizeof *sandbox);
    sandbox->bounds.memory = DEFAULT_MEMORY;
    sandbox->world = world;
    sandbox->L = lua_newstate(rb_bounds_alloc, &sandbox->bounds);
    if (!sandbox->L) {
        rb_sandbox_free(sandbox);
        return NULL;
    }
    memcpy(lua_getextraspace(sandbox->L), &sandbox, sizeof sandbox);
    lua_pushcfunction(sandbox->L, set_up);
    if (lua_pcall(sandbox->L, 0, 0, 0) != LUA_OK) {
        rb_sandbox_free(sandbox);
        return NULL;
    }
    lua_pushcfunction(sandbox->L, explain);
    return sandbox;
}

bool rb_sandbox_take(struct rb_sandbox *sandbox, const struct rb_value *job)
{
    const struct rb_value *limits = rb_value_get(job, "limits");
    sandbox->bounds.memory =
        (size_t)rb_value_get_int(limits, "memory_bytes", DEFAULT_MEMORY);
    sandbox->instructions = rb_value_get_int(limits, "instructions", DEFAULT_INSTRUCTIONS);
    sandbox->scope = rb_value_get(job, "scope");
    return sandbox->bounds.used <= sandbox->bounds.memory;
}

void rb_sandbox_free(struct rb_sandbox *sandbox)
{
    if (!sandbox)
        return;
    if (sandbox->L)
        lua_close(sandbox->L);
    rb_value_unref(rb_list_end(&sandbox->kept));
    rb_value_unref(rb_list_end(&sandbox->seen.list));
    rb_buf_done(&sandbox->scratch);
    rb_buf_done(&sandbox->why);
    free(sandbox);
}

void rb_sandbox_push_env(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &env_key);
}

void rb_sandbox_begin(struct rb_sandbox *sandbox, const char *where, int line)
{
    snprintf(sandbox->where, sizeof sandbox->where, "%s", where);
    sandbox->line = line;
    sandbox->ruling = RB_RULING_NONE;
    rb_value_unref(rb_list_end(&sandbox->seen.list));
    sandbox->seen = (struct rb_seen){0};
    sandbox->calls = 0;
    sandbox->refused = sandbox->gave_up = false;
    lua_settop(sandbox->L, EXPLAIN);
    rb_bounds_arm(sandbox->L, sandbox->instructions);
}

/* The text behind as many empty lines as stand above it in the runbook. */
struct page {
    int lines;
    const char *text;
    size_t length;
};

static const char *give(lua_State *L, void *context, size_t *ret_size)
{
    static const char empty[] =
        "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";
    struct page *page = context;
    (void)L;
    if (page->lines > 0) {
        int most = sizeof empty - 1;
        *ret_size = (size_t)(page->lines < most ? page->lines : most);
        page->lines -= (int)*ret_size;
        return empty;
    }
    *ret_size = page->length;
    page->length = 0;
    return page->text;
}

/* What is wrong with a text that does not compile can name more than one line: that is read once
 * more with all the lines above it. */
static int load(struct rb_sandbox *sandbox, const char *text, size_t length)
{
    lua_State *L = sandbox->L;
    int status = luaL_loadbufferx(L, text, length, "=" MARK, "t");
    if (status != LUA_ERRSYNTAX)
        return status;
    struct page page = {sandbox->above, text, length};
    lua_settop(L, EXPLAIN);
    lua_pushfstring(L, "=%s", sandbox->where);
    return lua_load(L, give, &page, lua_tostring(L, -1), "t");
}

/* *err for the error value on top of the stack. */
static bool raised(struct rb_sandbox *sandbox, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf shown = {0}; /* a NUL in it would end it */
    const char *text = "an error that can't be told";
    size_t length = strlen(text);
    sandbox->ruling = rb_sandbox_ruling(sandbox->L, -1, &text, &length);
    bool ruled = sandbox->ruling != RB_RULING_NONE;
    if (ruled) {
        rb_buf_clear(&sandbox->why);
        rb_buf_append(&sandbox->why, text, length);
    } else if (lua_type(sandbox->L, -1) == LUA_TSTRING) {
        text = lua_tolstring(sandbox->L, -1, &length);
    }
    rb_text_visible(text, length, false, &shown);
    rb_fail(err, RB_ERR_INVALID, "%s", rb_buf_text(&shown));
    if (ruled || has_place(text, sandbox->where))
        return false;
    return rb_error_prefix(err, "%s:%d", sandbox->where, sandbox->line);
}

static bool went_wrong(struct rb_sandbox *sandbox, int status, struct rb_error *err)
{
    if (sandbox->refused)
        rb_fail(err, RB_ERR_INVALID, "%s", sandbox->refusal.message);
    else if (sandbox->bounds.spent)
        rb_fail(err, RB_ERR_INVALID,
                "more than %lld instructions: is there a loop without end?",
                (long long)sandbox->instructions);
    else if (status == LUA_ERRMEM)
        no_memory(sandbox, err);
    else
        return raised(sandbox, err);
    return rb_error_prefix(err, "%s:%d", sandbox->where, sandbox->line);
}

bool rb_sandbox_run(struct rb_sandbox *sandbox, const char *text, size_t length, int skip,
                    int results, struct rb_error *err)
{
    lua_State *L = sandbox->L;
    lua_settop(L, EXPLAIN);
    sandbox->above = sandbox->line + skip - 1;
    int status = load(sandbox, text, length);
    if (status == LUA_OK) {
        rb_sandbox_push_env(L);
        lua_setupvalue(L, -2, 1);
        status = lua_pcall(L, 0, results, EXPLAIN);
    }
    if (status != LUA_OK || sandbox->refused || sandbox->bounds.spent)
        return went_wrong(sandbox, status, err);
    return true;
}
