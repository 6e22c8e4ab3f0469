#include "bench.h"

static void holds(const char *chunk)
{
    gives_chunk(chunk, "{\"verdict\":\"holds\"}");
}

static void a_text_becomes_tables(void **state)
{
    (void)state;
    holds("local v = json.decode('{\"a\": [1, 2.5, \"x\", true], \"b\": {\"c\": null}}')\n"
          "return v.a[1] == 1 and math.type(v.a[1]) == 'integer' and v.a[2] == 2.5 and\n"
          "  v.a[3] == 'x' and v.a[4] == true and #v.a == 4 and v.b.c == json.null");
    holds("local v = json.decode('[3, 1, 2]') table.sort(v) table.insert(v, 4)\n"
          "return json.encode(v) == '[1,2,3,4]'");
    holds("return math.type(json.decode('1.0')) == 'float'");
    holds("return json.decode('null') == json.null and tostring(json.null) == 'null'\n"
          "  and ('%s'):format(json.null) == 'null'");
}

static void what_came_from_a_text_goes_back_into_one(void **state)
{
    (void)state;
    static const char *const texts[] = {"[]",
                                        "{}",
                                        "[{},[],null]",
                                        "{\"a\":{},\"b\":[]}",
                                        "9007199254740993",
                                        "-9223372036854775808",
                                        "1.5",
                                        "2.0",
                                        "\"\\u0001\\u001b \xc3\xa4\"",
                                        "true",
                                        "{\"1\":2}"};
    for (size_t i = 0; i < RB_COUNT(texts); i++) {
        RB_AUTO_BUF struct rb_buf chunk = {0};
        rb_buf_printf(&chunk,
                      "local t = [==[%s]==] return json.encode(json.decode(t)) == t",
                      texts[i]);
        holds(rb_buf_text(&chunk));
    }
}

static void a_value_has_one_text(void **state)
{
    (void)state;
    holds("return json.encode{b = 1, a = {x = json.null, [\"y z\"] = 0.1}} ==\n"
          "  '{\"a\":{\"x\":null,\"y z\":0.1},\"b\":1}'");
    holds("return json.encode(params) ==\n"
          "  '{\"none\":null,\"ramp\":[10,25,50],\"ratio\":0.5,\"version\":\"v1.2.3\"}'");
}

static void what_is_no_json_names_its_place(void **state)
{
    (void)state;
    gives_error("json.decode('{\"a\": 1,\\n \"a\": 2}')",
                "x.check:10: json.decode: not JSON: line 2, column");
    gives_error("json.decode('[1,')", "line 1, column 3");
    gives_error("json.decode('{} x')", "line 1");
    gives_error("json.decode(5)", "json.decode: takes a text, not a number");
    gives_error("json.decode(('['):rep(49) .. (']'):rep(49))",
                "json.decode: nested more than 48 deep");
    gives_error("json.decode(('['):rep(5000))", "json.decode: not JSON: line 1");
}

static void a_text_is_only_so_long(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
        bench_json(bench_scope),
        rb_value_list(bench_item("value", "json.decode((' '):rep(9 << 20))", false), NULL),
        bench_limits(64 << 20, 1000000), NULL);
    const struct rb_value *item = rb_value_at(rb_value_get(outcome, "items"), 0);
    assert_string_equal(
        rb_value_get_text(item, "error", ""),
        "x.check:10: json.decode: the text has more than the limit of 8 MiB");
}

static void what_has_no_text_is_an_error(void **state)
{
    (void)state;
    gives_error("json.encode(nil)", "json.encode: there is no value (nil)");
    gives_error("json.encode{a = {0/0}}", "json.encode: a[1]: NaN or infinity");
    gives_error("json.encode{pairs}", "json.encode: [1]: a function can't be kept");
    gives_error("json.encode{a = '\\xff'}", "json.encode: a text in it is not UTF-8");
    gives_error("json.encode{1, nil, 3}", "hole");
    gives_error("json.encode(steps)", "json.encode: ");
}

/* What it takes is given back at once, not when the state ends. */
static void many_texts_are_no_memory(void **state)
{
    (void)state;
    holds("local text = '[' .. ('\"0123456789\",'):rep(10000) .. '1]'\n"
          "for i = 1, 50 do json.decode(text) end return true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_becomes_tables),
        cmocka_unit_test(what_came_from_a_text_goes_back_into_one),
        cmocka_unit_test(a_value_has_one_text),
        cmocka_unit_test(what_is_no_json_names_its_place),
        cmocka_unit_test(a_text_is_only_so_long),
        cmocka_unit_test(what_has_no_text_is_an_error),
        cmocka_unit_test(many_texts_are_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
