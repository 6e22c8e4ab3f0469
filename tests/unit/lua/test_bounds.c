#include <stdlib.h>

#include "bench.h"
#include "lua/bounds.h"

static void memory_is_counted_and_bounded(void **state)
{
    (void)state;
    struct rb_bounds bounds = {.memory = 100};
    void *a = rb_bounds_alloc(&bounds, NULL, LUA_TTABLE, 60);
    assert_non_null(a);
    assert_int_equal(bounds.used, 60);
    assert_null(rb_bounds_alloc(&bounds, NULL, LUA_TTABLE, 41));
    assert_null(rb_bounds_alloc(&bounds, a, 60, 101));
    assert_null(rb_bounds_alloc(&bounds, NULL, 0, SIZE_MAX));
    assert_int_equal(bounds.used, 60);
    a = rb_bounds_alloc(&bounds, a, 60, 100);
    assert_non_null(a);
    a = rb_bounds_alloc(&bounds, a, 100, 10);
    assert_int_equal(bounds.used, 10);
    assert_null(rb_bounds_alloc(&bounds, a, 10, 0));
    assert_int_equal(bounds.used, 0);
}

/* Of a state with a hook and nothing else. */
static int run(lua_State *L, const char *text)
{
    lua_settop(L, 0);
    if (luaL_loadstring(L, text) != LUA_OK)
        return -1;
    return lua_pcall(L, 0, 1, 0);
}

static void instructions_are_bounded_and_the_bound_latches(void **state)
{
    (void)state;
    struct rb_bounds bounds = {.memory = 1 << 20};
    lua_State *L = lua_newstate(rb_bounds_alloc, &bounds);
    rb_bounds_arm(L, 5000);
    assert_int_equal(run(L, "for i = 1, 100 do end return 7"), LUA_OK);
    assert_false(bounds.spent);
    assert_int_equal(run(L, "while true do end"), LUA_ERRRUN);
    assert_true(bounds.spent);
    assert_int_equal(run(L, "return 7"), LUA_ERRRUN);
    rb_bounds_arm(L, 5000);
    assert_false(bounds.spent);
    assert_int_equal(run(L, "return 7"), LUA_OK);
    lua_close(L);
    assert_int_equal(bounds.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_counted_and_bounded),
        cmocka_unit_test(instructions_are_bounded_and_the_bound_latches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
