#include "bench.h"

static void format_shows_no_address(void **state)
{
    (void)state;
    gives_value("string.format('%s %s', {}, params)", "{\"value\":\"table table\"}");
    gives_value("('%s'):format(tostring)", "{\"value\":\"function\"}");
    gives_error("string.format('%p', {})", "'%p' would show an address");
    gives_error("string.format('%-20p', {})", "'%p' would show an address");
    gives_error("string.format('%%%p', {})", "'%p' would show an address");
    gives_value("string.format('%%p')", "{\"value\":\"%p\"}");
    gives_value("string.format('%.1f %s', 0/0, -(0/0))", "{\"value\":\"nan nan\"}");
}

static void format_formats(void **state)
{
    (void)state;
    gives_value("string.format('%5.2f|%-4d|%q|%x', 1/3, 7, 'a\"', 255)",
                "{\"value\":\" 0.33|7   |\\\"a\\\\\\\"\\\"|ff\"}");
    gives_error("string.format('%d', 'x')", "number expected, got string");
    gives_error("string.format('%d')", "bad argument #2 to 'format'");
    gives_error("string.format('%y', 1)", "invalid conversion");
}

static void methods_of_strings_are_there(void **state)
{
    (void)state;
    gives_value("('abc'):upper() .. #('x'):rep(3) .. ('a,b'):match('b')",
                "{\"value\":\"ABC3b\"}");
    gives_value("select(2, ('a b'):gsub('%w', {a = 'x'}))", "{\"value\":2}");
    gives_value("('x').dump == nil and ('x').pack == nil", "{\"value\":true}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format_shows_no_address),
        cmocka_unit_test(format_formats),
        cmocka_unit_test(methods_of_strings_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
