#include "lua/bounds.h"

#include "base/mem.h"

enum { STRIDE = 1000 };

void *rb_bounds_alloc(void *self, void *block, size_t old_size, size_t size)
{
    struct rb_bounds *bounds = self;
    if (!block)
        old_size = 0; /* there it is the type of what is allocated */
    if (size == 0) {
        free(block);
        bounds->used -= old_size;
        return NULL;
    }
    if (size > old_size && size - old_size > bounds->memory - bounds->used)
        return NULL;
    /* Beyond the limit Lua has an error, each time the same; a machine without memory ends the
     * worker, so that nothing is concluded. */
    bounds->used = bounds->used - old_size + size;
    return rb_realloc(block, 1, size);
}

static struct rb_bounds *bounds_of(lua_State *L)
{
    void *bounds;
    lua_getallocf(L, &bounds);
    return bounds;
}

/* An error alone can be caught: `while true do pcall(f) end`. So the hook latches, and what
 * catches one error meets the next at its own next instruction. */
static void count(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    struct rb_bounds *bounds = bounds_of(L);
    bounds->left -= STRIDE;
    if (bounds->left > 0 && !bounds->spent)
        return;
    bounds->spent = true;
    lua_sethook(L, count, LUA_MASKCOUNT, 1);
    lua_pushliteral(L, "too many instructions: is there a loop without end?");
    lua_error(L);
}

void rb_bounds_arm(lua_State *L, int64_t instructions)
{
    struct rb_bounds *bounds = bounds_of(L);
    bounds->left = instructions;
    bounds->spent = false;
    lua_sethook(L, count, LUA_MASKCOUNT, STRIDE);
}

void rb_bounds_spend(lua_State *L, int64_t instructions)
{
    bounds_of(L)->left -= instructions;
}
