#pragma once
/* The libraries of the sandbox: those parts of Lua's own whose results depend on nothing but
 * their arguments, and ours. */

#include <lua.h>

/* Pushes a new table: the plain functions, fail, unknown, and the library of strings. */
void rb_lib_push_base(lua_State *L);
/* Pushes the protected table of a module of the standard library; raises when it is broken. */
void rb_lib_push_module(lua_State *L, const char *name);

/* Functions of the base: what catches an error, and branches side by side. */
int rb_lib_pcall(lua_State *L);
int rb_lib_xpcall(lua_State *L);
int rb_lib_try(lua_State *L);
int rb_lib_parallel(lua_State *L);

/* Each pushes one new table. */
int rb_lib_check(lua_State *L);
int rb_lib_json(lua_State *L);
int rb_lib_math(lua_State *L);
int rb_lib_re(lua_State *L);
int rb_lib_string(lua_State *L);
int rb_lib_table(lua_State *L);
int rb_lib_time(lua_State *L);
int rb_lib_utf8(lua_State *L);

/* Raises a message without a place: it gets that of the author's line, not of the module's. */
int rb_lib_raise(lua_State *L, const char *format, ...);

/* Pushes a list of the keys of the table or view at this index, in the order of `pairs`. */
void rb_lib_push_keys(lua_State *L, int table);

/* Pushes a new table with those members of the one on top that `names` (ended by NULL) lists,
 * in its place. */
void rb_lib_pick(lua_State *L, const char *const *names);

/* For the lists of plan/globals.h. */
#define RB_QUOTED(name) name,
