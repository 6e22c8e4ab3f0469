/* sh.exec against a world that answers from a list. */

#include "bench.h"

struct world {
    const char *const *outcomes; /* JSON, ended by NULL; the last is repeated */
    int calls;
    char *request; /* the last */
};

static bool answer_one(void *context, const struct rb_value *request,
                       const struct rb_value **ret_outcome, struct rb_error *err)
{
    struct world *world = context;
    struct rb_buf text = {0};
    rb_json_encode(request, &text);
    free(world->request);
    world->request = rb_buf_take(&text);
    const char *outcome = world->outcomes[0];
    if (!outcome)
        return rb_fail(err, RB_ERR_REFUSED, "it asks for more than the record holds");
    if (world->outcomes[1])
        world->outcomes++;
    world->calls++;
    *ret_outcome = bench_json(outcome);
    return true;
}

static bool answer(void *context, const struct rb_value *requests,
                   const struct rb_value **ret_outcomes, struct rb_error *err)
{
    return bench_answer_each(answer_one, context, requests, ret_outcomes, err);
}

/* The item's text; *ret_request, when asked for, the last request. */
static char *run(const char *source, const char *const *outcomes, char **ret_request)
{
    struct world world = {outcomes, 0, NULL};
    struct rb_world lua = {&world, answer, -1, NULL, NULL};
    RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
        bench_json(bench_scope), rb_value_list(bench_item("verdict", source, true), NULL),
        bench_limits(8 << 20, 1000000), &lua);
    struct rb_buf text = {0};
    rb_json_encode(rb_value_at(rb_value_get(outcome, "items"), 0), &text);
    if (ret_request)
        *ret_request = world.request;
    else
        free(world.request);
    return rb_buf_take(&text);
}

static void gives(const char *source, const char *outcome, const char *part)
{
    char *got = run(source, (const char *[]){outcome, NULL}, NULL);
    if (!strstr(got, part))
        fail_msg("%s\ngave %s\nwanted %s", source, got, part);
    free(got);
}

static void requests(const char *source, const char *expected)
{
    char *request;
    char *got = run(source, (const char *[]){"{\"exit\":0}", NULL}, &request);
    if (!request)
        fail_msg("%s", got);
    assert_string_equal(request, expected);
    free(request);
    free(got);
}

static void a_call_becomes_a_request(void **state)
{
    (void)state;
    requests("sh.exec{'df', '-h', 5, 2.5}",
             "{\"call\":\"sh.exec\",\"req\":{\"argv\":[\"df\",\"-h\",\"5\",\"2.5\"],"
             "\"timeout_us\":30000000}}");
    requests("sh.exec{'psql', timeout = '1m', cwd = '/tmp', env = {A = 1, B = 'x'}, "
             "stdin = 'select 1'}",
             "{\"call\":\"sh.exec\",\"req\":{\"argv\":[\"psql\"],\"cwd\":\"/tmp\",\"env\":"
             "{\"A\":\"1\",\"B\":\"x\"},\"stdin\":\"select 1\",\"timeout_us\":60000000}}");
    requests("sh.exec{'a', env = {}}",
             "{\"call\":\"sh.exec\",\"req\":{\"argv\":[\"a\"],\"timeout_us\":30000000}}");
    requests(
        "sh.exec(params.ramp)",
        "{\"call\":\"sh.exec\",\"req\":{\"argv\":[\"10\",\"25\",\"50\"],\"timeout_us\":"
        "30000000}}");
}

static void an_exit_code_is_an_answer(void **state)
{
    (void)state;
    gives("local r = sh.exec{'true'} return r.ok and r.exit == 0 and r.stdout == ''",
          "{\"exit\":0}", "\"verdict\":\"holds\"");
    gives("return sh.exec{'false'}.ok", "{\"exit\":1}", "\"verdict\":\"fails\"");
    gives("return sh.exec{'false'}.code == 1", "{\"exit\":1}",
          "'code' is no known member of an outcome");
}

static void what_has_no_exit_code_raises(void **state)
{
    (void)state;
    gives("return sh.exec{'nope'}.exit ~= 1",
          "{\"spawn_error\":\"ENOENT\",\"what\":\"there is no program nope\"}",
          "\"error\":\"x.check:10: sh.exec: there is no program nope\"");
    gives("return sh.exec{'slow'}.exit ~= 1", "{\"killed\":\"timeout\"}",
          "\"error\":\"x.check:10: sh.exec: slow took too long and was ended\"");
    gives("return sh.exec{'slow'}.exit ~= 1", "{\"killed\":\"request\"}",
          "ended on request");
    gives("return sh.exec{'bad'}.exit ~= 1", "{\"signal\":\"SIGSEGV\"}",
          "\"error\":\"x.check:10: sh.exec: bad died of SIGSEGV\"");
    gives("local ok, e = pcall(sh.exec, {'nope'})\n"
          "return ok == false and e.code == 'spawn' and e.target == 'nope' and "
          "e.retryable == false",
          "{\"spawn_error\":\"ENOENT\"}", "\"verdict\":\"holds\"");
}

static void misuse_raises_at_the_line_of_the_author(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"sh.exec{'a', tiemout = '1s'}", "x.check:10: sh.exec: unknown option 'tiemout'; "
                                         "there are cwd, env, stdin, timeout"},
        {"\nsh.exec{}", "x.check:11: sh.exec: names no program"},
        {"sh.exec{''}", "names no program"},
        {"sh.exec('ls')", "takes a table"},
        {"sh.exec{'a', {}}", "argument 2 is a table; it has to be a text or a number"},
        {"sh.exec{'a', nil, 'b'}", "nil"},
        {"sh.exec{'a\\0b'}", "argument 1 holds a NUL byte"},
        {"sh.exec{'a', timeout = 5}", "timeout has to be a duration"},
        {"sh.exec{'a', timeout = '0s'}", "timeout has to be a duration"},
        {"sh.exec{'a', env = 'x'}", "env is a string, not a table"},
        {"sh.exec{'a', env = {['A=B'] = 1}}", "'A=B' is no name of a variable"},
        {"sh.exec{'a', env = {A = true}}", "env.A is a boolean"},
        {"sh.exec{'a', cwd = true}", "cwd is a boolean"},
        {"sh.exec{'a', [5] = 'b'}", "argument 5 stands alone"},
        {"sh.exec{'a', [1.5] = 'b'}", "only integers and texts"},
        {"sh.run{'a'}", "attempt to call a nil value (field 'run')"},
    };
    for (size_t i = 0; i < RB_COUNT(cases); i++)
        gives(cases[i][0], NULL, cases[i][1]);
}

static void a_call_may_stand_anywhere(void **state)
{
    (void)state;
    gives("local t = {2, 1} table.sort(t, function(a, b) return sh.exec{'x'}.ok end)\n"
          "return ('a'):gsub('a', function() return sh.exec{'y'}.exit end) == '0'",
          "{\"exit\":0}", "\"verdict\":\"holds\"");
}

static void what_is_not_answered_is_an_error_whatever_lua_does(void **state)
{
    (void)state;
    gives("pcall(sh.exec, {'x'}) return true", NULL,
          "\"error\":\"x.check:10: it asks for more than the record holds\"");
    gives("local t = {} for i = 1, 9 do pcall(sh.exec, {'x'}) end return true", NULL,
          "it asks for more than the record holds");
}

static void so_many_calls_an_evaluation_may_make(void **state)
{
    (void)state;
    gives("while true do pcall(sh.exec, {'x'}) end", "{\"exit\":0}",
          "more than 1000 calls in one evaluation");
    gives("for i = 1, 1001 do sh.exec{'x'} end return true", "{\"exit\":0}",
          "more than 1000 calls in one evaluation");
    gives("for i = 1, 1000 do sh.exec{'x'} end return true", "{\"exit\":0}",
          "\"verdict\":\"holds\"");
}

static void the_calls_of_each_item_are_counted_anew(void **state)
{
    (void)state;
    struct world world = {(const char *[]){"{\"exit\":0}", NULL}, 0, NULL};
    struct rb_world lua = {&world, answer, -1, NULL, NULL};
    const char *source = "for i = 1, 600 do sh.exec{'x'} end return true";
    RB_AUTO_VALUE const struct rb_value *outcome =
        bench_evaluate(bench_json(bench_scope),
                       rb_value_list(bench_item("verdict", source, true),
                                     bench_item("verdict", source, true), NULL),
                       bench_limits(8 << 20, 1000000), &lua);
    const struct rb_value *item = rb_value_at(rb_value_get(outcome, "items"), 1);
    assert_string_equal(rb_value_get_text(item, "verdict", ""), "holds");
    free(world.request);
}

static void the_operands_of_a_call_are_asked_for_once(void **state)
{
    (void)state;
    struct world world = {(const char *[]){"{\"exit\":1}", "{\"exit\":2}", NULL}, 0, NULL};
    struct rb_world lua = {&world, answer, -1, NULL, NULL};
    RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
        bench_json(bench_scope),
        rb_value_list(bench_item("verdict", "sh.exec{'x'}.exit == 0", false), NULL),
        bench_limits(8 << 20, 1000000), &lua);
    const struct rb_value *item = rb_value_at(rb_value_get(outcome, "items"), 0);
    assert_string_equal(rb_value_get_text(item, "why", ""),
                        "sh.exec{'x'}.exit == 0: sh.exec{'x'}.exit is 1");
    assert_int_equal(world.calls, 1);
    free(world.request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_becomes_a_request),
        cmocka_unit_test(an_exit_code_is_an_answer),
        cmocka_unit_test(what_has_no_exit_code_raises),
        cmocka_unit_test(misuse_raises_at_the_line_of_the_author),
        cmocka_unit_test(a_call_may_stand_anywhere),
        cmocka_unit_test(what_is_not_answered_is_an_error_whatever_lua_does),
        cmocka_unit_test(so_many_calls_an_evaluation_may_make),
        cmocka_unit_test(the_calls_of_each_item_are_counted_anew),
        cmocka_unit_test(the_operands_of_a_call_are_asked_for_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
