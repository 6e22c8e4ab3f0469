/* Requests that are answered, and requests that can't be sent. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "http_scene.h"

static struct http_scene scene;

static int set_up(void **state)
{
    (void)state;
    http_scene_open(&scene, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_scene_close(&scene);
    return 0;
}

static const struct rb_value *text_body(const char *text)
{
    return rb_value_map("text", rb_value_text(text), NULL);
}

static const struct rb_value *header(const char *name, const char *value)
{
    return rb_value_list(rb_value_text(name), rb_value_text(value), NULL);
}

static const char *sent_header(const struct rb_value *echo, const char *name)
{
    const struct rb_value *headers = rb_value_get(echo, "headers");
    for (size_t i = 0; i < rb_value_count(headers); i++) {
        const struct rb_value *pair = rb_value_at(headers, i);
        if (strcasecmp(rb_value_as_text(rb_value_at(pair, 0), ""), name) == 0)
            return rb_value_as_text(rb_value_at(pair, 1), "");
    }
    return NULL;
}

static void each_method_takes_its_body_along(void **state)
{
    (void)state;
    const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE", "GET", "REPORT"};
    for (size_t i = 0; i < RB_COUNT(methods); i++) {
        const struct rb_value *request = http_to(&scene, methods[i], "/echo?q=%%20x");
        request =
            http_with(request, "headers",
                      rb_value_list(header("Content-Type", "application/json"), NULL));
        http_run(&scene, http_with(request, "body", text_body("{\"a\":1}")));
        assert_status(&scene, 200);
        RB_AUTO_VALUE const struct rb_value *echo = http_json(&scene);
        assert_string_equal(rb_value_get_text(echo, "method", ""), methods[i]);
        assert_string_equal(rb_value_get_text(echo, "target", ""), "/echo?q=%20x");
        assert_string_equal(rb_value_get_text(echo, "body", ""), "{\"a\":1}");
        assert_string_equal(sent_header(echo, "content-type"), "application/json");
        assert_string_equal(sent_header(echo, "content-length"), "7");
    }
}

static void nothing_is_sent_that_was_not_asked_for(void **state)
{
    (void)state;
    http_run(&scene, http_with(http_to(&scene, "POST", "/echo"), "body", text_body("a=b")));
    RB_AUTO_VALUE const struct rb_value *echo = http_json(&scene);
    assert_null(sent_header(echo, "content-type"));
    assert_null(sent_header(echo, "authorization"));
    assert_null(sent_header(echo, "cookie"));
    assert_string_equal(sent_header(echo, "user-agent"), "runbook/" RB_VERSION);
    http_run(&scene, http_to(&scene, "POST", "/echo"));
    RB_AUTO_VALUE const struct rb_value *bare = http_json(&scene);
    assert_string_equal(sent_header(bare, "content-length"), "0");
    http_run(&scene, http_to(&scene, "GET", "/echo"));
    RB_AUTO_VALUE const struct rb_value *get = http_json(&scene);
    assert_null(sent_header(get, "content-length"));
}

static void the_path_stays_as_it_stands(void **state)
{
    (void)state;
    http_run(&scene, http_to(&scene, "GET", "/echo/../echo//%%2e%%2e/"));
    RB_AUTO_VALUE const struct rb_value *echo = http_json(&scene);
    assert_string_equal(rb_value_get_text(echo, "target", ""), "/echo/../echo//%2e%2e/");
}

static void a_head_request_has_an_answer_without_a_body(void **state)
{
    (void)state;
    http_run(&scene, http_to(&scene, "HEAD",
                             "/raw?end=close&bytes=HTTP/1.1%%20200%%20So%%0d%%0a"
                             "Content-Length:%%2099%%0d%%0a%%0d%%0a"));
    assert_status(&scene, 200);
    assert_null(rb_value_get(scene.outcome, "out"));
}

static void headers_arrive_as_they_were_given(void **state)
{
    (void)state;
    http_run(&scene, http_with(http_to(&scene, "GET", "/echo"), "headers",
                               rb_value_list(header("X-One", "a b"), header("X-Empty", ""),
                                             header("User-Agent", "me"), NULL)));
    RB_AUTO_VALUE const struct rb_value *echo = http_json(&scene);
    assert_string_equal(sent_header(echo, "X-One"), "a b");
    assert_string_equal(sent_header(echo, "X-Empty"), "");
    assert_string_equal(sent_header(echo, "User-Agent"), "me");
}

static void repeated_headers_are_joined_and_cookies_are_a_list(void **state)
{
    (void)state;
    http_run(&scene, http_to(&scene, "GET", "/fields"));
    const struct rb_value *headers = rb_value_get(scene.outcome, "headers");
    assert_string_equal(rb_value_get_text(headers, "x-twice", ""), "one, two");
    assert_string_equal(rb_value_get_text(headers, "x-empty", "?"), "");
    const struct rb_value *cookies = rb_value_get(headers, "set-cookie");
    assert_int_equal(rb_value_count(cookies), 2);
    assert_string_equal(rb_value_as_text(rb_value_at(cookies, 1), ""), "b=2");
}

static void an_answer_is_an_answer_whatever_its_status(void **state)
{
    (void)state;
    const int statuses[] = {200, 404, 503, 304};
    for (size_t i = 0; i < RB_COUNT(statuses); i++) {
        http_run(&scene, http_to(&scene, "GET", "/status?code=%d", statuses[i]));
        assert_status(&scene, statuses[i]);
        assert_null(rb_value_get(scene.outcome, "sent"));
    }
    http_run(&scene, http_to(&scene, "GET", "/status?code=404"));
    RB_AUTO_FREE char *body = http_body(&scene);
    assert_string_equal(body, "as asked\n");
}

static void an_outcome_tells_where_it_came_from(void **state)
{
    (void)state;
    char url[64], remote[64];
    http_run(&scene, http_to(&scene, "GET", "/echo"));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/echo", scene.port);
    snprintf(remote, sizeof remote, "127.0.0.1:%d", scene.port);
    assert_string_equal(rb_value_get_text(scene.outcome, "url", ""), url);
    assert_string_equal(rb_value_get_text(scene.outcome, "remote", ""), remote);
    assert_string_equal(rb_value_get_text(scene.outcome, "http_version", ""), "1.1");
    assert_true(rb_value_get_int(scene.outcome, "duration_us", 0) > 0);
    assert_null(rb_value_get(scene.outcome, "tls"));
}

static void credentials_are_sent_as_asked(void **state)
{
    (void)state;
    http_run(&scene, http_with(http_to(&scene, "GET", "/echo"), "auth",
                               rb_value_map("bearer", rb_value_text("t0ken"), NULL)));
    RB_AUTO_VALUE const struct rb_value *bearer = http_json(&scene);
    assert_string_equal(sent_header(bearer, "authorization"), "Bearer t0ken");
    http_run(&scene, http_with(http_to(&scene, "GET", "/echo"), "auth",
                               rb_value_map("user", rb_value_text("me"), "password",
                                            rb_value_text("a:b"), NULL)));
    RB_AUTO_VALUE const struct rb_value *basic = http_json(&scene);
    assert_string_equal(sent_header(basic, "authorization"), "Basic bWU6YTpi");
}

static const struct rb_value *sigv4(void)
{
    return rb_value_map("sigv4",
                        rb_value_map("provider", rb_value_text("aws:amz:eu-central-1:s3"),
                                     "key", rb_value_text("AKID"), "secret",
                                     rb_value_text("secret"), "token",
                                     rb_value_text("session"), NULL),
                        NULL);
}

/* The server computes the signature by itself, from what it got. */
static void assert_signed(const char *method, const struct rb_value *owned_body)
{
    const struct rb_value *request = http_to(&scene, method, "/signed?a=1&b=%%2F");
    request = http_with(request, "headers",
                        rb_value_list(header("Content-Type", "text/plain"), NULL));
    request = http_with(request, "auth", sigv4());
    http_run(&scene, http_with(request, "body", owned_body));
    assert_status(&scene, 200);
    RB_AUTO_FREE char *signed_headers = http_body(&scene);
    assert_non_null(strstr(signed_headers, "content-type;host;x-amz-content-sha256;"
                                           "x-amz-date;x-amz-security-token"));
}

static void a_signature_covers_the_body(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/body", scene.path);
    assert_true(rb_file_create(AT_FDCWD, path, "of a file", 9, false, NULL));
    assert_signed("PUT", rb_value_map("text", rb_value_text("of a text"), NULL));
    assert_signed("POST", rb_value_map("file", rb_value_text(path), NULL));
    assert_signed("POST", NULL);
    assert_signed("GET", NULL);
}

static void nothing_is_inherited(void **state)
{
    (void)state;
    char netrc[128], keys[128];
    snprintf(netrc, sizeof netrc, "%s/.netrc", scene.path);
    snprintf(keys, sizeof keys, "%s/keys", scene.path);
    assert_true(
        rb_file_create(AT_FDCWD, netrc, "default login a password b\n", 27, false, NULL));
    http_scene_detach(&scene);
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    setenv("all_proxy", "http://127.0.0.1:1/", 1);
    setenv("HOME", scene.path, 1);
    setenv("NETRC", netrc, 1);
    setenv("SSLKEYLOGFILE", keys, 1);
    http_scene_attach(&scene);
    http_run(&scene, http_to(&scene, "GET", "/echo"));
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    unsetenv("NETRC");
    assert_status(&scene, 200);
    RB_AUTO_VALUE const struct rb_value *echo = http_json(&scene);
    assert_null(sent_header(echo, "authorization"));
    assert_null(getenv("SSLKEYLOGFILE"));
}

/* It is refused, nothing was sent, and no byte of `secret` is in what is said about it. */
static void assert_unsent(const struct rb_value *owned, const char *says)
{
    http_run(&scene, owned);
    assert_error(&scene, "unsent", "no");
    const char *message =
        rb_value_get_text(rb_value_get(scene.outcome, "error"), "message", "");
    if (!strstr(message, says))
        fail_msg("\"%s\" doesn't say \"%s\"", message, says);
    assert_null(strstr(message, "s3cret"));
}

static const struct rb_value *bytes(const char *text, size_t length)
{
    return rb_value_string(text, length);
}

static const struct rb_value *with_header(const struct rb_value *owned_name,
                                          const struct rb_value *owned_text)
{
    return http_with(http_to(&scene, "GET", "/echo"), "headers",
                     rb_value_list(rb_value_list(owned_name, owned_text, NULL), NULL));
}

static void what_would_end_a_line_is_not_sent(void **state)
{
    (void)state;
    assert_unsent(http_to(&scene, "GET", "/echo\r\nX: s3cret"), "the URL");
    assert_unsent(http_to(&scene, "GET", "/echo\nX"), "the URL");
    assert_unsent(http_with(http_to(&scene, "GET", "/"), "url",
                            bytes("http://127.0.0.1/\0s3cret", 24)),
                  "the URL");
    assert_unsent(http_to(&scene, "GE\nT", "/echo"), "the method");
    assert_unsent(http_to(&scene, "", "/echo"), "the method");
    assert_unsent(http_to(&scene, "GET /x", "/echo"), "the method");
    assert_unsent(with_header(bytes("X\r", 2), bytes("v", 1)), "header 1");
    assert_unsent(with_header(bytes("X:", 2), bytes("v", 1)), "header 1");
    assert_unsent(with_header(bytes("X", 1), bytes("s3cret\r\nY: z", 12)), "header X");
    assert_unsent(with_header(bytes("X", 1), bytes("s3cret\nz", 8)), "header X");
    assert_unsent(with_header(bytes("X", 1), bytes("s3cret\0z", 8)), "header X");
    assert_unsent(with_header(bytes("content-length", 14), bytes("1", 1)),
                  "content-length");
    assert_unsent(http_with(http_to(&scene, "GET", "/echo"), "auth",
                            rb_value_map("bearer", bytes("s3cret\r\nX: y", 12), NULL)),
                  "auth");
    assert_int_equal(http_seen(&scene, "/echo"), 0);
}

static void only_whole_urls_of_http_are_taken(void **state)
{
    (void)state;
    assert_unsent(http_request("GET", "file:///etc/passwd"), "only http and https");
    assert_unsent(http_request("GET", "gopher://127.0.0.1/"), "only http and https");
    assert_unsent(http_request("GET", "127.0.0.1/echo"), "no URL");
    assert_unsent(http_request("GET", "http:///echo"), "no URL");
    assert_unsent(http_request("GET", "http:/127.0.0.1/echo"), "no URL");
    assert_unsent(http_request("GET", "http://127.0.0.1/a b"), "no URL");
    assert_unsent(http_request("GET", "http://me:s3cret@127.0.0.1/"), "belong in auth");
    assert_unsent(http_with(http_to(&scene, "HEAD", "/echo"), "body", text_body("x")),
                  "HEAD");
}

static void a_body_that_is_not_there_is_not_sent(void **state)
{
    (void)state;
    const char *const paths[] = {"/no/such/file", "/tmp", "/dev/zero", "relative"};
    for (size_t i = 0; i < RB_COUNT(paths); i++)
        assert_unsent(http_with(http_to(&scene, "PUT", "/digest"), "body",
                                rb_value_map("file", rb_value_text(paths[i]), NULL)),
                      paths[i][0] == '/' ? paths[i] : "the file of the body");
    assert_int_equal(http_seen(&scene, "/digest"), 0);
}

static void what_is_under_way_is_not_sent_again(void **state)
{
    (void)state;
    struct rb_error err;
    http_send(&scene, http_to(&scene, "GET", "/echo"));
    RB_AUTO_VALUE const struct rb_value *again = http_to(&scene, "GET", "/echo");
    assert_false(rb_http_run(scene.http, again, &err));
    assert_int_equal(err.code, RB_ERR_REFUSED);
    http_wait(&scene, 1);
    assert_int_equal(http_seen(&scene, "/echo"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_method_takes_its_body_along, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_sent_that_was_not_asked_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_path_stays_as_it_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_head_request_has_an_answer_without_a_body, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(headers_arrive_as_they_were_given, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(repeated_headers_are_joined_and_cookies_are_a_list,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_is_an_answer_whatever_its_status, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_outcome_tells_where_it_came_from, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(credentials_are_sent_as_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_signature_covers_the_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_inherited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_would_end_a_line_is_not_sent, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_whole_urls_of_http_are_taken, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_body_that_is_not_there_is_not_sent, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_under_way_is_not_sent_again, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
