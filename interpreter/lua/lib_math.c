#include <lualib.h>

#include "lua/libs.h"
#include "plan/globals.h"

/* Not there: random and randomseed. */
int rb_lib_math(lua_State *L)
{
    static const char *const names[] = {RB_MATH_NAMES(RB_QUOTED) NULL};
    lua_pushcfunction(L, luaopen_math);
    lua_call(L, 0, 1);
    rb_lib_pick(L, names);
    return 1;
}
