#include <lualib.h>

#include "lua/libs.h"
#include "plan/globals.h"

int rb_lib_utf8(lua_State *L)
{
    static const char *const names[] = {RB_UTF8_NAMES(RB_QUOTED) NULL};
    lua_pushcfunction(L, luaopen_utf8);
    lua_call(L, 0, 1);
    rb_lib_pick(L, names);
    return 1;
}
