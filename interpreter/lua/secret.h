#pragma once
/* A secret as Lua sees it: a reference without a text. Nothing but the request of a call to the
 * world can be made of it, and there it is {"$secret": name}. */

#include <lua.h>

#include "base/value.h"

/* Once in a new state. */
void rb_secret_open(lua_State *L);
/* `leaf` is {"$secret": name} and must outlive the state. */
void rb_secret_push(lua_State *L, const struct rb_value *leaf);
/* The leaf of the secret at this index, or NULL. Never raises. */
const struct rb_value *rb_secret_at(lua_State *L, int index);
/* What is said whenever a text is wanted of it. Does not return. */
int rb_secret_refuse(lua_State *L);
