/* parallel{...} against a world that notes what is asked together. */

#include "bench.h"

struct world {
    struct rb_buf asked; /* "a b|c|": programs, and where a round of questions ends */
    const char *refused; /* a program that nobody answers; NULL: none */
};

static bool answer(void *context, const struct rb_value *requests,
                   const struct rb_value **ret_outcomes, struct rb_error *err)
{
    struct world *world = context;
    struct rb_list_builder list = {0};
    bool refused = false;
    for (size_t i = 0; i < rb_value_count(requests); i++) {
        const struct rb_value *req = rb_value_get(rb_value_at(requests, i), "req");
        const char *program =
            rb_value_as_text(rb_value_at(rb_value_get(req, "argv"), 0), "");
        rb_buf_printf(&world->asked, "%s%s", i ? " " : "", program);
        refused = refused || (world->refused && strcmp(world->refused, program) == 0);
        rb_list_add(&list, strcmp(program, "no") == 0
                               ? bench_json("{\"spawn_error\":\"ENOENT\"}")
                               : rb_value_map("exit", rb_value_int(program[0]), NULL));
    }
    rb_buf_puts(&world->asked, "|");
    *ret_outcomes = rb_list_end(&list);
    if (refused)
        rb_value_unref(*ret_outcomes);
    return !refused || rb_fail(err, RB_ERR_REFUSED, "nobody answers");
}

/* What comes of the chunk, then what was asked. */
static void runs(const char *chunk, const char *refused, const char *expected)
{
    struct world world = {.refused = refused};
    struct rb_world lua = {&world, answer, -1, NULL, NULL};
    RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
        bench_json(bench_scope), rb_value_list(bench_item("verdict", chunk, true), NULL),
        bench_limits(8 << 20, 1000000), &lua);
    const struct rb_value *item = rb_value_at(rb_value_get(outcome, "items"), 0);
    RB_AUTO_BUF struct rb_buf got = {0};
    rb_buf_printf(&got, "%s%s%s; %s",
                  rb_value_get_text(item, "verdict", rb_value_get_text(item, "error", "")),
                  rb_value_get(item, "why") ? ": " : "", rb_value_get_text(item, "why", ""),
                  rb_buf_text(&world.asked));
    rb_buf_done(&world.asked);
    if (strcmp(rb_buf_text(&got), expected) != 0)
        print_error("%s\n", chunk);
    assert_string_equal(rb_buf_text(&got), expected);
}

#define ASK(program) "function() return sh.exec{'" program "'}.exit end"

static void all_that_wait_ask_together(void **state)
{
    (void)state;
    runs("local r = parallel{" ASK("a") ", " ASK(
             "b") ", function() return 7 end}\n"
                  "return r[1] == 97 and r[2] == 98 and r[3] == 7 and #r == 3",
         NULL, "holds; a b|");
    runs("local r = parallel{z = " ASK("a") ", y = " ASK(
             "b") "}\n"
                  "return r.z == 97 and r.y == 98",
         NULL, "holds; b a|");
    runs("local r = parallel{function() local s = 0 for _, p in ipairs{'a', 'b', 'c'} do\n"
         "  s = s + sh.exec{p}.exit end return s end, " ASK(
             "d") ", function()\n"
                  "  sh.exec{'e'} return sh.exec{'f'}.exit end}\n"
                  "return r[1] == 97 + 98 + 99 and r[2] == 100 and r[3] == 102",
         NULL, "holds; a d e|b f|c|");
    runs("return next(parallel{}) == nil", NULL, "holds; ");
    runs("return parallel{function() end}[1] == nil", NULL, "holds; ");
}

static void one_in_another_waits_with_the_rest(void **state)
{
    (void)state;
    runs(
        "local r = parallel{function() return parallel{" ASK("a") ", " ASK(
            "b") "} end, " ASK("c") "}\n"
                                    "return r[1][1] == 97 and r[1][2] == 98 and r[2] == 99",
        NULL, "holds; a b c|");
}

static void what_catches_errors_may_wait_inside(void **state)
{
    (void)state;
    runs("local r = parallel{function() return select(2, pcall(sh.exec, {'a'})).exit end,\n"
         "  function() return try(sh.exec, {'b'}).exit end,\n"
         "  function() return select(2, xpcall(sh.exec, tostring, {'c'})).exit end,\n"
         "  function() return check.all{function() return sh.exec{'d'}.exit == 100 end} "
         "end}\n"
         "return r[1] == 97 and r[2] == 98 and r[3] == 99 and r[4]",
         NULL, "holds; a b c d|");
    runs(
        "local r = parallel{function() return select(2, pcall(sh.exec, {'no'})).code end,\n"
        "  function() return select(2, try(sh.exec, {'no'})).code end,\n"
        "  function() local _, m = xpcall(sh.exec, function(e) return e.code end, {'no'}) "
        "return m end}\n"
        "return r[1] == 'spawn' and r[2] == 'spawn' and r[3] == 'spawn'",
        NULL, "holds; no no no|");
}

static void what_can_not_be_left_asks_at_once(void **state)
{
    (void)state;
    runs("local r = parallel{function() sh.exec{'a'}\n"
         "  local t = {2, 1} table.sort(t, function(x, y) sh.exec{'s'} return x < y end)\n"
         "  return t[1] end, " ASK("b") "}\n"
                                        "return r[1] == 1 and r[2] == 98",
         NULL, "holds; a b|s|");
}

static void an_error_is_raised_when_all_have_ended(void **state)
{
    (void)state;
    runs("parallel{b = function() sh.exec{'a'}\nerror('second') end,\n"
         "  a = function() sh.exec{'b'} sh.exec{'c'}\nerror('first') end}",
         NULL, "x.check:13: first; b a|c|");
    runs("parallel{function() sh.exec{'no'} end, " ASK("b") "}", NULL,
         "x.check:10: sh.exec: no: ENOENT; no b|");
    runs("return try(parallel, {function() sh.exec{'no'} end}) == nil", NULL, "holds; no|");
    runs("parallel{function() local x = nil\nreturn x.y end}", NULL,
         "x.check:11: attempt to index a nil value (local 'x'); ");
    runs("parallel{function()\nre.find(5) end}", NULL,
         "x.check:11: re.find: the subject is a number; it has to be a text; ");
    runs("parallel{5}", NULL, "x.check:10: parallel: '1' is a number, not a function; ");
    runs("parallel(5)", NULL,
         "x.check:10: parallel: takes a table of functions, not a number; ");
    runs("local t = {} for i = 1, 65 do t[i] = tostring end parallel(t)", NULL,
         "x.check:10: parallel: at most 64 functions, not 65; ");
}

static void the_first_verdict_decides(void **state)
{
    (void)state;
    runs("parallel{function() sh.exec{'a'} fail('one') end, function() unknown('two') end}",
         NULL, "fails: one; a|");
    runs("parallel{function() sh.exec{'a'} unknown('one') end, function() fail('two') end}",
         NULL, "unknown: one; a|");
    runs("return parallel{function() return check.lt(2, 1, 'x') end}[1]", NULL,
         "fails: x: 2, expected < 1; ");
}

static void nothing_is_hidden_by_it(void **state)
{
    (void)state;
    runs("pcall(parallel, {" ASK("a") ", " ASK("b") "}) return true", "b",
         "x.check:10: nobody answers; a b|");
    runs("while true do pcall(parallel, {function() while true do end end}) end", NULL,
         "x.check:10: more than 1000000 instructions: is there a loop without end?; ");
    runs("local t = {} for i = 1, 64 do t[i] = function() for j = 1, 200 do end end end\n"
         "while true do parallel(t) sh.exec{'a'} end",
         NULL,
         "x.check:10: more than 1000000 instructions: is there a loop without end?; "
         "a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|");
    runs("pcall(parallel, {function() return ('x'):rep(1e9) end}) return true", NULL,
         "x.check:10: it needs more than 8388608 bytes of memory; ");
    runs("local function f() return parallel{f} end f()", NULL,
         "x.check:10: C stack overflow; ");
}

static void calls_are_counted_over_all(void **state)
{
    (void)state;
    struct world world = {0};
    struct rb_world lua = {&world, answer, -1, NULL, NULL};
    RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
        bench_json(bench_scope),
        rb_value_list(bench_item("verdict",
                                 "local t = {} for i = 1, 40 do t[i] = function()\n"
                                 "for j = 1, 30 do sh.exec{'a'} end end end parallel(t)",
                                 true),
                      NULL),
        bench_limits(8 << 20, 1000000), &lua);
    const struct rb_value *item = rb_value_at(rb_value_get(outcome, "items"), 0);
    assert_string_equal(rb_value_get_text(item, "error", ""),
                        "x.check:10: more than 1000 calls in one evaluation");
    rb_buf_done(&world.asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_wait_ask_together),
        cmocka_unit_test(one_in_another_waits_with_the_rest),
        cmocka_unit_test(what_catches_errors_may_wait_inside),
        cmocka_unit_test(what_can_not_be_left_asks_at_once),
        cmocka_unit_test(an_error_is_raised_when_all_have_ended),
        cmocka_unit_test(the_first_verdict_decides),
        cmocka_unit_test(nothing_is_hidden_by_it),
        cmocka_unit_test(calls_are_counted_over_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
