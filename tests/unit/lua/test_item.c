#include "bench.h"

static void a_value_keeps_its_type(void **state)
{
    (void)state;
    gives_value("1", "{\"value\":1}");
    gives_value("9007199254740991", "{\"value\":9007199254740991}");
    gives_value("9007199254740993", "{\"value\":{\"$int\":\"9007199254740993\"}}");
    gives_value("1.0", "{\"value\":{\"$number\":\"1\"}}");
    gives_value("'a' .. 'b'", "{\"value\":\"ab\"}");
    gives_value("{1, {x = true}}", "{\"value\":[1,{\"x\":true}]}");
    gives_value("params.ramp", "{\"value\":[10,25,50]}");
    gives_value("('a'):gsub('a', 'b')", "{\"value\":\"b\"}");
}

static void a_value_that_is_nil_is_an_error(void **state)
{
    (void)state;
    gives_value("nil", "{\"error\":\"x.check:10: there is no value: it gives nil\"}");
    gives_error("params.none", "it gives nil");
    gives_error("0/0", "NaN");
}

static void a_condition_is_true_or_false_and_nothing_else(void **state)
{
    (void)state;
    bench_expect("truth", "1 < 2", false, "{\"value\":true}");
    bench_expect("truth", "result.exit == 0", false,
                 "{\"value\":false,\"why\":\"result.exit == 0: result.exit is 3\"}");
    bench_expect("truth", "not true", false,
                 "{\"value\":false,\"why\":\"not true is false\"}");
    bench_expect("truth", "5", false,
                 "{\"error\":\"x.check:10: a condition gives true or false, this one gives "
                 "5\"}");
    bench_expect("truth", "params.none", false,
                 "{\"error\":\"x.check:10: a condition gives true or false, this one gives "
                 "nil\"}");
}

static void a_verdict_holds_fails_or_is_unknown(void **state)
{
    (void)state;
    gives_verdict("true", "{\"verdict\":\"holds\"}");
    gives_verdict("false", "{\"verdict\":\"fails\",\"why\":\"false is false\"}");
    gives_chunk("return true", "{\"verdict\":\"holds\"}");
    gives_chunk("return false, 'too few'", "{\"verdict\":\"fails\",\"why\":\"too few\"}");
    gives_chunk("return false", "{\"verdict\":\"fails\",\"why\":\"it returned false\"}");
    gives_chunk("fail('no') return true", "{\"verdict\":\"fails\",\"why\":\"no\"}");
    gives_chunk("return unknown('no data')",
                "{\"verdict\":\"unknown\",\"why\":\"no data\"}");
    gives_chunk("", "{\"error\":\"x.check:10: a check gives true or false, this one gives "
                    "nil\"}");
    gives_verdict("{}",
                  "{\"error\":\"x.check:10: a check gives true or false, this one gives "
                  "a table\"}");
}

static void what_was_caught_is_no_verdict(void **state)
{
    (void)state;
    gives_chunk("pcall(fail, 'no') return true", "{\"verdict\":\"holds\"}");
    gives_chunk("local ok, e = pcall(fail, 'no') error(e)",
                "{\"verdict\":\"fails\",\"why\":\"no\"}");
    gives_chunk("pcall(fail, 'no') error('other')", "{\"error\":\"x.check:10: other\"}");
}

static void a_verdict_where_a_value_belongs_is_an_error(void **state)
{
    (void)state;
    gives_value("fail('no version')", "{\"error\":\"x.check:10: no version\"}");
    gives_value("unknown('no version')", "{\"error\":\"x.check:10: no version\"}");
    gives_error("fail()", "bad argument #1 to 'fail' (string expected, got no value)");
}

static void a_false_comparison_shows_its_operands(void **state)
{
    (void)state;
    gives_verdict("result.exit == 0",
                  "{\"verdict\":\"fails\",\"why\":\"result.exit == 0: result.exit is 3\"}");
    gives_verdict("3 > result.exit",
                  "{\"verdict\":\"fails\",\"why\":\"3 > result.exit: result.exit is 3\"}");
    gives_verdict("params.version == steps.build.outputs.file",
                  "{\"verdict\":\"fails\",\"why\":\"params.version == "
                  "steps.build.outputs.file: params.version is \\\"v1.2.3\\\", "
                  "steps.build.outputs.file is \\\"a.dump\\\"\"}");
    gives_verdict(
        "true and #params.ramp >= 4 and false",
        "{\"verdict\":\"fails\",\"why\":\"#params.ramp >= 4: #params.ramp is 3\"}");
    gives_verdict("('a string that is far too long to be repeated in full'):len() == 1",
                  "{\"verdict\":\"fails\",\"why\":\"('a string that is far too long to be "
                  "repeated in full'):len() == 1: left is 52\"}");
}

static void and_gives_what_it_gives_in_lua(void **state)
{
    (void)state;
    gives_verdict("1 == 1 and nil", "{\"error\":\"x.check:10: a check gives true or false, "
                                    "this one gives nil\"}");
    gives_verdict("params.none and params.none.x == 1",
                  "{\"error\":\"x.check:10: a check gives true or false, this one gives "
                  "nil\"}");
    gives_verdict("1 == 2 or 2 == 2", "{\"verdict\":\"holds\"}");
    gives_verdict("1 == 2 and error('not reached')",
                  "{\"verdict\":\"fails\",\"why\":\"1 == 2 is false\"}");
}

static void a_comparison_with_nan_is_no_verdict(void **state)
{
    (void)state;
    gives_verdict("0/0 > 1",
                  "{\"error\":\"x.check:10: a number compared here is not a number "
                  "(NaN)\"}");
    gives_verdict("0/0 ~= 1", "{\"error\":\"x.check:10: a number compared here is not a "
                              "number (NaN)\"}");
}

static void an_error_names_its_place_in_the_runbook(void **state)
{
    (void)state;
    gives_error("nothing.x", "x.check:10: there is no 'nothing'");
    gives_error("params.none.x", "x.check:10: attempt to index a nil value (field 'none')");
    bench_expect("verdict", "\n\nlocal x = nil\nreturn x.y", true,
                 "{\"error\":\"x.check:13: attempt to index a nil value (local 'x')\"}");
    bench_expect("verdict", "1 == 1 and\nnil .. 'x' == 2", false,
                 "{\"error\":\"x.check:11: attempt to concatenate a nil value\"}");
    bench_expect("verdict", "error({code = 'c', message = 'told'})", true,
                 "{\"error\":\"x.check:10: told\"}");
    bench_expect("verdict", "\nerror({message = 'told'})", true,
                 "{\"error\":\"x.check:11: told\"}");
    bench_expect("verdict", "\n\nassert(false)", true,
                 "{\"error\":\"x.check:12: assertion failed!\"}");
    bench_expect("verdict", "error({})", true,
                 "{\"error\":\"x.check:10: an error that is no text\"}");
    bench_expect("verdict", "return (", true,
                 "{\"error\":\"x.check:10: unexpected symbol near <eof>\"}");
    bench_expect("verdict", "\nif true then\n\n", true,
                 "{\"error\":\"x.check:13: 'end' expected (to close 'if' at line 11) near "
                 "<eof>\"}");
}

static void outputs_of_a_lua_step_are_a_table_or_nothing(void **state)
{
    (void)state;
    bench_expect("optional", "", true, "{}");
    bench_expect("optional", "return {}", true, "{\"value\":{}}");
    bench_expect("optional", "return {n = 1}", true, "{\"value\":{\"n\":1}}");
    bench_expect("optional", "return 5", true,
                 "{\"error\":\"x.check:10: it returns 5; outputs are a table with "
                 "names\"}");
}

static void reasons_can_not_act_on_a_terminal(void **state)
{
    (void)state;
    gives_chunk("return false, 'a\\27[2Jb\\nc'",
                "{\"verdict\":\"fails\",\"why\":\"a\\\\e[2Jb\\\\nc\"}");
    gives_chunk("error('a\\27[2J')", "{\"error\":\"x.check:10: a\\\\e[2J\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_keeps_its_type),
        cmocka_unit_test(a_value_that_is_nil_is_an_error),
        cmocka_unit_test(a_condition_is_true_or_false_and_nothing_else),
        cmocka_unit_test(a_verdict_holds_fails_or_is_unknown),
        cmocka_unit_test(what_was_caught_is_no_verdict),
        cmocka_unit_test(a_verdict_where_a_value_belongs_is_an_error),
        cmocka_unit_test(a_false_comparison_shows_its_operands),
        cmocka_unit_test(and_gives_what_it_gives_in_lua),
        cmocka_unit_test(a_comparison_with_nan_is_no_verdict),
        cmocka_unit_test(an_error_names_its_place_in_the_runbook),
        cmocka_unit_test(outputs_of_a_lua_step_are_a_table_or_nothing),
        cmocka_unit_test(reasons_can_not_act_on_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
