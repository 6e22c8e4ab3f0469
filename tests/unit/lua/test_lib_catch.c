/* try; pcall and xpcall as Lua has them are in test_lib_base.c. */

#include "bench.h"

static void holds(const char *chunk)
{
    gives_chunk(chunk, "{\"verdict\":\"holds\"}");
}

static void what_goes_well_gives_its_results(void **state)
{
    (void)state;
    holds("local a, b, c = try(function(x, y) return y, x, 3 end, 1, 2)\n"
          "return a == 2 and b == 1 and c == 3");
    holds("return select('#', try(function() end)) == 0");
    gives_error("try()", "bad argument #1 to 'try' (value expected)");
}

static void an_error_becomes_a_table(void **state)
{
    (void)state;
    holds("local v, e = try(function()\n error('no') end)\n"
          "return v == nil and e.message == 'x.check:11: no' and e.code == 'error' and\n"
          "  e.retryable == false and e.target == nil");
    holds("local v, e = try(error, {code = 'timeout', message = 'm', retryable = true})\n"
          "return v == nil and e.code == 'timeout' and e.message == 'm' and e.retryable");
    holds("local v, e = try(error, true) return e.message == 'an error that is no text'");
    holds("local v, e = try(nil) return v == nil and e.code == 'error'");
}

static void nothing_is_hidden_by_it(void **state)
{
    (void)state;
    gives_chunk("try(fail, 'no disk') return true",
                "{\"verdict\":\"fails\",\"why\":\"no disk\"}");
    gives_chunk("try(function() try(unknown, 'no data') end) return true",
                "{\"verdict\":\"unknown\",\"why\":\"no data\"}");
    gives_chunk("try(function() while true do end end) return true",
                "{\"error\":\"x.check:10: more than 1000000 instructions: is there a loop "
                "without end?\"}");
    gives_chunk("try(function() return ('x'):rep(1e9) end) return true",
                "{\"error\":\"x.check:10: it needs more than 8388608 bytes of memory\"}");
    gives_chunk("try(sh.exec, {'x'}) return true",
                "{\"error\":\"x.check:10: there is no world\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_well_gives_its_results),
        cmocka_unit_test(an_error_becomes_a_table),
        cmocka_unit_test(nothing_is_hidden_by_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
