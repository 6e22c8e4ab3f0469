#include "bench.h"

static void lists_and_maps_are_told_by_their_keys(void **state)
{
    (void)state;
    gives_value("{}", "{\"value\":[]}");
    gives_value("{1, 2.5, 'x', false}",
                "{\"value\":[1,{\"$number\":\"2.5\"},\"x\",false]}");
    gives_value("{b = 1, a = {c = {}}}", "{\"value\":{\"a\":{\"c\":[]},\"b\":1}}");
    gives_value("{['\\u{e4}'] = 1}", "{\"value\":{\"\u00e4\":1}}");
}

static void what_can_not_be_kept_names_its_place(void **state)
{
    (void)state;
    gives_error("{a = {1, print_ == nil, tostring}}", "there is no 'print_'");
    gives_error("{a = {1, 2, tostring}}", "x.check:10: a[3]: a function can't be kept");
    gives_error("{1, 0/0}", "x.check:10: [2]: NaN or infinity is no value");
    gives_error("1/0", "x.check:10: NaN or infinity is no value");
    gives_error("{1, x = 2}", "both numbers and texts as keys");
    gives_error("{1, nil, 3}", "a list with holes");
    gives_error("{[0] = 1, [1] = 2}", "a list with holes");
    gives_error("{[2] = 1}", "a list with holes");
    gives_error("{[0] = 1, [2] = 2}", "a list with holes");
    gives_error("{[true] = 1}", "a boolean as a key");
    gives_error("{[1.5] = 1}", "a number as a key");
    gives_error("{['a\\0b'] = 1}", "a key that is no text can't be kept");
    gives_error("{['\\xff'] = 1}", "a key that is no text can't be kept");
    gives_error("tostring", "a function can't be kept");
}

static void a_table_that_holds_itself_is_refused(void **state)
{
    (void)state;
    char *got = bench_run("value", "local t = {} t.x = t return t", true);
    assert_non_null(strstr(got, "nested more than 48 deep, or a table that holds itself"));
    free(got);
}

static void depth_is_bounded_also_with_values_of_the_run_inside(void **state)
{
    (void)state;
    char *got =
        bench_run("value", "local t = 1 for i = 1, 48 do t = {t} end return t", true);
    assert_non_null(strstr(got, "{\"value\":[[["));
    free(got);
    got = bench_run("value", "local t = 1 for i = 1, 49 do t = {t} end return t", true);
    assert_non_null(strstr(got, "nested more than 48"));
    free(got);
    got = bench_run("value", "local t = params.ramp for i = 1, 48 do t = {t} end return t",
                    true);
    assert_non_null(strstr(got, "nested more than 48"));
    free(got);
}

/* 2^40 tables when written out, 40 in memory. */
static void what_would_grow_beyond_measure_is_refused(void **state)
{
    (void)state;
    char *got =
        bench_run("value", "local t = {} for i = 1, 40 do t = {t, t} end return t", true);
    assert_non_null(strstr(got, "too large to be kept"));
    free(got);
    got = bench_run(
        "value",
        "local s, t = ('x'):rep(1000000), {} for i = 1, 20 do t[i] = s end return t", true);
    assert_non_null(strstr(got, "too large to be kept"));
    free(got);
    got = bench_run(
        "value",
        "local t = {} for i = 1, 50000 do t[i] = params end return {t, t, t, t, t}", true);
    assert_non_null(strstr(got, "too large to be kept"));
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_and_maps_are_told_by_their_keys),
        cmocka_unit_test(what_can_not_be_kept_names_its_place),
        cmocka_unit_test(a_table_that_holds_itself_is_refused),
        cmocka_unit_test(depth_is_bounded_also_with_values_of_the_run_inside),
        cmocka_unit_test(what_would_grow_beyond_measure_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
