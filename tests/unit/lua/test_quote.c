#include "bench.h"
#include "lua/quote.h"

static void line(const char *text, size_t cap, const char *expected)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_quote_line(text, strlen(text), cap, &out);
    assert_string_equal(rb_buf_text(&out), expected);
}

static void what_is_too_long_is_cut_between_characters(void **state)
{
    (void)state;
    line("abc", 3, "abc");
    line("abcd", 3, "abc...");
    line("ab\u00e4", 3, "ab...");
    line("ab\u00e4", 4, "ab\u00e4");
    line("\u20ac", 2, "...");
}

static void nothing_in_it_acts_on_a_terminal(void **state)
{
    (void)state;
    line("a\nb\x1b[2J", 100, "a\\nb\\e[2J");
}

static void values_are_shown_as_lua_writes_them(void **state)
{
    (void)state;
    static const struct {
        const char *source, *shown;
    } cases[] = {
        {"nil", "nil"},    {"true", "true"},        {"3", "3"},
        {"3.0", "3.0"},    {"0.1", "0.1"},          {"1e100", "1e+100"},
        {"0/0", "nan"},    {"1/0", "inf"},          {"'a\"'", "\"a\"\""},
        {"{}", "a table"}, {"print", "a function"}, {"-7", "-7"},
    };
    lua_State *L = luaL_newstate();
    lua_pushcfunction(L, lua_error);
    lua_setglobal(L, "print");
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        RB_AUTO_BUF struct rb_buf out = {0};
        char source[100];
        snprintf(source, sizeof source, "return %s", cases[i].source);
        assert_int_equal(luaL_dostring(L, source), LUA_OK);
        rb_quote_lua(L, -1, &out);
        assert_string_equal(rb_buf_text(&out), cases[i].shown);
        lua_pop(L, 1);
    }
    lua_close(L);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_too_long_is_cut_between_characters),
        cmocka_unit_test(nothing_in_it_acts_on_a_terminal),
        cmocka_unit_test(values_are_shown_as_lua_writes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
