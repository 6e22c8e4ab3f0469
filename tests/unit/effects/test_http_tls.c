/* Whom a request trusts, and how it says so. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http_scene.h"

static struct http_scene scene;
static char folder[64];

static char *path(const char *name)
{
    struct rb_buf text = {0};
    rb_buf_printf(&text, "%s/%s", folder, name);
    return rb_buf_take(&text);
}

/* An authority, a server by the name of localhost alone, and a client, all for 30 days. */
static const char make_keys[] =
    "set -e; cd %s; exec 2>/dev/null\n"
    "key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'\n"
    "openssl req -x509 $key -keyout ca.key -out ca.pem -days 30 -subj '/CN=An Authority'\n"
    "echo 'subjectAltName=DNS:localhost' >names\n"
    "openssl req $key -keyout server.key -subj /CN=localhost |\n"
    "    openssl x509 -req -CA ca.pem -CAkey ca.key -days 30 -extfile names -out "
    "server.pem\n"
    "openssl req $key -keyout client.key -subj '/CN=A Client' |\n"
    "    openssl x509 -req -CA ca.pem -CAkey ca.key -days 30 -out client.pem\n"
    "openssl req -x509 $key -keyout other.key -out other.pem -days 30 -subj /CN=Other\n";

static int make_all(void **state)
{
    (void)state;
    char script[2048];
    snprintf(folder, sizeof folder, "/tmp/rb-tls-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(script, sizeof script, make_keys, folder);
    // NOLINTNEXTLINE(cert-env33-c): words of our own, in a test
    return system(script);
}

static int remove_one(const char *name, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(name);
}

static int remove_all(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* `ca`: of the clients, NULL when none has to show a certificate. */
static void open_scene(const char *ca)
{
    RB_AUTO_FREE char *certificate = path("server.pem");
    RB_AUTO_FREE char *key = path("server.key");
    const char *const arguments[] = {certificate, key, ca, NULL};
    http_scene_open(&scene, arguments);
}

static int set_up(void **state)
{
    (void)state;
    open_scene(NULL);
    return 0;
}

static int set_up_with_clients(void **state)
{
    (void)state;
    RB_AUTO_FREE char *ca = path("ca.pem");
    open_scene(ca);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_scene_close(&scene);
    return 0;
}

static const struct rb_value *to_host(const char *host)
{
    char url[96];
    snprintf(url, sizeof url, "https://%s:%d/echo", host, scene.tls_port);
    return http_request("GET", url);
}

static const struct rb_value *of_folder(const char *name)
{
    RB_AUTO_FREE char *text = path(name);
    return rb_value_text(text);
}

static const struct rb_value *trusting(const struct rb_value *owned, const char *ca)
{
    return http_with(owned, "tls", rb_value_map("ca", of_folder(ca), NULL));
}

static const char *of_tls(const char *member)
{
    return rb_value_get_text(rb_value_get(scene.outcome, "tls"), member, "");
}

static const char *message(void)
{
    return rb_value_get_text(rb_value_get(scene.outcome, "error"), "message", "");
}

static void an_outcome_tells_of_the_certificate(void **state)
{
    (void)state;
    /* The second goes over the connection of the first. */
    for (int turn = 1; turn <= 2; turn++) {
        http_run(&scene, trusting(to_host("localhost"), "ca.pem"));
        assert_status(&scene, 200);
        RB_AUTO_VALUE const struct rb_value *echo = http_json(&scene);
        assert_int_equal(rb_value_get_int(echo, "turn", 0), turn);
        const struct rb_value *tls = rb_value_get(scene.outcome, "tls");
        assert_string_equal(of_tls("version"), "TLSv1.3");
        assert_non_null(strstr(of_tls("cipher"), "TLS_"));
        assert_string_equal(of_tls("subject"), "/CN=localhost");
        assert_string_equal(of_tls("issuer"), "/CN=An Authority");
        assert_true(rb_value_get_bool(tls, "verify", false));
        assert_in_range(rb_value_get_int(tls, "days_left", 0), 28, 30);
    }
}

static void whom_nobody_vouches_for_is_not_trusted(void **state)
{
    (void)state;
    http_run(&scene, to_host("localhost"));
    assert_error(&scene, "tls", "no");
    assert_non_null(strstr(message(), "self-signed") ? message()
                                                     : strstr(message(), "issuer"));
    http_run(&scene, trusting(to_host("localhost"), "other.pem"));
    assert_error(&scene, "tls", "no");
    http_run(&scene, trusting(to_host("localhost"), "no-such.pem"));
    assert_error(&scene, "tls", "no");
}

static void another_name_is_not_trusted(void **state)
{
    (void)state;
    http_run(&scene, trusting(to_host("127.0.0.1"), "ca.pem"));
    assert_error(&scene, "tls", "no");
    assert_non_null(strstr(message(), "not for this name"));
}

static void without_verification_all_are_trusted_and_it_is_recorded(void **state)
{
    (void)state;
    http_run(&scene, http_with(to_host("127.0.0.1"), "tls",
                               rb_value_map("verify", rb_value_bool(false), NULL)));
    assert_status(&scene, 200);
    const struct rb_value *tls = rb_value_get(scene.outcome, "tls");
    assert_false(rb_value_get_bool(tls, "verify", true));
    assert_string_equal(of_tls("subject"), "/CN=localhost");
    /* Another that does verify does not go over that connection. */
    http_run(&scene, trusting(to_host("127.0.0.1"), "ca.pem"));
    assert_error(&scene, "tls", "no");
}

static void an_exception_from_verification_is_for_one_origin(void **state)
{
    (void)state;
    const struct rb_value *request =
        http_to(&scene, "GET", "/redirect?to=https://127.0.0.1:%d/echo", scene.tls_port);
    request = http_with(request, "follow", rb_value_int(1));
    http_run(&scene,
             http_with(request, "tls", rb_value_map("verify", rb_value_bool(false), NULL)));
    assert_error(&scene, "tls", "maybe");
}

static void a_client_shows_its_certificate(void **state)
{
    (void)state;
    http_run(&scene, trusting(to_host("localhost"), "ca.pem"));
    assert_non_null(rb_value_get(scene.outcome, "error"));
    const struct rb_value *tls =
        rb_value_map("ca", of_folder("ca.pem"), "cert", of_folder("client.pem"), "key",
                     of_folder("client.key"), NULL);
    http_run(&scene, http_with(to_host("localhost"), "tls", tls));
    assert_status(&scene, 200);
    tls = rb_value_map("ca", of_folder("ca.pem"), "cert", of_folder("no-such.pem"), NULL);
    http_run(&scene, http_with(to_host("localhost"), "tls", tls));
    assert_error(&scene, "tls", "no");
}

static void what_does_not_speak_tls_is_told(void **state)
{
    (void)state;
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%d/echo", scene.port);
    http_run(&scene, http_request("POST", url));
    assert_error(&scene, "tls", "no");
}

static const struct rb_value *handshake(const char *ca)
{
    char to[32];
    snprintf(to, sizeof to, "127.0.0.1:%d", scene.tls_port);
    const struct rb_value *with = rb_value_map("to", rb_value_text(to), NULL);
    http_run(&scene, trusting(http_with(to_host("localhost"), "handshake", with), ca));
    return rb_value_get(scene.outcome, "peer");
}

static void a_handshake_tells_whom_it_leads_to_and_has_its_own_connection(void **state)
{
    (void)state;
    for (int turn = 1; turn <= 2; turn++) {
        http_run(&scene, trusting(to_host("localhost"), "ca.pem"));
        assert_status(&scene, 200);
        RB_AUTO_VALUE const struct rb_value *echo = http_json(&scene);
        assert_int_equal(rb_value_get_int(echo, "turn", 0), turn);
        const struct rb_value *peer = handshake("ca.pem");
        const struct rb_value *first = rb_value_at(rb_value_get(peer, "certificates"), 0);
        assert_true(rb_value_get_bool(peer, "verified", false));
        assert_null(rb_value_get(peer, "error"));
        assert_string_equal(rb_value_get_text(first, "subject", ""), "CN = localhost");
        assert_null(rb_value_get(scene.outcome, "status"));
    }
}

static void a_handshake_tells_whom_nobody_vouches_for(void **state)
{
    (void)state;
    const struct rb_value *peer = handshake("other.pem");
    const struct rb_value *first = rb_value_at(rb_value_get(peer, "certificates"), 0);
    assert_false(rb_value_get_bool(peer, "verified", true));
    assert_non_null(strstr(rb_value_get_text(peer, "error", ""), "issuer"));
    assert_string_equal(rb_value_get_text(first, "subject", ""), "CN = localhost");
    assert_null(rb_value_get(scene.outcome, "error"));
    assert_null(handshake("no-such.pem"));
    assert_error(&scene, "tls", "no");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_outcome_tells_of_the_certificate, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(whom_nobody_vouches_for_is_not_trusted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_name_is_not_trusted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            without_verification_all_are_trusted_and_it_is_recorded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_exception_from_verification_is_for_one_origin,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_shows_its_certificate, set_up_with_clients,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_speak_tls_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_handshake_tells_whom_it_leads_to_and_has_its_own_connection, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(a_handshake_tells_whom_nobody_vouches_for, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
