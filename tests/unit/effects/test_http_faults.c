/* Answers that are none: what is said of them, and whether the request may have been done. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

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

static void stop(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static const struct rb_value *with_int(const struct rb_value *owned, const char *key,
                                       int64_t number)
{
    return http_with(owned, key, rb_value_int(number));
}

/* A request whose answer is these bytes and then `end`. */
static const struct rb_value *raw(const char *bytes, const char *end)
{
    return http_to(&scene, "POST", "/raw?end=%s&bytes=%s", end, bytes);
}

/* A socket that is bound and, when `backlog` is not negative, listens. */
static int bound_socket(int backlog, int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_true(backlog < 0 || listen(fd, backlog) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static const struct rb_value *to_port(int port)
{
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/s3cret?s3cret", port);
    return http_request("POST", url);
}

static const char *message(void)
{
    return rb_value_get_text(rb_value_get(scene.outcome, "error"), "message", "");
}

static void a_refused_connection_is_known_not_sent(void **state)
{
    (void)state;
    int port;
    int fd = bound_socket(-1, &port);
    http_run(&scene, to_port(port));
    close(fd);
    assert_error(&scene, "connect", "no");
    assert_non_null(strstr(message(), "Connection refused"));
    assert_null(strstr(message(), "s3cret"));
    assert_null(rb_value_get(scene.outcome, "status"));
}

static void a_name_without_an_address_is_known_not_sent(void **state)
{
    (void)state;
    http_run(&scene, http_request("POST", "http://no-such-name.invalid/"));
    assert_error(&scene, "resolve", "no");
    assert_non_null(strstr(message(), "no-such-name.invalid:80"));
}

/* What completes a handshake by nobody's hand but never answers it. */
static void a_handshake_that_never_ends_is_known_not_sent(void **state)
{
    (void)state;
    int port;
    char url[64];
    int fd = bound_socket(8, &port);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", port);
    http_run(&scene,
             with_int(http_request("POST", url), "connect_timeout_us", 200 * RB_MS));
    close(fd);
    assert_error(&scene, "timeout", "no");
}

static void a_reset_after_the_request_leaves_it_in_doubt(void **state)
{
    (void)state;
    http_run(&scene, raw("", "reset"));
    assert_error(&scene, "reset", "maybe");
    http_run(&scene, raw("", "close"));
    assert_error(&scene, "reset", "maybe");
    http_run(&scene, raw("HTTP/1.1%20200%20So%0d%0aContent-Len", "reset"));
    assert_error(&scene, "reset", "maybe");
}

static void turn(unsigned ms)
{
    uv_update_time(&scene.loop);
    uv_timer_start(&scene.alarm, stop, ms, 0);
    uv_run(&scene.loop, UV_RUN_DEFAULT);
}

/* Both are there when somebody looks: a server that refuses what it did not read does that. */
static void an_answer_before_a_reset_counts(void **state)
{
    (void)state;
    http_send(&scene,
              raw("HTTP/1.1%20413%20Too%20large%0d%0aContent-Length:%203%0d%0a%0d%0abig",
                  "reset&after=0.5"));
    turn(300); /* past the time after which libcurl looks for another address */
    assert_int_equal(scene.settled_count, 0);
    usleep(500000); /* less than a beat of the loop, which looks at everything */
    http_wait(&scene, 1);
    assert_status(&scene, 413);
}

static void an_answer_that_is_cut_is_none(void **state)
{
    (void)state;
    http_run(&scene, raw("HTTP/1.1%20200%20So%0d%0aContent-Length:%20100%0d%0a%0d%0ahalf",
                         "close"));
    assert_error(&scene, "short", "maybe");
    assert_int_equal(rb_value_get_int(scene.outcome, "status", 0), 200);
    RB_AUTO_FREE char *half = http_body(&scene);
    assert_string_equal(half, "half");
    http_run(&scene, raw("HTTP/1.1%20200%20So%0d%0aTransfer-Encoding:%20chunked%0d%0a%0d%0a"
                         "4%0d%0ahalf%0d%0a",
                         "close"));
    assert_error(&scene, "short", "maybe");
    http_run(&scene, raw("HTTP/1.1%20200%20So%0d%0aContent-Length:%20100%0d%0a%0d%0ahalf",
                         "reset"));
    assert_error(&scene, "reset", "maybe");
    http_run(&scene, raw("HTTP/1.1%20200%20So%0d%0aContent-Le", "close"));
    assert_error(&scene, "short", "maybe");
}

static void what_is_not_http_is_no_answer(void **state)
{
    (void)state;
    http_run(&scene, raw("SSH-2.0-OpenSSH%0d%0a", "close"));
    assert_error(&scene, "protocol", "maybe");
    http_run(
        &scene,
        raw("HTTP/1.1%20200%20So%0d%0aTransfer-Encoding:%20chunked%0d%0a%0d%0azz%0d%0a",
            "close"));
    assert_error(&scene, "reset", "maybe");
    http_run(&scene, raw("HTTP/1.1%20200%20So%0d%0aContent-Encoding:%20gzip%0d%0a"
                         "Content-Length:%204%0d%0a%0d%0aplain",
                         "close"));
    assert_error(&scene, "protocol", "maybe");
    http_run(&scene, raw("HTTP/1.1%20200%20So%0d%0aContent-Length:%205%0d%0a"
                         "Content-Length:%204%0d%0a%0d%0aplain",
                         "close"));
    assert_error(&scene, "protocol", "maybe");
}

static void silence_ends_with_the_time(void **state)
{
    (void)state;
    http_run(&scene, with_int(raw("", "silence"), "timeout_us", 300 * RB_MS));
    assert_error(&scene, "timeout", "maybe");
    assert_null(rb_value_get(scene.outcome, "status"));
    assert_true(rb_value_get_int(scene.outcome, "duration_us", 0) >= 299 * RB_MS);
    http_run(&scene,
             with_int(raw("HTTP/1.1%20200%20So%0d%0aContent-Length:%20100%0d%0a%0d%0ahalf",
                          "silence"),
                      "timeout_us", 2 * RB_SEC));
    assert_error(&scene, "timeout", "maybe");
    assert_int_equal(rb_value_get_int(scene.outcome, "status", 0), 200);
}

static void assert_in_time(struct http_scene *of, const struct rb_value *outcome)
{
    (void)outcome;
    assert_error(of, "timeout", "maybe");
}

/* libcurl takes 999.1 ms for a second; bytes that come often make it look often. */
static void a_body_that_drips_until_its_time_is_over_is_not_too_slow(void **state)
{
    (void)state;
    enum { COUNT = 6 };
    scene.watch = assert_in_time;
    for (int i = 0; i < COUNT; i++) {
        const struct rb_value *request = http_to(&scene, "GET", "/drip?every=0.0003");
        request = with_int(request, "timeout_us", RB_SEC);
        http_send(&scene, http_with(request, "dir", rb_value_textf("a.%d", i)));
    }
    http_wait(&scene, COUNT);
    scene.watch = NULL;
}

/* libcurl forgets a time that is due a moment after another one of the same transfer. */
static void no_time_is_forgotten(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        const struct rb_value *request = http_to(&scene, "GET", "/raw?end=silence&bytes=");
        request = with_int(request, "connect_timeout_us", 200 * RB_MS);
        http_run(&scene, with_int(request, "timeout_us", 201 * RB_MS));
        assert_error(&scene, "timeout", "maybe");
    }
}

static const struct rb_value *slow(int64_t rate)
{
    return rb_value_map("rate", rb_value_int(rate), "over_us", rb_value_int(RB_SEC), NULL);
}

static void a_body_that_drips_is_given_up(void **state)
{
    (void)state;
    http_run(&scene, http_with(http_to(&scene, "GET", "/drip"), "low_speed", slow(1000)));
    assert_error(&scene, "too_slow", "maybe");
    assert_true(rb_value_get_int(rb_value_get(scene.outcome, "out"), "bytes", 0) > 0);
}

static void a_server_may_think_before_it_answers(void **state)
{
    (void)state;
    const struct rb_value *request = http_with(raw("", "silence"), "low_speed", slow(1000));
    http_run(&scene, with_int(request, "timeout_us", 4 * RB_SEC));
    assert_error(&scene, "timeout", "maybe");
}

static void more_than_was_allowed_is_given_up(void **state)
{
    (void)state;
    http_run(&scene,
             with_int(http_to(&scene, "GET", "/bomb?size=50000000"), "max_bytes", 1 << 20));
    assert_error(&scene, "protocol", "maybe");
    http_run(&scene, with_int(http_to(&scene, "GET", "/endless"), "max_bytes", 1 << 20));
    assert_error(&scene, "too_large", "maybe");
    http_run(&scene,
             with_int(http_to(&scene, "GET", "/zeros?size=4096"), "max_bytes", 4096));
    assert_status(&scene, 200);
    http_run(&scene,
             with_int(http_to(&scene, "GET", "/zeros?size=4097"), "max_bytes", 4096));
    assert_error(&scene, "too_large", "maybe");
}

static void headers_without_end_are_given_up(void **state)
{
    (void)state;
    http_run(&scene, http_to(&scene, "GET", "/many-headers?count=100000"));
    assert_error(&scene, "too_large", "maybe");
    http_run(&scene, http_to(&scene, "GET", "/many-headers?count=150"));
    assert_status(&scene, 200);
    http_run(&scene, http_to(&scene, "GET", "/early?count=3"));
    assert_status(&scene, 200);
    http_run(&scene, http_to(&scene, "GET", "/early?count=100000"));
    assert_error(&scene, "too_large", "maybe");
    http_run(&scene,
             http_with(http_to(&scene, "GET", "/many-headers?count=3"), "max_headers",
                       rb_value_map("count", rb_value_int(2), NULL)));
    assert_error(&scene, "too_large", "maybe");
    RB_AUTO_BUF struct rb_buf long_one = {0};
    for (int i = 0; i < 3000; i++)
        rb_buf_puts(&long_one, "0123456789012345678901234567890123456789");
    RB_AUTO_BUF struct rb_buf bytes = {0};
    rb_buf_printf(&bytes, "HTTP/1.1%%20200%%20So%%0d%%0aX:%s", long_one.data);
    http_run(&scene, raw(bytes.data, "close"));
    assert_error(&scene, "too_large", "maybe");
}

static void what_exceeds_the_cap_is_counted(void **state)
{
    (void)state;
    http_run(&scene,
             with_int(http_to(&scene, "GET", "/zeros?size=1000000"), "cap_bytes", 1000));
    assert_status(&scene, 200);
    const struct rb_value *out = rb_value_get(scene.outcome, "out");
    assert_int_equal(rb_value_get_int(out, "bytes", 0), 1000);
    assert_int_equal(rb_value_get_int(out, "lost", 0), 999000);
}

static void a_request_that_may_not_be_repeated_is_sent_once(void **state)
{
    (void)state;
    /* The server closes the connection that a GET left open as soon as it is used. */
    http_run(&scene, http_to(&scene, "GET", "/close-next"));
    assert_status(&scene, 200);
    http_run(&scene, http_to(&scene, "POST", "/echo"));
    assert_status(&scene, 200);
    assert_int_equal(http_seen(&scene, "/echo"), 1);
}

/* Given up at once it was not sent, after its note nobody knows. */
static void a_request_that_is_given_up_ends(void **state)
{
    (void)state;
    http_send(&scene, raw("", "silence"));
    rb_http_end(scene.http, "a.1");
    rb_http_end(scene.http, "a.1");
    rb_http_end(scene.http, "no.such");
    http_wait(&scene, 1);
    assert_error(&scene, "ended", "no");
    assert_string_equal(rb_value_get_text(scene.outcome, "killed", ""), "request");

    http_send(&scene, http_with(raw("", "silence"), "class", rb_value_text("write")));
    while (!http_has(&scene, "a.1", "started"))
        uv_run(&scene.loop, UV_RUN_ONCE);
    rb_http_end(scene.http, "a.1");
    http_wait(&scene, 1);
    assert_error(&scene, "ended", "maybe");
    assert_string_equal(rb_value_get_text(scene.outcome, "killed", ""), "request");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_refused_connection_is_known_not_sent, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_name_without_an_address_is_known_not_sent, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_handshake_that_never_ends_is_known_not_sent,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_before_a_reset_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reset_after_the_request_leaves_it_in_doubt,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_that_is_cut_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_http_is_no_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(silence_ends_with_the_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_body_that_drips_until_its_time_is_over_is_not_too_slow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_time_is_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_body_that_drips_is_given_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_server_may_think_before_it_answers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(more_than_was_allowed_is_given_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(headers_without_end_are_given_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_exceeds_the_cap_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_that_may_not_be_repeated_is_sent_once,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_that_is_given_up_ends, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
