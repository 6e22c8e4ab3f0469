/* The names that check/ knows are those that the sandbox has. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "lua/libs.h"
#include "plan/globals.h"

#define QUOTED(name) name,

/* Each name is in the table at the top of the stack, and nothing else is; pops it. */
static void holds_exactly(lua_State *L, const char *const *names, int count)
{
    int members = 0;
    for (int i = 0; i < count; i++) {
        if (lua_getfield(L, -1, names[i]) == LUA_TNIL)
            fail_msg("the sandbox has no %s", names[i]);
        lua_pop(L, 1);
    }
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        members++;
    assert_int_equal(members, count);
    lua_pop(L, 1);
}

#define HOLDS_EXACTLY(L, open, NAMES)                                   \
    do {                                                                \
        static const char *const names[] = {NAMES(QUOTED)};             \
        lua_pushcfunction((L), (open));                                 \
        lua_call((L), 0, 1);                                            \
        holds_exactly((L), names, (int)(sizeof names / sizeof *names)); \
    } while (0)

static void the_tables_of_lua_have_the_listed_members(void **state)
{
    (void)state;
    lua_State *L = luaL_newstate();
    HOLDS_EXACTLY(L, rb_lib_math, RB_MATH_NAMES);
    HOLDS_EXACTLY(L, rb_lib_string, RB_STRING_NAMES);
    HOLDS_EXACTLY(L, rb_lib_table, RB_TABLE_NAMES);
    HOLDS_EXACTLY(L, rb_lib_utf8, RB_UTF8_NAMES);
    lua_close(L);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_of_lua_have_the_listed_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
