#include "reading.h"

#include "parse/pattern.h"

static enum rb_pattern_verdict whole(const char *pattern, const char *text)
{
    return rb_pattern_whole(pattern, text, strlen(text));
}

static void all_of_the_text_has_to_match(void **state)
{
    (void)state;
    assert_int_equal(whole("v\\d+", "v12"), RB_PATTERN_MATCHES);
    assert_int_equal(whole("v\\d+", "v12\n"), RB_PATTERN_DIFFERS);
    assert_int_equal(whole("^v\\d+$", "v12\n"), RB_PATTERN_DIFFERS);
    assert_int_equal(whole("v\\d+", "xv12"), RB_PATTERN_DIFFERS);
    assert_int_equal(whole("a|ab", "ab"), RB_PATTERN_MATCHES);
    assert_int_equal(whole("x\\Kab", "xab"), RB_PATTERN_DIFFERS);
    assert_int_equal(whole("", ""), RB_PATTERN_MATCHES);
    assert_int_equal(whole("(?m)^a$", "a\nb"), RB_PATTERN_DIFFERS);
    assert_int_equal(rb_pattern_whole("a.*", "a\0b", 3), RB_PATTERN_MATCHES);
}

static void a_match_that_takes_too_long_is_given_up(void **state)
{
    (void)state;
    assert_int_equal(whole("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
                     RB_PATTERN_GAVE_UP);
    assert_int_equal(whole("(?:(?:a?){40}){40}b|a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"),
                     RB_PATTERN_GAVE_UP);
    assert_int_equal(
        whole("(*LIMIT_MATCH=4000000000)(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
        RB_PATTERN_GAVE_UP);
}

static void bytes_that_are_not_utf8_match_nothing(void **state)
{
    (void)state;
    assert_int_equal(whole(".*", "\xFF"), RB_PATTERN_DIFFERS);
    assert_int_equal(whole("\\C+", "a"), RB_PATTERN_GAVE_UP);
}

static void what_a_match_can_begin_with_is_known_or_in_doubt(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        bool excludes;
    } cases[] = {{"v\\d+", true},     {"[a-z]+", true},  {"-?\\d+", false},
                 {"(v\\d+)?", false}, {".*", false},     {"[^-].*", true},
                 {"a|-b", false},     {"a|b", true},     {"(?i)v.*", true},
                 {"\\d{1,3}", true},  {"(?=v)v1", true}, {"\\W+", false},
                 {"^v\\d+$", true},   {"(", false},      {"(?!-).*", true},
                 {"(a|-)", false},    {"-{0}a", true}};
    for (size_t i = 0; i < RB_COUNT(cases); i++)
        assert_int_equal(rb_pattern_excludes_first(cases[i].pattern, '-'),
                         cases[i].excludes);
}

static void a_pattern_has_a_longest_length(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_puts(&text, "runbook: x\nsteps: [{id: a, title: t}]\nparams: {p: {pattern: '");
    for (int i = 0; i < 20000; i++)
        rb_buf_putc(&text, 'a');
    rb_buf_puts(&text, "'}}\n");
    expect_findings(rb_buf_text(&text), "215@3:24");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_the_text_has_to_match),
        cmocka_unit_test(a_match_that_takes_too_long_is_given_up),
        cmocka_unit_test(bytes_that_are_not_utf8_match_nothing),
        cmocka_unit_test(what_a_match_can_begin_with_is_known_or_in_doubt),
        cmocka_unit_test(a_pattern_has_a_longest_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
