#include "bench.h"
#include "plan/globals.h"

static void has_type(const char *name, const char *type)
{
    char source[64], expected[64];
    snprintf(source, sizeof source, "type(%s)", name);
    snprintf(expected, sizeof expected, "{\"value\":\"%s\"}", type);
    gives_value(source, expected);
}

static void the_globals_are_those_of_the_list_and_the_loop_variables(void **state)
{
    (void)state;
    static const char *const functions[] = {
        "assert",   "error",    "ipairs", "next",   "pairs", "pcall",   "select",
        "tonumber", "tostring", "type",   "xpcall", "fail",  "unknown",
    };
    static const char *const tables[] = {
        "math", "string", "table", "utf8",  "item",   "sh",
        "vars", "params", "run",   "steps", "result", "secrets",
    };
    for (size_t i = 0; i < RB_COUNT(functions); i++)
        has_type(functions[i], "function");
    for (size_t i = 0; i < RB_COUNT(tables); i++)
        has_type(tables[i], "table");
    gives_value("environment", "{\"value\":\"production\"}");
}

static void each_name_of_the_list_is_there(void **state)
{
    (void)state;
#define X(name) gives_value(name " ~= nil", "{\"value\":true}");
    RB_PURE_NAMES(X)
    RB_SCOPE_NAMES(X)
    RB_WORLD_MODULES(X)
#undef X
}

static void each_library_has_the_members_of_its_list(void **state)
{
    (void)state;
#define IN(library, name) gives_value(library "." name " ~= nil", "{\"value\":true}");
#define X(name)           IN("math", name)
    RB_MATH_NAMES(X)
#undef X
#define X(name) IN("string", name)
    RB_STRING_NAMES(X)
#undef X
#define X(name) IN("table", name)
    RB_TABLE_NAMES(X)
#undef X
#define X(name) IN("utf8", name)
    RB_UTF8_NAMES(X)
#undef X
#define X(name) IN("sh", name)
    RB_SH_NAMES(X)
#undef X
#undef IN
}

static void what_could_reach_outside_is_not_there(void **state)
{
    (void)state;
    static const char *const absent[] = {"load",
                                         "loadstring",
                                         "loadfile",
                                         "dofile",
                                         "require",
                                         "collectgarbage",
                                         "os",
                                         "io",
                                         "debug",
                                         "package",
                                         "coroutine",
                                         "print",
                                         "warn",
                                         "setmetatable",
                                         "getmetatable",
                                         "rawget",
                                         "rawset",
                                         "rawequal",
                                         "rawlen",
                                         "_G",
                                         "_VERSION",
                                         "string.dump",
                                         "string.pack",
                                         "string.unpack",
                                         "string.packsize",
                                         "math.random",
                                         "math.randomseed"};
    for (size_t i = 0; i < RB_COUNT(absent); i++) {
        char *source = NULL;
        assert_true(asprintf(&source, "%s == nil", absent[i]) > 0);
        char *got = bench_run("value", source, false);
        bool missing = strchr(absent[i], '.') ? strcmp(got, "{\"value\":true}") == 0
                                              : strstr(got, "there is no '") != NULL;
        if (!missing)
            fail_msg("%s gave %s", source, got);
        free(got);
        free(source);
    }
}

static void a_name_that_is_nowhere_is_an_error_with_the_nearest(void **state)
{
    (void)state;
    gives_error("parms", "x.check:10: there is no 'parms'; did you mean 'params'?");
    gives_error("itm.host", "did you mean 'item'?");
    gives_error("zzz", "there is no 'zzz'\"");
    gives_error("params.vresion",
                "x.check:10: 'vresion' is no known parameter; did you mean 'version'?");
    gives_error("vars.zzz", "'zzz' is no known variable");
    gives_error("steps.biuld", "'biuld' is no known step; did you mean 'build'?");
    gives_error("steps.build.staus", "did you mean 'status'?");
    gives_error("steps.build.outputs.fil",
                "'fil' is no known output; did you mean 'file'?");
    gives_error("run.ID", "'ID' is no known member of run");
    gives_error("result.code", "'code' is no known member of result");
    gives_error("params[1]", "a number is no name of a parameter");
}

static void outputs_of_a_step_that_has_none_say_why(void **state)
{
    (void)state;
    gives_error("steps.late.outputs.file",
                "'file' is no known output: the step was skipped");
    gives_value("steps.late.exit == nil and steps.late.stdout == nil", "{\"value\":true}");
}

static void a_declared_name_may_be_null(void **state)
{
    (void)state;
    gives_value("steps.build.outputs.gone == nil", "{\"value\":true}");
    gives_value("params.none == nil", "{\"value\":true}");
}

static void a_value_that_this_phase_does_not_have_is_an_error(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
        bench_json("{\"params\":{}}"),
        rb_value_list(bench_item("value", "result.exit", false),
                      bench_item("value", "environment == nil", false), NULL),
        bench_limits(8 << 20, 1000000), NULL);
    const struct rb_value *items = rb_value_get(outcome, "items");
    assert_string_equal(rb_value_get_text(rb_value_at(items, 0), "error", ""),
                        "x.check:10: there is no 'result' here");
    assert_true(rb_value_get_bool(rb_value_at(items, 1), "value", false));
}

static void nothing_can_be_assigned_to(void **state)
{
    (void)state;
    gives_chunk("x = 1",
                "{\"error\":\"x.check:10: 'x' can't be assigned to here; a variable "
                "of your own is declared with 'local'\"}");
    gives_chunk("params.version = 'v2'",
                "{\"error\":\"x.check:10: the values of a run are read-only\"}");
    gives_chunk("params = {}",
                "{\"error\":\"x.check:10: 'params' can't be assigned to here; a "
                "variable of your own is declared with 'local'\"}");
    gives_chunk("table.insert(params.ramp, 1)",
                "{\"error\":\"x.check:10: the values of a run are read-only\"}");
    gives_chunk("table.sort(params.ramp)",
                "{\"error\":\"x.check:10: the values of a run are read-only\"}");
    gives_chunk(
        "string.find = nil",
        "{\"error\":\"x.check:10: 'find' can't be assigned to here; a variable of your "
        "own is declared with 'local'\"}");
    gives_chunk("_ENV[1] = 2", "{\"error\":\"x.check:10: this table is read-only\"}");
    gives_chunk("sh.exec = nil",
                "{\"error\":\"x.check:10: 'exec' can't be assigned to here; a "
                "variable of your own is declared with 'local'\"}");
}

static void an_item_leaves_nothing_to_the_next(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
        bench_json(bench_scope),
        rb_value_list(bench_item("value", "pcall(function() leak = 1 end)", false),
                      bench_item("value", "pcall(function() string.rep = 1 end)", false),
                      bench_item("value", "leak", false),
                      bench_item("value", "('x'):rep(2)", false), NULL),
        bench_limits(8 << 20, 1000000), NULL);
    const struct rb_value *items = rb_value_get(outcome, "items");
    assert_false(rb_value_get_bool(rb_value_at(items, 0), "value", true));
    assert_false(rb_value_get_bool(rb_value_at(items, 1), "value", true));
    assert_string_equal(rb_value_get_text(rb_value_at(items, 2), "error", ""),
                        "x.check:10: there is no 'leak'");
    assert_string_equal(rb_value_get_text(rb_value_at(items, 3), "value", ""), "xx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_globals_are_those_of_the_list_and_the_loop_variables),
        cmocka_unit_test(each_name_of_the_list_is_there),
        cmocka_unit_test(each_library_has_the_members_of_its_list),
        cmocka_unit_test(what_could_reach_outside_is_not_there),
        cmocka_unit_test(a_name_that_is_nowhere_is_an_error_with_the_nearest),
        cmocka_unit_test(outputs_of_a_step_that_has_none_say_why),
        cmocka_unit_test(a_declared_name_may_be_null),
        cmocka_unit_test(a_value_that_this_phase_does_not_have_is_an_error),
        cmocka_unit_test(nothing_can_be_assigned_to),
        cmocka_unit_test(an_item_leaves_nothing_to_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
