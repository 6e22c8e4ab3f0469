#pragma once
/* Limits of a Lua state: memory by its allocator, instructions by a hook. Time is the business
 * of whoever can kill the process: no hook runs inside a C function. */

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rb_bounds {
    size_t used, memory; /* bytes */
    int64_t left;        /* instructions */
    bool spent;          /* all of them; stays so until armed again */
};

/* A lua_Alloc; `self`, the bounds, is its user data. */
void *rb_bounds_alloc(void *self, void *block, size_t old_size, size_t size);

/* So many instructions from now on. Once they are spent, every further one raises. */
void rb_bounds_arm(lua_State *L, int64_t instructions);

/* Takes so many away: for those that a hook does not see. */
void rb_bounds_spend(lua_State *L, int64_t instructions);
