#pragma once
/* The sandbox: one Lua state for one job. Nothing an expression does can be seen by another:
 * libraries, scope and globals can't be assigned to, and the state ends with the job. */

#include <lauxlib.h>
#include <lua.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "lua/bounds.h"
#include "lua/modules.h"

/* What is outside of it. */
struct rb_world {
    void *context;
    /* Performs a list of {"call", "req"}, all at the same time: *ret_outcomes, a new reference,
     * has the outcome of each at its place. False: there is no answer to be had, and whatever
     * Lua makes of it, the evaluation is an error. */
    bool (*ask)(void *context, const struct rb_value *requests,
                const struct rb_value **ret_outcomes, struct rb_error *err);
    int run_dir; /* where blobs are; -1: none */
    struct rb_modules *modules;
    /* What an outcome refers to can't be had: the machine keeps it from us (no descriptor left, a
     * disk that fails: RB_ERR_IO), or it was taken away (RB_ERR_NOT_FOUND). Nothing may be
     * concluded from this evaluation. Does not return; NULL: it is an error like others. */
    void (*give_up)(void *context, const struct rb_error *why);
};

enum rb_ruling { RB_RULING_NONE, RB_RULING_FAILS, RB_RULING_UNKNOWN };

/* What check.* compared, for the record of the item. */
struct rb_seen {
    struct rb_list_builder list;
    size_t bytes; /* that they take */
    int64_t more; /* not kept: there was no room for them */
};

struct rb_sandbox {
    lua_State *L;
    struct rb_bounds bounds;
    int64_t instructions;         /* for each item */
    const struct rb_value *scope; /* borrowed from the job */
    const struct rb_world *world;
    char where[LUA_IDSIZE]; /* of the item under evaluation: its chunk name */
    int line;               /* of its first line in the runbook */
    int above;              /* lines of the runbook before the text that is being run */
    enum rb_ruling ruling;  /* it ended with fail() or unknown()... */
    struct rb_buf why;      /* ...and this */
    struct rb_seen seen;
    int calls;    /* to the world, by this item */
    bool refused; /* one of them had no answer */
    struct rb_error refusal;
    bool gave_up;                /* a pattern went over its limits */
    struct rb_list_builder kept; /* values that the state refers to by pointer */
    struct rb_buf scratch;       /* bytes on their way in, safe from a raise */
};

/* One that waits for its job, so that none has to wait for it. NULL: Lua can't be had. */
struct rb_sandbox *rb_sandbox_new(const struct rb_world *world);
/* Once; the job outlives it. False when its memory limit does not even hold an empty state. */
bool rb_sandbox_take(struct rb_sandbox *sandbox, const struct rb_value *job);
void rb_sandbox_free(struct rb_sandbox *sandbox); /* accepts NULL */
struct rb_sandbox *rb_sandbox_of(lua_State *L);

/* Pushes the environment of its items. */
void rb_sandbox_push_env(lua_State *L);

/* Gets ready for an item: where it is for messages, a fresh budget of instructions. */
void rb_sandbox_begin(struct rb_sandbox *sandbox, const char *where, int line);

/* Runs Lua text whose first line is the `skip`th (from 0) of the item; its first `results`
 * results are then on the stack, and nothing else. On an error *err says what and where; a
 * ruling is one too. */
bool rb_sandbox_run(struct rb_sandbox *sandbox, const char *text, size_t length, int skip,
                    int results, struct rb_error *err) RB_MUST_CHECK;

/* Gives an error value on the top of the stack, a message as Lua made it, its place in the
 * runbook. For those that catch one: pcall and its like. */
void rb_sandbox_place(lua_State *L);
/* The same for a message without any: then its place is where the stack stands. */
void rb_sandbox_explain(lua_State *L);

/* Raises what fail() and unknown() raise; the text on top of the stack says why. */
int rb_sandbox_rule(lua_State *L, enum rb_ruling ruling);
/* Is the value at this index such an error? *ret_why lives as long as it. */
enum rb_ruling rb_sandbox_ruling(lua_State *L, int index, const char **ret_why,
                                 size_t *ret_length);

/* Nobody answers, or there is no memory: the evaluation is an error whatever Lua does about
 * this. Raises sandbox->refusal. */
int rb_sandbox_refuse(lua_State *L);
int rb_sandbox_exhausted(lua_State *L);

/* For those that catch errors, with one on top of the stack that ended a call with this status:
 * raises again what nobody may catch. That is the end of memory, and once a pattern was given up each
 * `unknown`, since what it said may have come by way of check.all. The limit of instructions and an
 * ask that nobody answers end the evaluation by themselves. */
void rb_sandbox_let_pass(lua_State *L, int status);
