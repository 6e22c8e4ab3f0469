/* Attacks on the sandbox (A47, A48, A50 to A52, A54) that must end in a verdict in this very
 * process. Those that only the clock ends are in test_worker_main.c. */

#include "bench.h"

/* A chunk that has to end in an error with this text. */
static void ends_with(const char *source, const char *part)
{
    char *got = bench_run("verdict", source, true);
    if (strncmp(got, "{\"error\":", 9) != 0 || !strstr(got, part))
        fail_msg("%s\ngave %s\nwanted %s", source, got, part);
    free(got);
}

static void binary_chunks_are_not_loaded(void **state)
{
    (void)state;
    ends_with("\x1bLua", "unexpected symbol near '<\\\\27>'");
    ends_with("return load('return 1')", "there is no 'load'");
    ends_with("return string.dump(fail)", "attempt to call a nil value (field 'dump')");
}

static void a_binary_chunk_on_the_first_line_is_not_loaded(void **state)
{
    (void)state;
    const struct rb_value *item =
        rb_value_map("name", rb_value_text("x"), "kind", rb_value_text("verdict"), "source",
                     rb_value_text("\x1bLua"), "chunk", rb_value_bool(true), "line",
                     rb_value_int(1), NULL);
    RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
        rb_value_map(NULL), rb_value_list(item, NULL), bench_limits(8 << 20, 1000), NULL);
    const struct rb_value *first = rb_value_at(rb_value_get(outcome, "items"), 0);
    assert_non_null(strstr(rb_value_get_text(first, "error", ""), "binary chunk"));
}

static void a_loop_without_end_is_ended(void **state)
{
    (void)state;
    const char *limit =
        "x.check:10: more than 1000000 instructions: is there a loop without "
        "end?";
    ends_with("while true do end", limit);
    ends_with("while true do pcall(function() while true do end end) end", limit);
    ends_with("local function f() return pcall(f) end while true do f() end", limit);
    ends_with(
        "while true do xpcall(function() while true do end end, function() while true do "
        "end end) end",
        limit);
    ends_with("local t = {} table.sort({3, 2, 1}, function() while true do end end)",
              limit);
    ends_with("('x'):gsub('x', function() while true do end end)", limit);
    ends_with("::again:: goto again", limit);
    ends_with("local ok = pcall(function() while true do end end) return true", limit);
    ends_with("coroutine.wrap(function() while true do end end)()",
              "there is no 'coroutine'");
}

static void there_are_no_finalizers(void **state)
{
    (void)state;
    ends_with("setmetatable({}, {__gc = function() while true do end end})",
              "there is no 'setmetatable'");
    ends_with("local x <close> = {}", "got a non-closable value");
}

static void memory_has_an_end(void **state)
{
    (void)state;
    const char *limit = "it needs more than 8388608 bytes of memory";
    ends_with("return ('x'):rep(1e9)", limit);
    ends_with("local s = 'x' while true do s = s .. s end", limit);
    ends_with("local t = {} for i = 1, 1e7 do t[i] = i end", limit);
    ends_with("local t = {} for i = 1, 1e6 do t = {t} end", limit);
    ends_with("return ('x'):rep(1e18)", "resulting string too large");
    ends_with("return table.concat({('x'):rep(4e6), ('x'):rep(4e6)})", limit);
}

static void nothing_that_catches_errors_hides_the_end_of_memory(void **state)
{
    (void)state;
    const char *limit = "it needs more than 8388608 bytes of memory";
    ends_with("return not pcall(string.rep, 'x', 1e9)", limit);
    ends_with("return not xpcall(string.rep, tostring, 'x', 1e9)", limit);
    ends_with("pcall(pcall, string.rep, 'x', 1e9) return true", limit);
    ends_with("return not pcall(check.all, {function() return ('x'):rep(1e9) end})", limit);
    ends_with("pcall(parallel, {function() pcall(string.rep, 'x', 1e9) end}) return true",
              limit);
    ends_with("while true do pcall(string.rep, 'x', 1e9) end", limit);
}

static void a_limit_that_holds_nothing_is_an_error_of_each_item(void **state)
{
    (void)state;
    for (int64_t memory = 0; memory < 30000; memory += 500) {
        RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
            bench_json(bench_scope),
            rb_value_list(bench_item("value", "params.version .. #vars.hosts", false),
                          NULL),
            bench_limits(memory, 1000000), NULL);
        const struct rb_value *item = rb_value_at(rb_value_get(outcome, "items"), 0);
        const char *wrong = rb_value_get_text(item, "error", NULL);
        assert_true(wrong ? strstr(wrong, "memory") != NULL
                          : rb_value_get(item, "value") != NULL);
    }
}

static void libraries_can_not_be_poisoned(void **state)
{
    (void)state;
    ends_with("getmetatable('').__index = nil", "there is no 'getmetatable'");
    ends_with("_G.x = 1", "there is no '_G'");
    ends_with("_ENV.string.find = nil", "'find' can't be assigned to here");
    ends_with("_ENV = nil return x", "attempt to index a nil value (upvalue '_ENV')");
    ends_with("math.pi = 3", "'pi' can't be assigned to here");
    ends_with("('x').y = 1", "attempt to index a string value");
}

static void deep_recursion_is_an_error(void **state)
{
    (void)state;
    ends_with("local function f() return 1 + f() end return f()", "memory");
    ends_with(
        "local s = ('('):rep(300) .. '1' .. (')'):rep(300) return s:find(s) and fail_",
        "too many captures");
    gives_chunk("local function f() return pcall(f) end return f() == 1",
                "{\"verdict\":\"fails\",\"why\":\"it returned false\"}");
    ends_with("return ('a'):gsub('a', function(a) return f_(a) end)", "there is no 'f_'");
    ends_with("local function f(s) return (s:gsub('.', f)) end return f('x')",
              "C stack overflow");
    ends_with("return string.format('%99.99f', 1/3):len()", "this one gives 101");
    ends_with("return string.format('%100d', 1)", "invalid conversion");
    ends_with("return ('x'):rep(100):find(('(x)'):rep(40))", "too many captures");
    ends_with("return ('x'):find(('(x*'):rep(30) .. (')'):rep(30)) == 1 and y_",
              "there is no 'y_'");
    ends_with("error(setmetatable)", "there is no 'setmetatable'");
}

static void source_that_nests_too_deep_is_an_error(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf source = {0};
    rb_buf_puts(&source, "return ");
    for (int i = 0; i < 100000; i++)
        rb_buf_puts(&source, "(");
    ends_with(rb_buf_text(&source), "C stack overflow");
    rb_buf_clear(&source);
    rb_buf_puts(&source, "return ");
    for (int i = 0; i < 100000; i++)
        rb_buf_puts(&source, "not ");
    ends_with(rb_buf_text(&source), "C stack overflow");
}

static void the_limits_hold_for_each_item_anew(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
        bench_json(bench_scope),
        rb_value_list(bench_item("verdict", "while true do end", true),
                      bench_item("verdict", "return ('x'):rep(1e9)", true),
                      bench_item("verdict", "return unknown('why') == 1", true),
                      bench_item("verdict", "return #('x'):rep(1000000) == 1000000", true),
                      NULL),
        bench_limits(8 << 20, 1000000), NULL);
    const struct rb_value *last = rb_value_at(rb_value_get(outcome, "items"), 3);
    assert_string_equal(rb_value_get_text(last, "verdict", ""), "holds");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binary_chunks_are_not_loaded),
        cmocka_unit_test(a_binary_chunk_on_the_first_line_is_not_loaded),
        cmocka_unit_test(a_loop_without_end_is_ended),
        cmocka_unit_test(there_are_no_finalizers),
        cmocka_unit_test(memory_has_an_end),
        cmocka_unit_test(nothing_that_catches_errors_hides_the_end_of_memory),
        cmocka_unit_test(a_limit_that_holds_nothing_is_an_error_of_each_item),
        cmocka_unit_test(libraries_can_not_be_poisoned),
        cmocka_unit_test(deep_recursion_is_an_error),
        cmocka_unit_test(source_that_nests_too_deep_is_an_error),
        cmocka_unit_test(the_limits_hold_for_each_item_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
