#pragma once
/* Asking the world. An evaluation blocks while it asks: the worker has nothing else to do, and
 * so a call may stand in a comparison function or a `gsub` too. A branch of `parallel` that can
 * be left where it stands waits instead, until all of them wait and ask together. */

#include <lua.h>

#include "base/value.h"

/* Pushes the request of this call; takes over `req`. Raises when the item may not ask any
 * more. */
void rb_asking_push(lua_State *L, const char *call, const struct rb_value *req);

/* Asks for the `count` requests on top of the stack, and goes on in `then` with their outcomes
 * in their place: what it returns is what this returns. May not return. */
int rb_asking_wait(lua_State *L, int count, lua_KContext context, lua_KFunction then);

/* The outcome at this index; it lives as long as the state. */
const struct rb_value *rb_asking_outcome(lua_State *L, int index);
