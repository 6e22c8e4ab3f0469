#pragma once
/* What Lua has no word for: a null that is a member, and a map without members (an empty table
 * is a list). Both survive the way from JSON through Lua and back. */

#include <lua.h>
#include <stdbool.h>

void rb_hollow_push_null(lua_State *L);
bool rb_hollow_is_null(lua_State *L, int index);

/* Makes the empty table on top of the stack a map. Raises when memory is out. */
void rb_hollow_mark_map(lua_State *L);
/* Never raises. */
bool rb_hollow_is_map(lua_State *L, int index);
