/* Where URLs lead to, and what of them can be read in two ways. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "plan/origin.h"

static void assert_origin(const char *url, const char *scheme, const char *host, int port)
{
    struct rb_error err = {0};
    RB_CLEANUP(rb_origin_done) struct rb_origin origin = {0};
    if (!rb_origin_read(url, &origin, &err))
        fail_msg("%s: %s", url, err.message);
    assert_string_equal(origin.scheme, scheme);
    assert_string_equal(origin.host, host);
    assert_int_equal(origin.port, port);
}

static void a_url_leads_to_a_scheme_a_host_and_a_port(void **state)
{
    (void)state;
    assert_origin("http://a.example/b:c@d", "http", "a.example", 80);
    assert_origin("HTTPS://A.example?x=y@z", "https", "A.example", 443);
    assert_origin("https://a.example:08443#@b", "https", "a.example", 8443);
    assert_origin("http://a.example:/", "http", "a.example", 80);
    assert_origin("http://[::1]:81/", "http", "[::1]", 81);
    assert_origin("http://[fe80::1%25eth0]", "http", "[fe80::1%25eth0]", 80);
    assert_origin("http://m\xc3\xbcller.example/", "http", "m\xc3\xbcller.example", 80);
}

static void what_can_be_read_in_two_ways_is_no_url(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "/a",
        "//a.example/",
        "a.example",
        "http:a.example",
        "http:/a.example",
        "http:\\\\a.example",
        "http:///a.example",
        "http://",
        "http://:80/",
        "http://?",
        "http://a@b.example/",
        "http://a:b@c.example",
        "http://a.example\\@b.example/",
        "http://a.example\\.b.example/",
        "http://a.example b.example/",
        " http://a.example/",
        "http://a.example:0/",
        "http://a.example:65536/",
        "http://a.example:99999999999999999999/",
        "http://a.example:+80/",
        "http://a.example:8o/",
        "http://a.example:80:81/",
        "http://[::1/",
        "http://[::1]a/",
        "http://[]/",
        "http://::1/",
        "file:///etc/passwd",
        "gopher://a.example/",
        "httpx://a.example/",
    };
    for (size_t i = 0; i < RB_COUNT(wrong); i++) {
        struct rb_error err = {0};
        struct rb_origin origin;
        if (rb_origin_read(wrong[i], &origin, &err))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.code, RB_ERR_INVALID);
        assert_null(strstr(err.message, "example"));
    }
}

static bool stays(const char *url, const char *home)
{
    struct rb_error err = {0};
    bool same = rb_origin_is_home(url, home, "api", &err);
    if (!same)
        assert_non_null(strstr(err.message, "connection `api`"));
    return same;
}

static void the_same_origin_is_the_same_in_all_three(void **state)
{
    (void)state;
    static const char home[] = "https://a.example/v2";
    assert_true(stays("https://a.example/", home));
    assert_true(stays("HTTPS://A.EXAMPLE:443", home));
    assert_false(stays("http://a.example:443/", home));
    assert_false(stays("https://a.example:444/", home));
    assert_false(stays("https://a.example./", home));
    assert_false(stays("https://b.example/", home));
    assert_false(stays("https://a.example/", "https://a.example/?b=c"));
    assert_false(stays("https://a.example/", "https://a.example#"));
    assert_false(stays("https://a.example/", ""));
}

static void what_the_file_says_itself_is_known_before_the_values(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        bool more, known;
    } urls[] = {
        {"https://a.example", false, true},
        {"https://a.example", true, false},
        {"https://a.example/", true, true},
        {"https://a.example?b=", true, true},
        {"https://a.example:", true, false},
        {"/a", true, true},
        {"https", true, false},
    };
    for (size_t i = 0; i < RB_COUNT(urls); i++) {
        RB_AUTO_VALUE const struct rb_value *parts = rb_value_list(
            rb_value_text(urls[i].first), urls[i].more ? rb_value_map(NULL) : NULL, NULL);
        assert_int_equal(rb_origin_written(parts) != NULL, urls[i].known);
    }
    assert_null(rb_origin_written(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_leads_to_a_scheme_a_host_and_a_port),
        cmocka_unit_test(what_can_be_read_in_two_ways_is_no_url),
        cmocka_unit_test(the_same_origin_is_the_same_in_all_three),
        cmocka_unit_test(what_the_file_says_itself_is_known_before_the_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
