#include "bench.h"

static void pairs_has_an_order(void **state)
{
    (void)state;
    static const char list_keys[] =
        "local t, keys = {z = 1, a = 2, ['a\\0'] = 3, [10] = 4, [-1] = 5, [1] = 6, A = 7}, "
        "{}\n"
        "for k, v in pairs(t) do keys[#keys + 1] = tostring(k) .. '=' .. v end\n"
        "return table.concat(keys, ' ')";
    bench_expect("value", list_keys, true,
                 "{\"value\":\"-1=5 1=6 10=4 A=7 a=2 a\\u0000=3 z=1\"}");
}

static void pairs_goes_through_views(void **state)
{
    (void)state;
    bench_expect("value",
                 "local s = '' for k, v in pairs(vars.hosts) do s = s .. k .. v end\n"
                 "for i, v in pairs(params.ramp) do s = s .. i .. ':' .. v end\n"
                 "for i, v in ipairs(params.ramp) do s = s .. v end return s",
                 true, "{\"value\":\"a1b21:102:253:50102550\"}");
    bench_expect("value",
                 "local s = '' for k in pairs(steps.build.outputs) do s = s .. k end\n"
                 "for k in pairs(result) do s = s .. ' ' .. k end return s",
                 true, "{\"value\":\"file duration exit ok stderr stdout\"}");
}

static void pairs_refuses_keys_without_an_order(void **state)
{
    (void)state;
    gives_chunk(
        "for k in pairs({[1.5] = 1}) do end",
        "{\"error\":\"x.check:10: only integers and texts have an order as keys, not a "
        "number\"}");
    gives_chunk(
        "for k in pairs({[{}] = 1}) do end",
        "{\"error\":\"x.check:10: only integers and texts have an order as keys, not a "
        "table\"}");
    gives_chunk("for k in pairs(5) do end",
                "{\"error\":\"x.check:10: bad argument #1 to 'pairs' (table expected, "
                "got number)\"}");
}

static void pairs_passes_over_what_is_gone(void **state)
{
    (void)state;
    bench_expect("value",
                 "local t, s = {a = 1, b = 2, c = 3}, '' for k in pairs(t) do s = s .. k\n"
                 "t.b = nil t.d = 4 end return s",
                 true, "{\"value\":\"ac\"}");
}

static void next_goes_in_the_same_order(void **state)
{
    (void)state;
    gives_value("next({}) == nil", "{\"value\":true}");
    gives_value("next({b = 1, a = 2})", "{\"value\":\"a\"}");
    gives_value("next({b = 1, a = 2}, 'a')", "{\"value\":\"b\"}");
    gives_value("next({b = 1, a = 2}, 'b') == nil", "{\"value\":true}");
    gives_value("next({b = 1, 5}, 1)", "{\"value\":\"b\"}");
    gives_value("next(vars.empty) == nil", "{\"value\":true}");
    gives_value("next(vars.hosts)", "{\"value\":\"a\"}");
}

static void a_caught_message_has_its_line_of_the_runbook(void **state)
{
    (void)state;
    static const char own[] = "{\"value\":\"x.check:12: no\"}";
    bench_expect("value",
                 "local ok, why = pcall(function()\n\n error('no') end) return why", true,
                 own);
    bench_expect("value",
                 "local ok, why = xpcall(function()\n\n error('no') end,\n"
                 "function(e) return e end) return why",
                 true, own);
    bench_expect("value", "return select(2, pcall(function(a)\nreturn a.b end))", true,
                 "{\"value\":\"x.check:11: attempt to index a nil value (local 'a')\"}");
    bench_expect("value", "return select(2, pcall(function()\n\n('x'):rep({}) end))", true,
                 "{\"value\":\"x.check:12: bad argument #1 to 'rep' (number expected, "
                 "got table)\"}");
}

static void a_message_that_is_raised_again_keeps_its_line(void **state)
{
    (void)state;
    gives_chunk("local ok, why = pcall(function()\n\n error('no') end) error(why, 0)",
                "{\"error\":\"x.check:12: no\"}");
    bench_expect("value",
                 "local ok, why = pcall(function()\n\n error('no\\0!') end)\n"
                 "return select(2, pcall(function() error(why) end))",
                 true, "{\"value\":\"x.check:13: x.check:12: no\\u0000!\"}");
}

static void a_message_is_told_whole_and_visibly(void **state)
{
    (void)state;
    gives_chunk("error('\\27[2J\\0\\255 end')",
                "{\"error\":\"x.check:10: \\\\e[2J\\\\x00\\\\xff end\"}");
    gives_chunk("error('a\\0b', 0)", "{\"error\":\"x.check:10: a\\\\x00b\"}");
    bench_expect("value", "fail('a\\0b')", true, "{\"error\":\"x.check:10: a\\\\x00b\"}");
}

static void pcall_is_as_lua_has_it(void **state)
{
    (void)state;
    gives_value("table.concat({select(2, pcall(function(a, b) return b, a, 3 end, 1, 2))})",
                "{\"value\":\"213\"}");
    gives_value("select('#', pcall(function() end))", "{\"value\":1}");
    gives_value("select('#', pcall(error))", "{\"value\":2}");
    gives_value("(pcall(nil))", "{\"value\":false}");
    gives_error("pcall()", "bad argument #1 to 'pcall' (value expected)");
}

static void tostring_shows_no_address(void **state)
{
    (void)state;
    gives_value("tostring({})", "{\"value\":\"table\"}");
    gives_value("tostring(params)", "{\"value\":\"table\"}");
    gives_value("tostring(print == nil)",
                "{\"error\":\"x.check:10: there is no 'print'\"}");
    gives_value("tostring(tostring)", "{\"value\":\"function\"}");
    gives_value("tostring(0/0) .. tostring(-(0/0))", "{\"value\":\"nannan\"}");
    gives_value("tostring(1e15) .. ' ' .. tostring(0.1) .. ' ' .. tostring(nil)",
                "{\"value\":\"1e+15 0.1 nil\"}");
}

static void xpcall_hands_its_error_on(void **state)
{
    (void)state;
    gives_value(
        "table.concat({select(2, xpcall(function(a, b) return a, b end, error, 1, 2))})",
        "{\"value\":\"12\"}");
    gives_value("select(2, xpcall(error, function(e) return e .. '!' end, 'no'))",
                "{\"value\":\"no!\"}");
    gives_value("(xpcall(error, function() end))", "{\"value\":false}");
    gives_error("xpcall(error)", "bad argument #2 to 'xpcall'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_has_an_order),
        cmocka_unit_test(pairs_goes_through_views),
        cmocka_unit_test(pairs_refuses_keys_without_an_order),
        cmocka_unit_test(pairs_passes_over_what_is_gone),
        cmocka_unit_test(next_goes_in_the_same_order),
        cmocka_unit_test(xpcall_hands_its_error_on),
        cmocka_unit_test(a_caught_message_has_its_line_of_the_runbook),
        cmocka_unit_test(a_message_that_is_raised_again_keeps_its_line),
        cmocka_unit_test(a_message_is_told_whole_and_visibly),
        cmocka_unit_test(pcall_is_as_lua_has_it),
        cmocka_unit_test(tostring_shows_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
