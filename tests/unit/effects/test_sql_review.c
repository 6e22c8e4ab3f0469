/* A transaction that is held open until somebody has looked at it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/duration.h"
#include "journal/blob.h"
#include "sql_scene.h"

static struct sql_server server;
static struct sql_scene scene;

static int start(void **state)
{
    (void)state;
    sql_server_start(&server);
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
    sql_exec(&scene, "INSERT INTO item VALUES (1, 10), (2, 20)");
    scene.holds = true;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sql_scene_close(&scene);
    return 0;
}

static const struct rb_value *with_review(const struct rb_value *owned, const char *query,
                                          rb_time idle)
{
    const struct rb_value *review =
        rb_value_map("query", rb_value_text(query), "params",
                     rb_value_list(rb_value_text("2"), NULL), NULL);
    return sql_with(sql_with(owned, "review", review), "idle_us", rb_value_int(idle));
}

static void begin(rb_time idle)
{
    sql_send(&scene, with_review(sql_request(&scene, "a.1", "UPDATE item SET n = n + 1",
                                             "DELETE FROM item WHERE id = 1", NULL),
                                 "SELECT n FROM item WHERE id <= $1 ORDER BY id", idle));
}

static void assert_rows(const char *member, const char *expected)
{
    struct rb_error err;
    RB_AUTO_BUF struct rb_buf rows = {0};
    const struct rb_value *out = rb_value_get(rb_value_get(scene.note, member), "out");
    if (!rb_blob_read(scene.dir, rb_blob_hex(out), 0, 4096, &rows, &err))
        fail_msg("%s", err.message);
    assert_string_equal(rb_buf_text(&rows), expected);
}

static void assert_sum(const char *expected)
{
    RB_AUTO_FREE char *sum = sql_value(&scene, "SELECT sum(n) FROM item");
    assert_string_equal(sum, expected);
}

static void what_would_be_is_shown_and_then_committed(void **state)
{
    (void)state;
    begin(600 * RB_SEC);
    sql_wait_noted(&scene, 1);
    assert_rows("before", "[\"10\"]\n[\"20\"]\n");
    assert_rows("after", "[\"21\"]\n");
    const struct rb_value *rows = rb_value_get(scene.note, "rows");
    assert_int_equal(rb_value_as_int(rb_value_at(rows, 0), 0), 2);
    assert_int_equal(rb_value_as_int(rb_value_at(rows, 1), 0), 1);
    assert_non_null(rb_value_get(scene.note, "xid"));
    assert_sum("30"); /* nobody else sees it */
    rb_sql_go_on(scene.sql, "a.1");
    sql_wait_settled(&scene, scene.settled_count + 1);
    sql_assert_good(scene.outcome);
    assert_null(rb_value_get(scene.outcome, "rolled_back"));
    assert_sum("21");
}

static void what_is_not_wanted_is_rolled_back(void **state)
{
    (void)state;
    begin(600 * RB_SEC);
    sql_wait_noted(&scene, 1);
    rb_sql_undo(scene.sql, "a.1");
    rb_sql_go_on(scene.sql, "a.1"); /* too late */
    sql_wait_settled(&scene, scene.settled_count + 1);
    sql_assert_good(scene.outcome);
    assert_true(rb_value_get_bool(scene.outcome, "rolled_back", false));
    assert_sum("30");
}

static void what_nobody_decides_is_rolled_back(void **state)
{
    (void)state;
    begin(200 * RB_MS);
    sql_wait_noted(&scene, 1);
    sql_wait_settled(&scene, scene.settled_count + 1);
    assert_string_equal(sql_error(scene.outcome, "code"), "idle");
    assert_string_equal(sql_error(scene.outcome, "sent"), "no");
    assert_sum("30");
}

/* The time of the attempt is that of its work; a person may take longer. */
static void thinking_is_not_counted(void **state)
{
    (void)state;
    sql_send(&scene,
             sql_with(with_review(sql_request(&scene, "a.1", "UPDATE item SET n = 0", NULL),
                                  "SELECT n FROM item WHERE id = $1", 600 * RB_SEC),
                      "timeout_us", rb_value_int(2 * RB_SEC)));
    sql_wait_noted(&scene, 1);
    sql_exec(&scene, "SELECT pg_sleep(4)");
    rb_sql_go_on(scene.sql, "a.1");
    sql_wait_settled(&scene, scene.settled_count + 1);
    sql_assert_good(scene.outcome);
    assert_sum("0");
}

static void end_of_a_review_rolls_back(void **state)
{
    (void)state;
    begin(600 * RB_SEC);
    sql_wait_noted(&scene, 1);
    rb_sql_end(scene.sql, "a.1");
    rb_sql_go_on(scene.sql, "a.1"); /* too late */
    sql_wait_settled(&scene, scene.settled_count + 1);
    assert_string_equal(sql_error(scene.outcome, "code"), "cancelled");
    assert_string_equal(sql_error(scene.outcome, "sent"), "no");
    assert_sum("30");
}

static void a_server_that_ends_meanwhile_is_noticed(void **state)
{
    (void)state;
    begin(600 * RB_SEC);
    sql_wait_noted(&scene, 1);
    sql_exec(&scene, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                     "WHERE state = 'idle in transaction'");
    const struct rb_value *outcome = sql_wait_for(&scene, "a.1");
    assert_string_equal(sql_error(outcome, "code"), "lost");
    assert_string_equal(sql_error(outcome, "sent"), "no");
    assert_sum("30");
}

static void the_query_fails_and_nothing_is_held(void **state)
{
    (void)state;
    sql_run(&scene, with_review(sql_request(&scene, "a.1", "UPDATE item SET n = 0", NULL),
                                "SELECT nn FROM item WHERE id = $1", 600 * RB_SEC));
    assert_string_equal(sql_error(scene.outcome, "sqlstate"), "42703");
    assert_int_equal(scene.noted_count, 0);
    assert_sum("30");
}

static void a_review_needs_an_end_and_something_to_review(void **state)
{
    (void)state;
    sql_run(&scene,
            with_review(sql_request(&scene, "a.1", "SELECT 1", NULL), "SELECT $1", 0));
    assert_string_equal(sql_error(scene.outcome, "code"), "refused");
    sql_run(&scene, sql_with(with_review(sql_request(&scene, "a.2", "SELECT 1", NULL),
                                         "SELECT $1", RB_SEC),
                             "read_only", rb_value_bool(true)));
    assert_string_equal(sql_error(scene.outcome, "code"), "refused");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_would_be_is_shown_and_then_committed),
        TEST(what_is_not_wanted_is_rolled_back),
        TEST(what_nobody_decides_is_rolled_back),
        TEST(thinking_is_not_counted),
        TEST(end_of_a_review_rolls_back),
        TEST(a_server_that_ends_meanwhile_is_noticed),
        TEST(the_query_fails_and_nothing_is_held),
        TEST(a_review_needs_an_end_and_something_to_review),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
