#include "bench.h"
#include "lua/partial.h"

/* why NULL: it matches */
static void matches(const char *actual, const char *expected, const char *why)
{
    RB_AUTO_VALUE const struct rb_value *a = bench_json(actual);
    RB_AUTO_VALUE const struct rb_value *b = bench_json(expected);
    RB_AUTO_BUF struct rb_buf text = {0};
    bool same = rb_partial_match(a, b, &text);
    assert_string_equal(rb_buf_text(&text), why ? why : "");
    assert_int_equal(same, why == NULL);
}

static void a_map_matches_by_the_members_that_are_named(void **state)
{
    (void)state;
    matches("{\"a\":1,\"b\":2}", "{\"a\":1}", NULL);
    matches("{\"a\":1}", "{}", NULL);
    matches("{\"a\":1}", "{\"a\":2}", "a is 1, expected 2");
    matches("{\"a\":{\"b\":[1,{\"c\":true}]}}", "{\"a\":{\"b\":[1,{\"c\":false}]}}",
            "a.b[1].c is true, expected false");
    matches("{}", "{\"a\":null}", "a is absent, expected null");
    matches("{\"a\":null}", "{\"a\":null}", NULL);
}

static void a_list_matches_element_by_element(void **state)
{
    (void)state;
    matches("[1,2]", "[1,2]", NULL);
    matches("[1,2]", "[1]", "it has 2 elements, expected 1");
    matches("{\"x\":[]}", "{\"x\":[1]}", "x has 0 elements, expected 1");
}

static void numbers_match_by_value(void **state)
{
    (void)state;
    matches("1.0", "1", NULL);
    matches("1", "1.0", NULL);
    matches("1.5", "1", "it is 1.5, expected 1");
    matches("9007199254740993", "9007199254740992",
            "it is 9007199254740993, expected 9007199254740992");
    matches("\"1\"", "1", "it is \"1\", expected 1");
    matches("[]", "{}", "it is [], expected {}");
    matches("true", "1", "it is true, expected 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_matches_by_the_members_that_are_named),
        cmocka_unit_test(a_list_matches_element_by_element),
        cmocka_unit_test(numbers_match_by_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
