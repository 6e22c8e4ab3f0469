#include "bench.h"

static void holds(const char *chunk)
{
    gives_chunk(chunk, "{\"verdict\":\"holds\"}");
}

static void groups_come_by_number_and_by_name(void **state)
{
    (void)state;
    holds("local m = re.match('v1.20-rc1', "
          "[[(?<major>\\d+)\\.(\\d+)(-beta)?(-rc(?<rc>\\d))?]])\n"
          "return m[0] == '1.20-rc1' and m.major == '1' and m[1] == '1' and m[2] == '20' "
          "and\n"
          "  m[3] == nil and m.rc == '1'");
    holds("return re.match('abc', 'x') == nil");
    holds("return re.match('\xc3\xa4x', '^.x$')[0] == '\xc3\xa4x'");
    holds("return re.match('a\\xffb', 'b')[0] == 'b'");
}

static void a_place_is_one_of_bytes(void **state)
{
    (void)state;
    holds("local a, b = re.find('\xc3\xa4 12', [[\\d+]]) return a == 4 and b == 5");
    holds("return re.find('x', 'y') == nil and select('#', re.find('', '')) == 2");
}

static void matches_are_replaced_by_text(void **state)
{
    (void)state;
    holds("local s, n = re.gsub('a=1 b=22', [[(?<k>\\w)=(\\d+)]], '$2=${k}')\n"
          "return s == '1=a 22=b' and n == 2");
    holds("local s, n = re.gsub('%1 $', [[\\$]], '%1') return s == '%1 %1' and n == 1");
    holds("local s, n = re.gsub('abc', 'x', 'y') return s == 'abc' and n == 0");
}

static void misuse_is_an_error(void **state)
{
    (void)state;
    gives_error("re.match(nil, 'x')",
                "re.match: the subject is a nil; it has to be a text");
    gives_error("re.find('x', 5)", "re.find: the pattern is a number");
    gives_error("re.gsub('x', 'x', print)", "there is no 'print'");
    gives_error("re.gsub('x', 'x', tostring)", "re.gsub: the replacement is a function");
    gives_error("re.match('x', '(')",
                "x.check:10: re.match: the pattern \\\"(\\\": missing closing parenthesis");
    gives_error("re.match('x', [[\\C]])", "re.match: the pattern");
    gives_error("re.match('x', ('a'):rep(100000))", "longer than the limit of 4096 bytes");
}

#define LIMITED "('a'):rep(40) .. '!', '(a+)+$'"

/* A55. Whatever catches errors: the verdict is unknown, and names the limit. */
static void a_limit_is_unknown(void **state)
{
    (void)state;
    static const char *const chunks[] = {
        "return re.match(('a'):rep(40) .. '!', '(a+)+$') == nil",
        "return not re.find(('a'):rep(40), '(?:(?:a?){40}){40}b|c')",
        "return re.match(('a'):rep(40) .. '!', '(*LIMIT_MATCH=4000000000)(a|aa)+b|c') == "
        "nil",
        "return re.gsub(('a'):rep(40) .. '!', '(a+)+$', '') == ''",
        "return try(re.match, ('a'):rep(40) .. '!', '(a+)+$') == nil",
        "return check.all{a = function() return re.match(('a'):rep(40) .. '!', '(a+)+$') "
        "== "
        "nil end}",
        "return parallel{function() return re.match(('a'):rep(40) .. '!', '(a+)+$') "
        "end}[1] "
        "== nil",
        "return not pcall(re.match, " LIMITED ")",
        "return not xpcall(re.match, tostring, " LIMITED ")",
        "pcall(pcall, re.match, " LIMITED ") return true",
        "return not pcall(parallel, {function() re.match(" LIMITED ") end})",
        "return not pcall(check.match, " LIMITED ")",
        "return not pcall(check.all, {function() return re.match(" LIMITED ") end})",
        "return check.all{function() return not pcall(re.match, " LIMITED ") end}",
    };
    for (size_t i = 0; i < RB_COUNT(chunks); i++) {
        char *got = bench_run("verdict", chunks[i], true);
        if (!strstr(got, "\"verdict\":\"unknown\"") || !strstr(got, "limit"))
            fail_msg("%s\ngave %s", chunks[i], got);
        free(got);
    }
    gives_error("re.match(('a'):rep(40) .. '!', '(a+)+$')",
                "re.match: the pattern \\\"(a+)+$\\\": match limit exceeded");
}

static void what_does_not_hold_decides_beside_a_limit(void **state)
{
    (void)state;
    static const char *const chunks[] = {
        "return check.all{function() return re.match(" LIMITED ") end, false}",
        "try(check.all, {function() return re.match(" LIMITED ") end,\n"
        "  function() return (pcall(error, 'no')) end}) return true",
    };
    for (size_t i = 0; i < RB_COUNT(chunks); i++) {
        RB_AUTO_FREE char *got = bench_run("verdict", chunks[i], true);
        assert_non_null(strstr(got, "\"why\":\"1 of 2 do not hold: #2\""));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_come_by_number_and_by_name),
        cmocka_unit_test(a_place_is_one_of_bytes),
        cmocka_unit_test(matches_are_replaced_by_text),
        cmocka_unit_test(misuse_is_an_error),
        cmocka_unit_test(a_limit_is_unknown),
        cmocka_unit_test(what_does_not_hold_decides_beside_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
