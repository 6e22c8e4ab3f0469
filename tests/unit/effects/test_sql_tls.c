/* A server that is spoken to over TLS, and proves who it is. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "sql_scene.h"

static struct sql_server server;
static struct sql_scene scene;
static char certificate[96];

/* Its folder is where the server works, and nobody else may read the key it makes there. */
static int start(void **state)
{
    (void)state;
    sql_server_start(&server);
    sql_scene_open(&scene, &server);
    sql_exec(&scene,
             "COPY (SELECT 1) TO PROGRAM 'openssl req -x509 -newkey rsa:2048 -nodes "
             "-keyout server.key -out server.crt -subj /CN=localhost -days 2 2>&1'");
    sql_exec(&scene, "ALTER SYSTEM SET ssl = on");
    sql_exec(&scene, "SELECT pg_reload_conf()");
    sql_await(&scene, "SHOW ssl", "on");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sql_scene_close(&scene);
    sql_server_stop(&server);
    return 0;
}

static const struct rb_value *over_tls(const char *dir, const char *mode, const char *text)
{
    return sql_over(
        sql_over(sql_request(&scene, dir, text, NULL), "host", rb_value_text("localhost")),
        "sslmode", rb_value_text(mode));
}

static void many_rows_come_over_tls(void **state)
{
    (void)state;
    sql_run(&scene, over_tls("a.1", "require",
                             "SELECT ssl, repeat('x', 20000) FROM pg_stat_ssl, "
                             "generate_series(1, 2000) WHERE pid = pg_backend_pid()"));
    sql_assert_good(scene.outcome);
    const struct rb_value *result = rb_value_at(rb_value_get(scene.outcome, "results"), 0);
    assert_int_equal(rb_value_get_int(result, "rows", -1), 2000);
    RB_AUTO_FREE char *rows = sql_blob(&scene, scene.outcome, 0, "out");
    assert_memory_equal(rows, "[\"t\",\"xx", 8);
    assert_int_equal(strlen(rows), 2000 * 20009);
}

static void who_is_not_known_is_not_trusted(void **state)
{
    (void)state;
    sql_run(&scene, over_tls("a.2", "verify-full", "SELECT 1"));
    assert_string_equal(sql_error(scene.outcome, "code"), "connect");
    assert_string_equal(sql_error(scene.outcome, "sent"), "no");
}

static void who_is_known_is_trusted_by_its_name(void **state)
{
    (void)state;
    RB_AUTO_FREE char *text = sql_value(&scene, "SELECT pg_read_file('server.crt')");
    snprintf(certificate, sizeof certificate, "%s/root.crt", scene.path);
    assert_true(rb_file_create(AT_FDCWD, certificate, text, strlen(text), false, NULL));
    sql_run(&scene, sql_over(over_tls("a.3", "verify-full", "SELECT 1"), "sslrootcert",
                             rb_value_text(certificate)));
    sql_assert_good(scene.outcome);
    sql_run(&scene, sql_over(sql_over(over_tls("a.4", "verify-full", "SELECT 1"),
                                      "sslrootcert", rb_value_text(certificate)),
                             "host", rb_value_text("127.0.0.1")));
    assert_string_equal(sql_error(scene.outcome, "code"), "connect");
    assert_non_null(strstr(sql_error(scene.outcome, "message"), "127.0.0.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_rows_come_over_tls),
        cmocka_unit_test(who_is_not_known_is_not_trusted),
        cmocka_unit_test(who_is_known_is_trusted_by_its_name),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
