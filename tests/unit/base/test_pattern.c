#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <string.h>

#include "base/pattern.h"

static void release(struct rb_pattern **pattern)
{
    rb_pattern_free(*pattern);
}

static struct rb_pattern *compile(const char *pattern)
{
    struct rb_error err;
    struct rb_pattern *compiled;
    if (!rb_pattern_compile(pattern, strlen(pattern), RB_PATTERN_ANYWHERE, &compiled, NULL,
                            &err))
        fail_msg("%s: %s", pattern, err.message);
    return compiled;
}

static bool finds(const char *pattern, const char *text, size_t length)
{
    RB_CLEANUP(release) struct rb_pattern *compiled = compile(pattern);
    return rb_pattern_match(compiled, text, length, 0, NULL) == RB_PATTERN_MATCHES;
}

/* It is no pattern, or it is given up. */
static void refuses(const char *pattern, const char *text, const char *part)
{
    RB_CLEANUP(release) struct rb_pattern *compiled = NULL;
    struct rb_error err;
    bool refused =
        !rb_pattern_compile(pattern, strlen(pattern), RB_PATTERN_ANYWHERE, &compiled, NULL,
                            &err) ||
        rb_pattern_match(compiled, text, strlen(text), 0, &err) == RB_PATTERN_GAVE_UP;
    assert_true(refused);
    if (!strstr(err.message, part))
        fail_msg("%.40s: %s", pattern, err.message);
}

static void a_pattern_is_found_anywhere(void **state)
{
    (void)state;
    assert_true(finds("v\\d+", "version v12", 11));
    assert_false(finds("^v\\d+$", "version v12", 11));
    assert_true(finds("(?m)^two$", "one\ntwo\n", 8));
    assert_true(finds("^.$", "\xc3\xa4", 2));
    assert_true(finds("b", "\xff\0b", 3));
}

static void a_pattern_that_is_none_says_so(void **state)
{
    (void)state;
    size_t at;
    struct rb_pattern *compiled;
    refuses("(", "x", "missing closing parenthesis");
    refuses("\\C", "x", "\\C");
    refuses("\xff", "x", "UTF-8");
    assert_false(rb_pattern_compile("ab)c", 4, RB_PATTERN_ANYWHERE, &compiled, &at, NULL));
    assert_int_equal(at, 2);
}

/* A55. Without its limit none of them would end. */
static void a_pattern_without_an_end_comes_to_its_limit(void **state)
{
    (void)state;
    char text[42];
    memset(text, 'a', 40);
    memcpy(text + 40, "!", 2);
    refuses("(a+)+$", text, "limit");
    refuses("(a+)+$", "aaaaaaaaaaaaaaaaaaaaa!", "limit"); /* within PCRE2's own */
    refuses("(a|aa)+b|c", text, "limit");
    refuses("(*LIMIT_MATCH=4000000000)(a+)+$", text, "limit");
    refuses("(?C1)(a+)+$", text, "limit");
    refuses("(?:(?:a?){40}){40}b|c", text, "limit");
    RB_AUTO_BUF struct rb_buf large = {0};
    for (int i = 0; i < 100 * 1000; i++)
        rb_buf_putc(&large, 'a');
    refuses(rb_buf_text(&large), text, "longer than the limit");
    rb_buf_clear(&large);
    for (int i = 0; i < 1000; i++)
        rb_buf_putc(&large, '(');
    refuses(rb_buf_text(&large), text, "nested");
}

static void expect_group(const struct rb_pattern *pattern, size_t group, size_t from,
                         size_t to)
{
    size_t begin, end;
    assert_true(rb_pattern_span(pattern, group, &begin, &end));
    assert_int_equal(begin, from);
    assert_int_equal(end, to);
}

static void groups_are_told_by_number_and_by_name(void **state)
{
    (void)state;
    RB_CLEANUP(release)
    struct rb_pattern *pattern = compile("(?<major>\\d+)\\.(\\d+)(-\\w+)?");
    size_t from, to, group;
    assert_int_equal(rb_pattern_match(pattern, "v1.20", 5, 0, NULL), RB_PATTERN_MATCHES);
    assert_int_equal(rb_pattern_groups(pattern), 3);
    expect_group(pattern, 0, 1, 5);
    expect_group(pattern, 1, 1, 2);
    expect_group(pattern, 2, 3, 5);
    assert_false(rb_pattern_span(pattern, 3, &from, &to));
    assert_false(rb_pattern_span(pattern, 4, &from, &to));
    assert_string_equal(rb_pattern_name(pattern, 0, &group), "major");
    assert_int_equal(group, 1);
    assert_null(rb_pattern_name(pattern, 1, &group));
    assert_int_equal(rb_pattern_match(pattern, "1.2 3.4", 7, 3, NULL), RB_PATTERN_MATCHES);
    expect_group(pattern, 0, 4, 7);
}

static void replaces(const char *pattern, const char *text, const char *replacement,
                     const char *expected, size_t count)
{
    RB_CLEANUP(release) struct rb_pattern *compiled = compile(pattern);
    RB_AUTO_BUF struct rb_buf out = {0};
    size_t done;
    struct rb_error err;
    enum rb_pattern_verdict verdict =
        rb_pattern_replace(compiled, text, strlen(text), replacement, strlen(replacement),
                           1 << 16, &out, &done, &err);
    if (verdict == RB_PATTERN_GAVE_UP)
        fail_msg("%s: %s", pattern, err.message);
    assert_string_equal(rb_buf_text(&out), expected);
    assert_int_equal(done, count);
}

static void every_match_is_replaced(void **state)
{
    (void)state;
    replaces("a+", "baab a", "<$0>", "b<aa>b <a>", 2);
    replaces("(?<x>\\w)=(\\w)?", "a=1,b=", "${x}$2$$", "a1$,b$", 2);
    replaces("x", "abc", "y", "abc", 0);
    replaces("", "\xc3\xa4z", "-", "-\xc3\xa4-z-", 3);
    replaces("b",
             "\xff"
             "b\xfe",
             "c",
             "\xff"
             "c\xfe",
             1);
    RB_AUTO_BUF struct rb_buf long_one = {0};
    for (int i = 0; i < 5000; i++)
        rb_buf_puts(&long_one, "xyz");
    replaces("^a", "a", rb_buf_text(&long_one), rb_buf_text(&long_one), 1);
}

static void a_replacement_has_its_limits(void **state)
{
    (void)state;
    RB_CLEANUP(release) struct rb_pattern *pattern = compile("a");
    RB_AUTO_BUF struct rb_buf out = {0};
    struct rb_error err;
    size_t count;
    assert_int_equal(
        rb_pattern_replace(pattern, "aaaa", 4, "0123456789", 10, 20, &out, &count, &err),
        RB_PATTERN_GAVE_UP);
    assert_string_equal(err.message, "the limit of 20 bytes is exceeded");
    assert_int_equal(
        rb_pattern_replace(pattern, "a", 1, "${b}", 4, 4096, &out, &count, &err),
        RB_PATTERN_GAVE_UP);
    assert_non_null(strstr(err.message, "unknown substring"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_is_found_anywhere),
        cmocka_unit_test(a_pattern_that_is_none_says_so),
        cmocka_unit_test(a_pattern_without_an_end_comes_to_its_limit),
        cmocka_unit_test(groups_are_told_by_number_and_by_name),
        cmocka_unit_test(every_match_is_replaced),
        cmocka_unit_test(a_replacement_has_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
