#include <time.h>

#include "bench.h"
#include "lua/pattern.h"

static bool finds(const char *pattern, const char *text, size_t length)
{
    struct rb_error err;
    bool found;
    if (!rb_pattern_find(pattern, strlen(pattern), text, length, &found, &err))
        fail_msg("%s: %s", pattern, err.message);
    return found;
}

static void refuses(const char *pattern, const char *text, const char *part)
{
    struct rb_error err;
    bool found;
    struct timespec begin, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    assert_false(
        rb_pattern_find(pattern, strlen(pattern), text, strlen(text), &found, &err));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    if (!strstr(err.message, part))
        fail_msg("%.40s: %s", pattern, err.message);
    assert_true(
        (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000 < 100);
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
    refuses("(", "x", "missing closing parenthesis");
    refuses("\\C", "x", "\\C");
    refuses("\xff", "x", "UTF-8");
}

/* A55 */
static void a_pattern_without_an_end_comes_to_its_limit(void **state)
{
    (void)state;
    char text[42];
    memset(text, 'a', 40);
    memcpy(text + 40, "!", 2);
    refuses("(a+)+$", text, "limit");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_is_found_anywhere),
        cmocka_unit_test(a_pattern_that_is_none_says_so),
        cmocka_unit_test(a_pattern_without_an_end_comes_to_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
