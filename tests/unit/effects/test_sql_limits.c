/* What a statement may take, and what becomes of it when it, its connection or its server ends. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/duration.h"
#include "effects/notes.h"
#include "sql_scene.h"

static struct sql_server server;
static struct sql_scene scene;

/* A16: nothing of this counts, in none of these tests. */
static void spoil_environment(void)
{
    setenv("PGHOST", "192.0.2.1", 1);
    setenv("PGHOSTADDR", "192.0.2.1", 1);
    setenv("PGPORT", "1", 1);
    setenv("PGUSER", "nobody", 1);
    setenv("PGDATABASE", "nowhere", 1);
    setenv("PGSERVICE", "none", 1);
    setenv("PGSERVICEFILE", "/nowhere", 1);
    setenv("PGPASSFILE", "/nowhere", 1);
    setenv("PGOPTIONS", "-c statement_timeout=1", 1);
    setenv("PGTZ", "Pacific/Auckland", 1);
    setenv("PGDATESTYLE", "SQL", 1);
    setenv("PGAPPNAME", "intruder", 1);
    setenv("PGSSLMODE", "require", 1);
    setenv("PGTARGETSESSIONATTRS", "standby", 1);
    setenv("PGCLIENTENCODING", "LATIN1", 1);
}

static int start(void **state)
{
    (void)state;
    sql_server_start(&server);
    spoil_environment();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sql_server_stop(&server);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    sql_scene_open(&scene, &server);
    sql_exec(&scene, "DROP TABLE IF EXISTS item");
    sql_exec(&scene, "CREATE TABLE item (id int PRIMARY KEY, n int)");
    sql_exec(&scene, "INSERT INTO item VALUES (1, 0), (2, 0)");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sql_scene_close(&scene);
    return 0;
}

static void assert_error(const struct rb_value *outcome, const char *code,
                         const char *sqlstate, const char *sent)
{
    assert_string_equal(sql_error(outcome, "code"), code);
    assert_string_equal(sql_error(outcome, "sqlstate"), sqlstate);
    assert_string_equal(sql_error(outcome, "sent"), sent);
}

static void assert_sum(const char *expected)
{
    RB_AUTO_FREE char *sum = sql_value(&scene, "SELECT sum(n) FROM item");
    assert_string_equal(sum, expected);
}

static const struct rb_value *with_timeout(const struct rb_value *owned, rb_time span)
{
    return sql_with(owned, "timeout_us", rb_value_int(span));
}

static void nothing_of_the_environment_counts(void **state)
{
    (void)state;
    sql_run(&scene, sql_request(&scene, "a.1",
                                "SELECT current_user, current_database(), "
                                "current_setting('application_name'), "
                                "current_setting('statement_timeout'), "
                                "current_setting('client_encoding'), 'ü'",
                                NULL));
    sql_assert_good(scene.outcome);
    RB_AUTO_FREE char *rows = sql_blob(&scene, scene.outcome, 0, "out");
    assert_string_equal(
        rows, "[\"postgres\",\"postgres\",\"runbook\",\"10min\",\"UTF8\",\"ü\"]\n");
    RB_AUTO_FREE char *style =
        sql_value(&scene, "SELECT source FROM pg_settings WHERE name = 'DateStyle'");
    assert_string_not_equal(style, "client");
    assert_string_equal(getenv("PGSERVICE"), "none");
}

static void a_host_is_looked_up_by_its_name(void **state)
{
    (void)state;
    sql_run(&scene, sql_over(sql_request(&scene, "a.1", "SELECT 1", NULL), "host",
                             rb_value_text("localhost")));
    sql_assert_good(scene.outcome);
    sql_run(&scene, sql_over(sql_request(&scene, "a.2", "SELECT 1", NULL), "host",
                             rb_value_text("nowhere.invalid")));
    assert_error(scene.outcome, "connect", "", "no");
}

static void the_server_ends_a_statement_in_time(void **state)
{
    (void)state;
    sql_run(&scene, with_timeout(sql_request(&scene, "a.1", "UPDATE item SET n = 1",
                                             "SELECT pg_sleep(600)", NULL),
                                 RB_SEC));
    assert_error(scene.outcome, "timeout", "57014", "no");
    assert_string_equal(rb_value_get_text(scene.outcome, "killed", ""), "timeout");
    assert_sum("0");
}

/* Each alone is within the limit, and the server has nothing to say. */
static void all_statements_together_have_an_end(void **state)
{
    (void)state;
    sql_run(&scene, with_timeout(sql_request(&scene, "a.1", "UPDATE item SET n = 1",
                                             "SET statement_timeout = 0",
                                             "SELECT pg_sleep(600)", NULL),
                                 RB_SEC));
    assert_error(scene.outcome, "timeout", "57014", "no");
    assert_sum("0");
}

static void a_lock_is_not_waited_for_any_longer(void **state)
{
    (void)state;
    scene.holds = true;
    sql_send(&scene, sql_request(&scene, "a.1", "UPDATE item SET n = 1", NULL));
    sql_wait_noted(&scene, 1);
    sql_run(&scene, sql_with(sql_request(&scene, "b.1", "UPDATE item SET n = 2", NULL),
                             "lock_timeout_us", rb_value_int(100 * RB_MS)));
    assert_error(scene.outcome, "server", "55P03", "no");
    rb_sql_go_on(scene.sql, "a.1");
    sql_wait_settled(&scene, scene.settled_count + 1);
    sql_assert_good(scene.outcome);
    assert_sum("2");
}

/* Goes on once both have begun. */
#define MEET(number)                                                              \
    "DO $$ BEGIN PERFORM pg_advisory_xact_lock(" number "); "                     \
    "WHILE (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') < 2 LOOP " \
    "PERFORM pg_sleep(0.01); END LOOP; END $$"

static void one_of_a_deadlock_is_told(void **state)
{
    (void)state;
    sql_send(&scene,
             sql_request(&scene, "a.1", "UPDATE item SET n = n + 1 WHERE id = 1", MEET("1"),
                         "UPDATE item SET n = n + 1 WHERE id = 2", NULL));
    sql_send(&scene,
             sql_request(&scene, "b.1", "UPDATE item SET n = n + 1 WHERE id = 2", MEET("2"),
                         "UPDATE item SET n = n + 1 WHERE id = 1", NULL));
    sql_wait_settled(&scene, scene.settled_count + 2);
    const struct rb_value *a = sql_outcome_of(&scene, "a.1");
    const struct rb_value *b = sql_outcome_of(&scene, "b.1");
    const struct rb_value *loser = rb_value_get(a, "error") ? a : b;
    sql_assert_good(loser == a ? b : a);
    assert_error(loser, "server", "40P01", "no");
    assert_sum("2");
}

/* The test waits until the server says that the statement runs. */
static void await_sleep(void)
{
    sql_await(&scene,
              "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' "
              "AND state = 'active' AND pid <> pg_backend_pid()",
              "1");
}

static void a_terminated_backend_did_nothing(void **state)
{
    (void)state;
    sql_send(&scene, sql_request(&scene, "a.1", "UPDATE item SET n = 1",
                                 "SELECT pg_sleep(600)", NULL));
    await_sleep();
    sql_exec(&scene, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                     "WHERE query LIKE '%pg_sleep(600)' AND pid <> pg_backend_pid()");
    assert_error(sql_wait_for(&scene, "a.1"), "lost", "57P01", "no");
    assert_sum("0");
}

static void end_cancels_what_runs(void **state)
{
    (void)state;
    sql_send(&scene, sql_request(&scene, "a.1", "UPDATE item SET n = 1",
                                 "SELECT pg_sleep(600)", NULL));
    await_sleep();
    rb_sql_end(scene.sql, "a.1");
    sql_wait_settled(&scene, scene.settled_count + 1);
    assert_error(scene.outcome, "cancelled", "57014", "no");
    assert_string_equal(rb_value_get_text(scene.outcome, "killed", ""), "request");
    assert_sum("0");
}

static void end_before_anything_was_sent_starts_nothing(void **state)
{
    (void)state;
    sql_send(&scene, sql_request(&scene, "a.1", "UPDATE item SET n = 1", NULL));
    rb_sql_end(scene.sql, "a.1");
    sql_wait_settled(&scene, scene.settled_count + 1);
    assert_error(scene.outcome, "cancelled", "", "no");
    assert_false(sql_has_file(&scene, "steps/a.1/started"));
    assert_sum("0");
}

/* A socket at a port of its own, where nobody answers. */
static int silent_socket(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void a_refused_connection_sent_nothing(void **state)
{
    (void)state;
    int closed = silent_socket(&scene.port);
    sql_run(&scene, sql_request(&scene, "a.1", "UPDATE item SET n = 1", NULL));
    close(closed);
    assert_error(scene.outcome, "connect", "", "no");
    assert_non_null(strstr(sql_error(scene.outcome, "message"), "refused"));
    assert_null(strchr(sql_error(scene.outcome, "message"), '\n'));
    assert_false(sql_has_file(&scene, "steps/a.1/started"));
    assert_true(sql_has_file(&scene, "steps/a.1/exit"));
}

static void a_wrong_password_is_not_repeated_to_anyone(void **state)
{
    (void)state;
    sql_run(&scene, sql_over(sql_request(&scene, "a.1", "SELECT 1", NULL), "password",
                             rb_value_text("sesame-opens")));
    assert_error(scene.outcome, "connect", "", "no");
    assert_non_null(strstr(sql_error(scene.outcome, "message"), "authentication"));
    assert_null(strstr(sql_error(scene.outcome, "message"), "sesame"));
}

static void a_server_that_does_not_answer_is_given_up(void **state)
{
    (void)state;
    int silent = silent_socket(&scene.port);
    assert_int_equal(listen(silent, 1), 0);
    sql_run(&scene, sql_over(sql_request(&scene, "a.1", "SELECT 1", NULL),
                             "connect_timeout", rb_value_int(1)));
    close(silent);
    assert_error(scene.outcome, "connect", "", "no");
    assert_non_null(strstr(sql_error(scene.outcome, "message"), "no answer within 1 s"));
}

static void a_bad_request_goes_nowhere(void **state)
{
    (void)state;
    sql_run(&scene, sql_over(sql_request(&scene, "a.1", "SELECT 1", NULL), "service",
                             rb_value_text("x")));
    assert_error(scene.outcome, "refused", "", "no");
    sql_run(&scene, sql_bound(&scene, "a.2", "SELECT $1",
                              rb_value_list(rb_value_string("a\0b", 3), NULL)));
    assert_error(scene.outcome, "refused", "", "no");
    assert_null(strstr(sql_error(scene.outcome, "message"), "a\\0b"));
}

static void notes_tell_how_far_a_write_came(void **state)
{
    (void)state;
    const struct rb_value *outcome = NULL;
    scene.holds = true;
    sql_send(&scene, sql_request(&scene, "a.1", "UPDATE item SET n = 1", NULL));
    assert_int_equal(rb_note_find(scene.dir, "a.1", true, &outcome), RB_FOUND_UNSTARTED);
    sql_wait_noted(&scene, 1);
    assert_int_equal(rb_note_find(scene.dir, "a.1", true, &outcome), RB_FOUND_DOUBT);
    rb_sql_go_on(scene.sql, "a.1");
    sql_wait_settled(&scene, scene.settled_count + 1);
    assert_int_equal(rb_note_find(scene.dir, "a.1", true, &outcome), RB_FOUND_ENDED);
    assert_true(rb_value_equal(outcome, scene.outcome));
    rb_value_unref(outcome);

    sql_run(&scene, sql_request(&scene, "a.1", "UPDATE item SET n = 2", NULL));
    assert_error(scene.outcome, "refused", "", "no");
    assert_sum("2");
}

static void a_read_leaves_no_folder(void **state)
{
    (void)state;
    sql_run(&scene, sql_with(sql_request(&scene, "a.1", "SELECT * FROM item", NULL),
                             "class", rb_value_text("read")));
    sql_assert_good(scene.outcome);
    assert_false(sql_has_file(&scene, "steps/a.1"));
    sql_run(&scene, sql_with(sql_request(&scene, "a.1",
                                         "SELECT i / (i - 90000) FROM "
                                         "generate_series(1, 90000) i",
                                         NULL),
                             "class", rb_value_text("read")));
    assert_error(scene.outcome, "server", "22012", "no");
    assert_false(sql_has_file(&scene, "steps/a.1"));
}

static void it_may_be_closed_by_what_it_calls(void **state)
{
    (void)state;
    scene.closes = true;
    sql_send(&scene, sql_request(&scene, "a.1", "UPDATE item SET n = 1", NULL));
    sql_wait_noted(&scene, 1);
    assert_false(scene.closes);
    assert_sum("0");
    scene.closes = true;
    sql_send(&scene, sql_with(sql_request(&scene, "b.1", "SELECT 1", NULL), "class",
                              rb_value_text("read")));
    sql_send(&scene, sql_with(sql_request(&scene, "b.2", "SELECT pg_sleep(5)", NULL),
                              "class", rb_value_text("read")));
    sql_wait_settled(&scene, scene.settled_count + 1);
    assert_false(scene.closes);
    sql_run(&scene, sql_request(&scene, "b.3", "SELECT 1", NULL));
    sql_assert_good(scene.outcome);
}

/* Its statement runs on at the server, which has this table locked: the last test. */
static void closed_with_work_under_way_nothing_is_said(void **state)
{
    (void)state;
    const struct rb_value *outcome;
    sql_send(&scene, sql_request(&scene, "a.1", "UPDATE item SET n = 1",
                                 "SELECT pg_sleep(600)", NULL));
    await_sleep();
    int settled = scene.settled_count;
    scene.closes = true;
    sql_exec(&scene, "SELECT 1");
    assert_int_equal(scene.settled_count, settled + 1);
    assert_int_equal(rb_note_find(scene.dir, "a.1", true, &outcome), RB_FOUND_DOUBT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_of_the_environment_counts),
        TEST(a_host_is_looked_up_by_its_name),
        TEST(the_server_ends_a_statement_in_time),
        TEST(all_statements_together_have_an_end),
        TEST(a_lock_is_not_waited_for_any_longer),
        TEST(one_of_a_deadlock_is_told),
        TEST(a_terminated_backend_did_nothing),
        TEST(end_cancels_what_runs),
        TEST(end_before_anything_was_sent_starts_nothing),
        TEST(a_refused_connection_sent_nothing),
        TEST(a_wrong_password_is_not_repeated_to_anyone),
        TEST(a_server_that_does_not_answer_is_given_up),
        TEST(a_bad_request_goes_nowhere),
        TEST(notes_tell_how_far_a_write_came),
        TEST(a_read_leaves_no_folder),
        TEST(it_may_be_closed_by_what_it_calls),
        TEST(closed_with_work_under_way_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
