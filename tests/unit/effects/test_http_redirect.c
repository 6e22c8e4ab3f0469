/* Redirects: followed only where that was asked for, and nothing secret goes along (A56, A57). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "effects/http_transfer.h"
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

static const struct rb_value *follow(const struct rb_value *owned, int64_t count)
{
    return http_with(owned, "follow", rb_value_int(count));
}

static const struct rb_value *secrets(const struct rb_value *owned)
{
    const struct rb_value *pair[] = {
        rb_value_list(rb_value_text("X-Api-Key"), rb_value_text("s3cret"), NULL),
        rb_value_list(rb_value_text("Cookie"), rb_value_text("s3cret"), NULL)};
    owned = http_with(owned, "headers", rb_value_list(pair[0], pair[1], NULL));
    return http_with(owned, "auth", rb_value_map("bearer", rb_value_text("s3cret"), NULL));
}

static void a_redirect_is_an_answer_unless_it_is_to_be_followed(void **state)
{
    (void)state;
    http_run(&scene, http_to(&scene, "GET", "/redirect?to=/echo"));
    assert_status(&scene, 302);
    const struct rb_value *headers = rb_value_get(scene.outcome, "headers");
    assert_string_equal(rb_value_get_text(headers, "location", ""), "/echo");
    RB_AUTO_FREE char *body = http_body(&scene);
    assert_string_equal(body, "elsewhere");
    assert_int_equal(http_seen(&scene, "/echo"), 0);
}

static void within_its_origin_a_redirect_takes_everything_along(void **state)
{
    (void)state;
    char url[64];
    http_run(&scene, follow(secrets(http_to(&scene, "GET", "/redirect?to=/echo")), 1));
    assert_status(&scene, 200);
    RB_AUTO_FREE char *body = http_body(&scene);
    assert_non_null(strstr(body, "Bearer s3cret"));
    assert_non_null(strstr(body, "[\"X-Api-Key\", \"s3cret\"]"));
    assert_non_null(strstr(body, "[\"Cookie\", \"s3cret\"]"));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/echo", scene.port);
    assert_string_equal(rb_value_get_text(scene.outcome, "url", ""), url);
}

static void to_another_origin_nothing_secret_goes_along(void **state)
{
    (void)state;
    char target[96];
    snprintf(target, sizeof target, "/redirect?to=http://127.0.0.1:%d/echo",
             scene.other_port);
    http_run(&scene, follow(secrets(http_to(&scene, "GET", "%s", target)), 1));
    assert_status(&scene, 200);
    RB_AUTO_FREE char *body = http_body(&scene);
    assert_non_null(strstr(body, "\"target\": \"/echo\""));
    assert_null(strstr(body, "s3cret"));
    /* The same port by another name is another origin, and the way back is none. */
    snprintf(target, sizeof target,
             "/redirect?to=http://localhost:%d/redirect%%3Fto=http://127.0.0.1:%d/echo",
             scene.port, scene.port);
    http_run(&scene, follow(secrets(http_to(&scene, "GET", "%s", target)), 2));
    assert_status(&scene, 200);
    RB_AUTO_FREE char *back = http_body(&scene);
    assert_non_null(strstr(back, "\"target\": \"/echo\""));
    assert_null(strstr(back, "s3cret"));
}

/* What becomes of a method, as RFC 9110, 15.4 has it. */
static void assert_becomes(const char *method, int status, const char *becomes,
                           bool has_body)
{
    const struct rb_value *request =
        follow(http_to(&scene, method, "/redirect?code=%d&to=/echo", status), 1);
    http_run(&scene,
             http_with(request, "body", rb_value_map("text", rb_value_text("body"), NULL)));
    assert_status(&scene, 200);
    RB_AUTO_VALUE const struct rb_value *echo = http_json(&scene);
    assert_string_equal(rb_value_get_text(echo, "method", ""), becomes);
    assert_string_equal(rb_value_get_text(echo, "body", ""), has_body ? "body" : "");
}

static void the_method_and_the_body_follow_the_status(void **state)
{
    (void)state;
    assert_becomes("POST", 301, "GET", false);
    assert_becomes("POST", 302, "GET", false);
    assert_becomes("POST", 303, "GET", false);
    assert_becomes("POST", 307, "POST", true);
    assert_becomes("POST", 308, "POST", true);
    assert_becomes("PUT", 302, "PUT", true);
    assert_becomes("PUT", 303, "GET", false);
}

static void a_body_stays_with_its_origin(void **state)
{
    (void)state;
    const struct rb_value *request = http_to(
        &scene, "POST", "/redirect?code=307&to=http://localhost:%d/echo", scene.other_port);
    http_run(&scene, follow(http_with(request, "body",
                                      rb_value_map("text", rb_value_text("s3cret"), NULL)),
                            3));
    assert_error(&scene, "redirect", "maybe");
    assert_int_equal(rb_value_get_int(scene.outcome, "status", 0), 307);
    assert_int_equal(http_seen(&scene, "/echo"), 0);
}

static void only_so_many_are_followed(void **state)
{
    (void)state;
    http_run(&scene, follow(http_to(&scene, "GET", "/again"), 3));
    assert_error(&scene, "redirect", "maybe");
    assert_int_equal(http_seen(&scene, "/again"), 4);
}

static void all_redirects_share_the_time_of_the_request(void **state)
{
    (void)state;
    const struct rb_value *request = follow(http_to(&scene, "GET", "/again"), 1000000);
    http_run(&scene, http_with(request, "timeout_us", rb_value_int(300 * RB_MS)));
    assert_error(&scene, "timeout", "maybe");
}

/* Where a redirect never leads, whatever `follow` says. */
static void assert_refused(const char *to)
{
    http_run(&scene, follow(http_to(&scene, "GET", "/redirect?to=%s", to), 3));
    assert_error(&scene, "redirect", "maybe");
    assert_int_equal(rb_value_get_int(scene.outcome, "status", 302), 302);
}

static void a_redirect_leads_to_nothing_but_http(void **state)
{
    (void)state;
    assert_refused("file:///etc/passwd");
    RB_AUTO_FREE char *body = http_body(&scene);
    assert_null(strstr(body, "root:"));
    assert_refused("gopher://127.0.0.1:1/");
    assert_refused("ftp://127.0.0.1/");
    assert_refused("http://me:s3cret@127.0.0.1/");
    assert_refused("http://169.254.169.254/latest/meta-data/");
    assert_refused("http://%5bfe80::1%5d/");
    assert_refused("http://%5b::ffff:169.254.169.254%5d/");
}

/* To this address, at the nth hop of a request that went there itself. */
static bool is_reached(const char *text, int64_t hops, bool is_foreign,
                       enum rb_address_place first)
{
    struct rb_exchange exchange = {
        .hops = hops, .is_foreign = is_foreign, .first = first, .code = "none"};
    struct curl_sockaddr address = {.family = AF_INET, .socktype = SOCK_STREAM};
    struct sockaddr_in *four = (struct sockaddr_in *)&address.addr;
    four->sin_family = AF_INET;
    assert_int_equal(inet_pton(AF_INET, text, &four->sin_addr), 1);
    curl_socket_t fd = rb_http_on_socket(&exchange, CURLSOCKTYPE_IPCXN, &address);
    if (fd == CURL_SOCKET_BAD)
        return false;
    close(fd);
    return true;
}

/* A name may have another address by the time of the redirect, within its origin too. */
static void the_address_of_the_socket_counts(void **state)
{
    (void)state;
    for (int foreign = 0; foreign <= 1; foreign++) {
        assert_true(is_reached("127.0.0.1", 1, foreign, RB_ADDRESS_THIS_MACHINE));
        assert_false(is_reached("127.0.0.1", 1, foreign, RB_ADDRESS_ELSEWHERE));
        assert_false(is_reached("127.0.0.1", 1, foreign, RB_ADDRESS_LINK_LOCAL));
        assert_false(is_reached("169.254.1.1", 1, foreign, RB_ADDRESS_ELSEWHERE));
        assert_false(is_reached("169.254.1.1", 1, foreign, RB_ADDRESS_THIS_MACHINE));
        assert_true(is_reached("10.1.1.1", 1, foreign, RB_ADDRESS_THIS_MACHINE));
    }
    assert_true(is_reached("169.254.1.1", 1, false, RB_ADDRESS_LINK_LOCAL));
    assert_false(is_reached("169.254.1.1", 1, true, RB_ADDRESS_LINK_LOCAL));
    assert_true(is_reached("127.0.0.1", 0, false, RB_ADDRESS_ELSEWHERE));
    assert_true(is_reached("169.254.1.1", 0, false, RB_ADDRESS_ELSEWHERE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_redirect_is_an_answer_unless_it_is_to_be_followed,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(within_its_origin_a_redirect_takes_everything_along,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(to_another_origin_nothing_secret_goes_along, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_method_and_the_body_follow_the_status, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_body_stays_with_its_origin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_so_many_are_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_redirects_share_the_time_of_the_request, set_up,
                                        tear_down),
        cmocka_unit_test(the_address_of_the_socket_counts),
        cmocka_unit_test_setup_teardown(a_redirect_leads_to_nothing_but_http, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
