#include "bench.h"

static void sort_sorts(void **state)
{
    (void)state;
    bench_expect("value", "local t = {3, 1, 2, 5, 4} table.sort(t) return t", true,
                 "{\"value\":[1,2,3,4,5]}");
    bench_expect("value", "local t = {} table.sort(t) return t", true, "{\"value\":[]}");
    bench_expect("value",
                 "local t = {'b', 'a', 'C'} table.sort(t, function(a, b) return a > b end) "
                 "return t",
                 true, "{\"value\":[\"b\",\"a\",\"C\"]}");
    bench_expect(
        "value",
        "local t = {} for i = 1, 1000 do t[i] = (i * 7919) % 1009 end table.sort(t)\n"
        "for i = 2, 1000 do if t[i - 1] > t[i] then return i end end return 'sorted'",
        true, "{\"value\":\"sorted\"}");
}

static void sort_keeps_equal_elements_in_their_order(void **state)
{
    (void)state;
    bench_expect("value",
                 "local t, s = {}, '' for i = 1, 9 do t[i] = {i % 3, i} end\n"
                 "table.sort(t, function(a, b) return a[1] < b[1] end)\n"
                 "for _, e in ipairs(t) do s = s .. e[2] end return s",
                 true, "{\"value\":\"369147258\"}");
}

static void an_order_that_contradicts_itself_ends(void **state)
{
    (void)state;
    bench_expect("value",
                 "local t = {} for i = 1, 300 do t[i] = i end\n"
                 "table.sort(t, function() return true end) return #t",
                 true, "{\"value\":300}");
}

static void what_can_not_be_compared_is_an_error(void **state)
{
    (void)state;
    gives_chunk("table.sort({1, 'x'})",
                "{\"error\":\"x.check:10: attempt to compare string with number\"}");
    gives_chunk("table.sort({1, 2}, 5)",
                "{\"error\":\"x.check:10: bad argument #2 to 'sort' "
                "(function expected, got number)\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sort_sorts),
        cmocka_unit_test(sort_keeps_equal_elements_in_their_order),
        cmocka_unit_test(an_order_that_contradicts_itself_ends),
        cmocka_unit_test(what_can_not_be_compared_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
