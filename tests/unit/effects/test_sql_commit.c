/* A connection that is cut around COMMIT: what became of the transaction is asked by its id, and
 * only of the system it was of. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/duration.h"
#include "sql_proxy.h"
#include "sql_scene.h"

static struct sql_server server, other;
static struct sql_scene scene;
static struct sql_proxy proxy;

/* The other one takes the same password: it differs in what it is alone. */
static int start(void **state)
{
    char text[128];
    (void)state;
    sql_server_start(&server);
    sql_server_start(&other);
    sql_scene_open(&scene, &other);
    snprintf(text, sizeof text, "ALTER USER postgres PASSWORD '%s'", server.password);
    sql_exec(&scene, text);
    sql_scene_close(&scene);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sql_server_stop(&server);
    sql_server_stop(&other);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    sql_scene_open(&scene, &server);
    sql_exec(&scene, "DROP TABLE IF EXISTS item");
    sql_exec(&scene, "CREATE TABLE item (id int)");
    sql_proxy_open(&proxy, &scene.loop, server.port);
    scene.port = proxy.port;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sql_proxy_close(&proxy);
    sql_scene_close(&scene);
    return 0;
}

static void insert(enum sql_cut cut)
{
    proxy.cut = cut;
    sql_run(&scene, sql_request(&scene, "a.1", "INSERT INTO item VALUES (1)", NULL));
    scene.outcome = sql_outcome_of(&scene, "a.1");
}

static void assert_items(const char *count)
{
    const struct rb_value *outcome = scene.outcome;
    RB_AUTO_FREE char *items = sql_value(&scene, "SELECT count(*) FROM item");
    scene.outcome = outcome;
    assert_string_equal(items, count);
}

static const char *settled(void)
{
    return rb_value_get_text(scene.outcome, "settled", "");
}

static void a_commit_without_a_cut_needs_no_settling(void **state)
{
    (void)state;
    insert(SQL_CUT_NEVER);
    sql_assert_good(scene.outcome);
    assert_string_equal(settled(), "");
    assert_string_equal(rb_value_get_text(scene.outcome, "xid", ""),
                        rb_value_get_text(scene.note, "xid", "?"));
    assert_items("1");
}

static void cut_before_commit_it_is_known_to_be_rolled_back(void **state)
{
    (void)state;
    insert(SQL_CUT_BEFORE);
    assert_int_equal(proxy.cuts, 1);
    assert_string_equal(sql_error(scene.outcome, "code"), "lost");
    assert_string_equal(sql_error(scene.outcome, "sent"), "no");
    assert_items("0");
}

static void cut_once_commit_was_answered_it_is_known_to_be_done(void **state)
{
    (void)state;
    insert(SQL_CUT_ANSWER);
    assert_int_equal(proxy.cuts, 1);
    sql_assert_good(scene.outcome);
    assert_string_equal(settled(), "xid");
    assert_items("1");
}

/* Whether the server still reads the COMMIT or sees the end first is its own affair: what is
 * said has to be what is there. */
static void cut_during_commit_what_is_said_is_what_is_there(void **state)
{
    (void)state;
    insert(SQL_CUT_AFTER);
    assert_int_equal(proxy.cuts, 1);
    bool done = strcmp(settled(), "xid") == 0;
    if (!done)
        assert_string_equal(sql_error(scene.outcome, "sent"), "no");
    assert_items(done ? "1" : "0");
}

static void cut_before_the_id_was_noted_nothing_is_done(void **state)
{
    (void)state;
    proxy.at = "SELECT pg_catalog.pg_current_xact_id()";
    insert(SQL_CUT_ANSWER);
    assert_int_equal(proxy.cuts, 1);
    assert_int_equal(scene.noted_count, 0);
    assert_string_equal(sql_error(scene.outcome, "code"), "lost");
    assert_string_equal(sql_error(scene.outcome, "sent"), "no");
    assert_items("0");
}

static void what_only_read_is_never_in_doubt(void **state)
{
    (void)state;
    proxy.cut = SQL_CUT_ANSWER;
    sql_run(&scene, sql_with(sql_request(&scene, "a.1", "SELECT * FROM item", NULL),
                             "read_only", rb_value_bool(true)));
    assert_int_equal(proxy.cuts, 1);
    assert_string_equal(sql_error(scene.outcome, "code"), "lost");
    assert_string_equal(sql_error(scene.outcome, "sent"), "no");
    assert_string_equal(sql_error(scene.outcome, "doubt"), "");
}

static void another_system_is_no_evidence(void **state)
{
    (void)state;
    proxy.next = other.port;
    insert(SQL_CUT_ANSWER);
    assert_int_equal(proxy.cuts, 1);
    assert_string_equal(sql_error(scene.outcome, "sent"), "maybe");
    assert_non_null(strstr(sql_error(scene.outcome, "doubt"), "another system"));
    assert_items("1");
}

static void without_a_server_it_stays_in_doubt(void **state)
{
    (void)state;
    proxy.next = -1;
    insert(SQL_CUT_ANSWER);
    assert_string_equal(sql_error(scene.outcome, "code"), "lost");
    assert_string_equal(sql_error(scene.outcome, "sent"), "maybe");
    assert_string_equal(settled(), "");
    assert_items("1");
}

static void a_commit_that_does_not_arrive_is_rolled_back_in_the_end(void **state)
{
    (void)state;
    proxy.cut = SQL_CUT_STALL;
    sql_run(&scene,
            sql_with(sql_request(&scene, "a.1", "INSERT INTO item VALUES (1)", NULL),
                     "timeout_us", rb_value_int(100 * RB_MS)));
    assert_int_equal(proxy.cuts, 1);
    assert_string_equal(sql_error(scene.outcome, "sent"), "no");
    assert_items("0");
}

static void ask(const struct rb_value *connection, const struct rb_value *note,
                const char *expected)
{
    struct rb_error err;
    assert_true(rb_sql_ask_xid(scene.sql, connection, note, "q.1", &err));
    sql_wait_settled(&scene, scene.settled_count + 1);
    assert_string_equal(rb_value_get_text(scene.outcome, "xact_status", ""), expected);
}

static void ask_with(const char *key, const struct rb_value *owned, const char *expected)
{
    RB_AUTO_VALUE const struct rb_value *connection = sql_connection(&scene, "main");
    RB_AUTO_VALUE const struct rb_value *note =
        sql_with(rb_value_ref(scene.note), key, owned);
    ask(connection, note, expected);
}

static void a_resumed_run_can_ask(void **state)
{
    (void)state;
    insert(SQL_CUT_NEVER);
    ask_with("rows", NULL, "committed");
    ask_with("system", rb_value_text("12345"), "unknown");
    ask_with("timeline", rb_value_int(2), "unknown");
    ask_with("xid", rb_value_text("4000000000000"), "aborted");
    ask_with("xid", rb_value_text("three"), "unknown");
    assert_string_equal(sql_error(scene.outcome, "code"), "unknown");
    assert_false(sql_has_file(&scene, "steps/q.1"));

    scene.holds = true;
    sql_send(&scene, sql_request(&scene, "a.2", "INSERT INTO item VALUES (2)", NULL));
    sql_wait_noted(&scene, 2);
    rb_sql_undo(scene.sql, "a.2");
    sql_wait_settled(&scene, scene.settled_count + 1);
    ask_with("rows", NULL, "aborted");
}

/* A backend that is killed takes all others with it, and what was not written yet. */
static void after_a_crash_a_committed_id_may_be_another_s(void **state)
{
    (void)state;
    insert(SQL_CUT_NEVER);
    RB_AUTO_VALUE const struct rb_value *committed = rb_value_ref(scene.note);
    scene.holds = true;
    sql_send(&scene, sql_request(&scene, "a.2", "INSERT INTO item VALUES (2)",
                                 "SELECT pg_backend_pid()", NULL));
    sql_wait_noted(&scene, 2);
    RB_AUTO_FREE char *pid = sql_value(
        &scene, "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction'");
    assert_int_equal(kill((pid_t)strtol(pid, NULL, 10), SIGKILL), 0);
    sql_wait_settled(&scene, scene.settled_count + 1);
    assert_string_equal(sql_error(scene.outcome, "code"), "lost");
    assert_string_equal(sql_error(scene.outcome, "sent"), "no");

    RB_AUTO_VALUE const struct rb_value *connection = sql_connection(&scene, "main");
    ask(connection, scene.note, "aborted");
    ask(connection, committed, "unknown");
    assert_non_null(strstr(sql_error(scene.outcome, "message"), "crashed"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_commit_without_a_cut_needs_no_settling),
        TEST(cut_before_commit_it_is_known_to_be_rolled_back),
        TEST(cut_once_commit_was_answered_it_is_known_to_be_done),
        TEST(cut_during_commit_what_is_said_is_what_is_there),
        TEST(cut_before_the_id_was_noted_nothing_is_done),
        TEST(what_only_read_is_never_in_doubt),
        TEST(another_system_is_no_evidence),
        TEST(without_a_server_it_stays_in_doubt),
        TEST(a_commit_that_does_not_arrive_is_rolled_back_in_the_end),
        TEST(a_resumed_run_can_ask),
        TEST(after_a_crash_a_committed_id_may_be_another_s),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
