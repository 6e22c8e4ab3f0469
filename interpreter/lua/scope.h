#pragma once
/* The globals of an expression: plan/globals.h and the variables of its loops, nothing else. */

#include <lua.h>

/* Pushes the environment of every item of the sandbox's job. Raises when memory is out. */
void rb_scope_push_env(lua_State *L);

/* Replaces the table on top by an empty one through which it can be read, not changed. */
void rb_scope_protect(lua_State *L);
