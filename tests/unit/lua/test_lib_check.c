#include "bench.h"

/* The verdict of a chunk, and what it says. */
static void comes_to(const char *chunk, const char *verdict, const char *why)
{
    RB_AUTO_FREE char *got = bench_run("verdict", chunk, true);
    RB_AUTO_VALUE const struct rb_value *item = bench_json(got);
    if (strcmp(rb_value_get_text(item, "verdict", ""), verdict) != 0 ||
        strcmp(rb_value_get_text(item, "why", ""), why) != 0)
        fail_msg("%s\ngave %s\nwanted %s: %s", chunk, got, verdict, why);
}

static void saw(const char *chunk, const char *expected)
{
    RB_AUTO_FREE char *got = bench_run("verdict", chunk, true);
    RB_AUTO_VALUE const struct rb_value *item = bench_json(got);
    RB_AUTO_BUF struct rb_buf seen = {0};
    rb_json_encode(rb_value_get(item, "seen"), &seen);
    assert_string_equal(rb_buf_text(&seen), expected);
}

static void what_does_not_hold_shows_its_operands(void **state)
{
    (void)state;
    comes_to("return check.lt(0.07, 0.05, 'error rate')", "fails",
             "error rate: 0.07, expected < 0.05");
    comes_to("return check.eq('a', 'b')", "fails", "\"a\", expected \"b\"");
    comes_to("return check.eq(true, false, 'ready')", "fails",
             "ready: true, expected false");
    comes_to("return check.ne(3, 3.0, 'x')", "fails", "x: 3, expected not 3.0");
    comes_to("return check.le(3, 2)", "fails", "3, expected <= 2");
    comes_to("return check.gt(2, 2)", "fails", "2, expected > 2");
    comes_to("return check.ge('a', 'b')", "fails", "\"a\", expected >= \"b\"");
    comes_to("return check.match('abc', '^b', 'name')", "fails",
             "name: \"abc\", expected a match of ^b");
}

static void what_holds_is_true(void **state)
{
    (void)state;
    static const char *const chunks[] = {
        "return check.eq(3, 3.0)",        "return check.ne('a', 'b')",
        "return check.lt(1, 2)",          "return check.le(2, 2)",
        "return check.gt(2.5, 2)",        "return check.ge('b', 'b')",
        "return check.match('abc', 'b')",
    };
    for (size_t i = 0; i < RB_COUNT(chunks); i++)
        comes_to(chunks[i], "holds", "");
}

static void what_can_not_be_compared_is_unknown(void **state)
{
    (void)state;
    static const char *const pairs[][3] = {
        {"nil", "1", "nil can't be compared with 1"},
        {"1", "nil", "1 can't be compared with nil"},
        {"nil", "nil", "nil can't be compared with nil"},
        {"0/0", "1", "nan can't be compared with 1"},
        {"1", "0/0", "1 can't be compared with nan"},
        {"'1'", "1", "\"1\" can't be compared with 1"},
        {"{}", "{}", "a table can't be compared with a table"},
        {"json.null", "json.null", "null can't be compared with null"},
        {"steps", "steps", "a table can't be compared with a table"},
    };
    static const char *const functions[] = {"eq", "ne", "lt", "le", "gt", "ge"};
    for (size_t f = 0; f < RB_COUNT(functions); f++) {
        for (size_t i = 0; i < RB_COUNT(pairs); i++) {
            RB_AUTO_BUF struct rb_buf chunk = {0};
            rb_buf_printf(&chunk, "return check.%s(%s, %s)", functions[f], pairs[i][0],
                          pairs[i][1]);
            comes_to(rb_buf_text(&chunk), "unknown", pairs[i][2]);
        }
    }
    comes_to("return check.lt(true, false)", "unknown",
             "true can't be compared with false");
    comes_to("return check.match(nil, 'x', 'name')", "unknown",
             "name: nil is no text to match x");
}

static void every_entry_is_looked_at(void **state)
{
    (void)state;
    comes_to("return check.all{a = true, b = function() return true end, "
             "function() return check.eq(1, 1) end}",
             "holds", "");
    comes_to("return check.all{b = false, a = function() return false, 'no disk' end,\n"
             "  c = function() check.eq(2, 3, 'pods') end, d = true}",
             "fails", "3 of 4 do not hold: a: no disk; b; c: pods: 2, expected 3");
    comes_to("return check.all{true, function() unknown('no answer') end,\n"
             "  function() error('broken') end, function() end, 5}",
             "unknown",
             "4 of 5 are unknown: #2: no answer; #3: x.check:11: broken; #4: true or false "
             "was expected, it gives nil; #5: true or false was expected, it gives 5");
    comes_to("return check.all{a = false, b = function() unknown('x') end}", "fails",
             "1 of 2 do not hold: a");
    comes_to("return check.all{}", "unknown", "check.all: there is nothing to check");
    comes_to("return check.all{true, nil, true}", "unknown",
             "there is nothing (nil) before entry #3");
    comes_to("return check.all{function() error({code = 'x', message = 'down'}) end}",
             "unknown", "1 of 1 are unknown: #1: down");
}

static void no_entry_hides_a_limit(void **state)
{
    (void)state;
    gives_chunk("return check.all{function() while true do end end, true}",
                "{\"error\":\"x.check:10: more than 1000000 instructions: is there a loop "
                "without end?\"}");
    gives_chunk("return check.all{function() return ('x'):rep(1e9) end}",
                "{\"error\":\"x.check:10: it needs more than 8388608 bytes of memory\"}");
    gives_chunk("return check.all{function() return sh.exec{'x'}.ok end}",
                "{\"error\":\"x.check:10: there is no world\"}");
}

static void what_was_compared_is_kept(void **state)
{
    (void)state;
    saw("check.eq(1, 1, 'a') check.match('x', 'y')",
        "[{\"holds\":true,\"left\":\"1\",\"op\":\"==\",\"right\":\"1\",\"what\":\"a\"},"
        "{\"holds\":false,\"left\":\"\\\"x\\\"\",\"op\":\"matches\",\"right\":\"y\","
        "\"what\":\"\"}]");
    saw("return check.lt(nil, 2, 'b')",
        "[{\"left\":\"nil\",\"op\":\"<\",\"right\":\"2\",\"what\":\"b\"}]");
    saw("return check.all{ready = false}",
        "[{\"holds\":false,\"left\":\"false\",\"op\":\"==\",\"right\":\"true\",\"what\":"
        "\"ready\"}]");
    saw("return true", "null");
}

static void what_is_kept_of_it_has_its_bounds(void **state)
{
    (void)state;
    RB_AUTO_FREE char *got = bench_run(
        "verdict", "for i = 1, 500 do check.eq(i, i, ('long '):rep(100)) end return true",
        true);
    RB_AUTO_VALUE const struct rb_value *item = bench_json(got);
    int64_t kept = (int64_t)rb_value_count(rb_value_get(item, "seen"));
    assert_true(strlen(got) < 8192);
    assert_true(kept > 5);
    assert_int_equal(kept + rb_value_get_int(item, "seen_more", 0), 500);
}

static void each_item_has_its_own(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
        bench_json(bench_scope),
        rb_value_list(
            bench_item("verdict", "for i = 1, 500 do check.eq(1, 1) end return true", true),
            bench_item("verdict", "check.eq(1, 1)", false),
            bench_item("verdict", "1 == 1", false), NULL),
        bench_limits(8 << 20, 1000000), NULL);
    const struct rb_value *items = rb_value_get(outcome, "items");
    assert_non_null(rb_value_get(rb_value_at(items, 0), "seen_more"));
    assert_int_equal(rb_value_count(rb_value_get(rb_value_at(items, 1), "seen")), 1);
    assert_null(rb_value_get(rb_value_at(items, 1), "seen_more"));
    assert_null(rb_value_get(rb_value_at(items, 2), "seen"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_hold_shows_its_operands),
        cmocka_unit_test(what_holds_is_true),
        cmocka_unit_test(what_can_not_be_compared_is_unknown),
        cmocka_unit_test(every_entry_is_looked_at),
        cmocka_unit_test(no_entry_hides_a_limit),
        cmocka_unit_test(what_was_compared_is_kept),
        cmocka_unit_test(what_is_kept_of_it_has_its_bounds),
        cmocka_unit_test(each_item_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
