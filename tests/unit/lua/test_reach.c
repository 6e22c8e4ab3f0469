/* A47, A52: what an expression can reach, walked as no expression can, is what plan/globals.h says. */

#include "bench.h"
#include "lua/libs.h"
#include "lua/sandbox.h"
#include "plan/globals.h"

enum { PATH = 128, DEEPEST = 4 };

static const struct {
    const char *name;
    const char *const *members;
} tables[] = {
#define MEMBERS(list) ((const char *const[]){list(RB_QUOTED) NULL})
    {"check", MEMBERS(RB_CHECK_NAMES)},   {"fs", MEMBERS(RB_FS_NAMES)},
    {"http", MEMBERS(RB_HTTP_NAMES)},     {"json", MEMBERS(RB_JSON_NAMES)},
    {"math", MEMBERS(RB_MATH_NAMES)},     {"pg", MEMBERS(RB_PG_NAMES)},
    {"prom", MEMBERS(RB_PROM_NAMES)},     {"re", MEMBERS(RB_RE_NAMES)},
    {"sh", MEMBERS(RB_SH_NAMES)},         {"sql", MEMBERS(RB_SQL_NAMES)},
    {"string", MEMBERS(RB_STRING_NAMES)}, {"table", MEMBERS(RB_TABLE_NAMES)},
    {"time", MEMBERS(RB_TIME_NAMES)},     {"tls", MEMBERS(RB_TLS_NAMES)},
    {"utf8", MEMBERS(RB_UTF8_NAMES)},
};
static const char *const names[] = {RB_WORLD_MODULES(RB_QUOTED) RB_PURE_MODULES(RB_QUOTED)
                                        RB_PURE_NAMES(RB_QUOTED)};

static bool is_among(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count && list[i]; i++) {
        if (strcmp(list[i], name) == 0)
            return true;
    }
    return false;
}

static bool is_expected(const char *path)
{
    const char *dot = strchr(path, '.');
    if (!dot)
        return is_among(path, names, RB_COUNT(names));
    for (size_t i = 0; i < RB_COUNT(tables); i++) {
        if (strncmp(tables[i].name, path, (size_t)(dot - path)) == 0 &&
            tables[i].name[dot - path] == '\0')
            return is_among(dot + 1, tables[i].members, SIZE_MAX);
    }
    return false;
}

/* All that the table on top of the stack leads to, also what it only has for who looks up a name in
 * it. */
static int walk(lua_State *L, const char *above, int depth)
{
    int count = 0;
    assert_true(depth < DEEPEST && lua_checkstack(L, 8));
    int type = luaL_getmetafield(L, -1, "__index");
    if (type == LUA_TTABLE)
        count += walk(L, above, depth + 1);
    if (type != LUA_TNIL)
        lua_pop(L, 1);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        char path[PATH];
        assert_int_equal(lua_type(L, -2), LUA_TSTRING);
        snprintf(path, sizeof path, "%s%s%s", above, *above ? "." : "",
                 lua_tostring(L, -2));
        if (!is_expected(path))
            fail_msg("%s can be reached", path);
        count++;
        if (lua_istable(L, -1))
            count += walk(L, path, depth + 1);
    }
    return count;
}

/* What is found when it is first asked for is asked for. */
static int ask_for_all(lua_State *L)
{
    rb_sandbox_push_env(L);
    for (size_t i = 0; i < RB_COUNT(names); i++) {
        assert_int_not_equal(lua_getfield(L, 1, names[i]), LUA_TNIL);
        lua_pop(L, 1);
    }
    return 1;
}

static void nothing_else_can_be_reached(void **state)
{
    (void)state;
    struct rb_modules *modules;
    assert_true(rb_modules_open(NULL, &modules, NULL));
    const struct rb_world world = {NULL, bench_no_world, -1, modules, NULL};
    RB_AUTO_VALUE const struct rb_value *job = rb_value_map(
        "scope", rb_value_map(NULL), "limits", bench_limits(8 << 20, 1000000), NULL);
    struct rb_sandbox *sandbox = rb_sandbox_new(&world);
    assert_true(rb_sandbox_take(sandbox, job));
    lua_State *L = sandbox->L;
    lua_settop(L, 0);
    lua_pushcfunction(L, ask_for_all);
    assert_int_equal(lua_pcall(L, 0, 1, 0), LUA_OK);
    int expected = (int)RB_COUNT(names);
    for (size_t i = 0; i < RB_COUNT(tables); i++) {
        for (size_t n = 0; tables[i].members[n]; n++)
            expected++;
    }
    assert_int_equal(walk(L, "", 0), expected);
    lua_pushliteral(L, "");
    assert_int_equal(luaL_getmetafield(L, -1, "__index"), LUA_TTABLE);
    walk(L, "string", 0);
    rb_sandbox_free(sandbox);
    rb_modules_free(modules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_else_can_be_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
