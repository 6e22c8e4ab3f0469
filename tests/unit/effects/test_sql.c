/* Statements on a real server: parameters, rows, transactions, errors, what is read only. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/duration.h"
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
    sql_exec(&scene, "DROP TABLE IF EXISTS person");
    sql_exec(&scene, "CREATE TABLE person (id int PRIMARY KEY, name text)");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sql_scene_close(&scene);
    return 0;
}

static const struct rb_value *result_at(size_t index)
{
    return rb_value_at(rb_value_get(scene.outcome, "results"), index);
}

static void assert_query(const char *text, const char *expected)
{
    RB_AUTO_FREE char *value = sql_value(&scene, text);
    assert_string_equal(value, expected);
}

static void a_parameter_is_never_part_of_the_text(void **state)
{
    (void)state;
    const char *evil = "'; DROP TABLE person; --";
    sql_run(&scene,
            sql_bound(&scene, "a.1", "INSERT INTO person VALUES ($1, $2)",
                      rb_value_list(rb_value_text("1"), rb_value_text(evil), NULL)));
    sql_assert_good(scene.outcome);
    assert_query("SELECT name FROM person WHERE id = 1", evil);
}

static void two_commands_in_one_text_are_refused_by_the_server_too(void **state)
{
    (void)state;
    sql_run(&scene, sql_request(&scene, "a.1", "SELECT 1; DROP TABLE person", NULL));
    assert_string_equal(sql_error(scene.outcome, "code"), "refused");
    sql_run(&scene,
            sql_request(&scene, "a.2", "CREATE TABLE pet (); DROP TABLE person", NULL));
    assert_string_equal(sql_error(scene.outcome, "sqlstate"), "42601");
    assert_query("SELECT count(*) FROM person", "0");
}

static void null_and_types_come_through(void **state)
{
    (void)state;
    sql_run(&scene, sql_bound(&scene, "a.1",
                              "SELECT $1::text AS nothing, $2::numeric(10,2) AS price, "
                              "$3::jsonb AS doc, true AS yes, 'a\"b\n'::text AS line",
                              rb_value_list(rb_value_null(), rb_value_text("12.5"),
                                            rb_value_text("{\"a\": [1]}"), NULL)));
    sql_assert_good(scene.outcome);
    RB_AUTO_FREE char *rows = sql_blob(&scene, scene.outcome, 0, "out");
    assert_string_equal(rows,
                        "[null,\"12.50\",\"{\\\"a\\\": [1]}\",\"t\",\"a\\\"b\\n\"]\n");
    const struct rb_value *columns = rb_value_get(result_at(0), "columns");
    const char *const types[] = {"text", "numeric", "jsonb", "boolean", "text"};
    assert_int_equal(rb_value_count(columns), 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(rb_value_get_text(rb_value_at(columns, i), "type", ""),
                            types[i]);
    assert_string_equal(rb_value_get_text(rb_value_at(columns, 1), "name", ""), "price");
}

static void each_statement_has_its_result(void **state)
{
    (void)state;
    sql_run(&scene, sql_request(&scene, "a.1",
                                "INSERT INTO person SELECT i, 'n' || i "
                                "FROM generate_series(1, 3) i",
                                "UPDATE person SET name = 'x' WHERE id > 1",
                                "SELECT * FROM person ORDER BY id", NULL));
    sql_assert_good(scene.outcome);
    assert_string_equal(rb_value_get_text(result_at(0), "command", ""), "INSERT 0 3");
    assert_int_equal(rb_value_get_int(result_at(1), "rows", -1), 2);
    assert_int_equal(rb_value_get_int(result_at(2), "rows", -1), 3);
    RB_AUTO_FREE char *table = sql_blob(&scene, scene.outcome, 2, "table");
    assert_string_equal(table, "id | name\n"
                               "---+-----\n"
                               "1  | n1\n"
                               "2  | x\n"
                               "3  | x\n"
                               "(3 rows)\n");
    assert_query("SELECT count(*) FROM person", "3");
    const struct rb_value *about = rb_value_get(scene.outcome, "server");
    assert_true(*rb_value_get_text(about, "system", "") != '\0');
    assert_int_equal(rb_value_get_int(about, "timeline", -1), 1);
    assert_false(rb_value_get_bool(about, "in_recovery", true));
    assert_true(strncmp(rb_value_get_text(about, "version", ""), "1", 1) == 0);
}

static void an_error_rolls_all_of_them_back(void **state)
{
    (void)state;
    sql_run(&scene,
            sql_request(&scene, "a.1", "INSERT INTO person VALUES (1, 'a')",
                        "INSERT INTO person VALUES (2, 'b')", "SELECT nme FROM person",
                        "INSERT INTO person VALUES (4, 'd')", NULL));
    const struct rb_value *error = rb_value_get(scene.outcome, "error");
    assert_string_equal(sql_error(scene.outcome, "code"), "server");
    assert_string_equal(sql_error(scene.outcome, "sqlstate"), "42703");
    assert_string_equal(sql_error(scene.outcome, "sent"), "no");
    assert_non_null(strstr(sql_error(scene.outcome, "hint"), "name"));
    assert_int_equal(rb_value_get_int(error, "position", -1), 8);
    assert_int_equal(rb_value_get_int(error, "statement", -1), 2);
    assert_int_equal(rb_value_count(rb_value_get(scene.outcome, "results")), 2);
    assert_query("SELECT count(*) FROM person", "0");
}

static void a_deferred_constraint_fails_at_commit(void **state)
{
    (void)state;
    sql_exec(&scene, "CREATE TABLE pet (owner int REFERENCES person DEFERRABLE "
                     "INITIALLY DEFERRED)");
    sql_run(&scene, sql_request(&scene, "a.1", "INSERT INTO pet VALUES (7)", NULL));
    sql_exec(&scene, "DROP TABLE pet");
    assert_string_equal(sql_error(sql_outcome_of(&scene, "a.1"), "sqlstate"), "23503");
    assert_string_equal(sql_error(sql_outcome_of(&scene, "a.1"), "sent"), "no");
}

static void what_reads_can_not_write(void **state)
{
    (void)state;
    static const char insert[] = "INSERT INTO person VALUES (1, 'a')";
    sql_run(&scene, sql_with(sql_request(&scene, "a.1", insert, NULL), "read_only",
                             rb_value_bool(true)));
    assert_string_equal(sql_error(scene.outcome, "sqlstate"), "25006");
    sql_run(&scene, sql_with(sql_request(&scene, "a.2", insert, NULL), "class",
                             rb_value_text("read")));
    assert_string_equal(sql_error(scene.outcome, "sqlstate"), "25006");
    const struct rb_value *connection =
        sql_with(sql_connection(&scene, "replica"), "read_only", rb_value_bool(true));
    sql_run(&scene,
            sql_with(sql_request(&scene, "a.3", insert, NULL), "connection", connection));
    assert_string_equal(sql_error(scene.outcome, "sqlstate"), "25006");
    sql_run(&scene,
            sql_with(sql_request(&scene, "a.4", "SET TRANSACTION READ WRITE", insert, NULL),
                     "read_only", rb_value_bool(true)));
    assert_string_equal(sql_error(scene.outcome, "sqlstate"), "25001");
    assert_query("SELECT count(*) FROM person", "0");
    assert_int_equal(scene.noted_count, 0);
}

static void a_statement_can_not_end_the_transaction(void **state)
{
    (void)state;
    sql_run(&scene, sql_request(&scene, "a.1", "INSERT INTO person VALUES (1, 'a')",
                                "/* so */ ; -- and so\n commit", NULL));
    assert_string_equal(sql_error(scene.outcome, "code"), "refused");
    assert_string_equal(sql_error(scene.outcome, "sent"), "no");
    assert_query("SELECT count(*) FROM person", "0");
}

static void statements_on_their_own_stay_where_a_later_one_fails(void **state)
{
    (void)state;
    sql_run(&scene,
            sql_with(sql_request(&scene, "a.1", "INSERT INTO person VALUES (1, 'a')",
                                 "CREATE INDEX CONCURRENTLY ON person (name)",
                                 "INSERT INTO person VALUES (1, 'b')", NULL),
                     "transaction", rb_value_bool(false)));
    assert_string_equal(sql_error(scene.outcome, "sqlstate"), "23505");
    assert_string_equal(sql_error(scene.outcome, "sent"), "part");
    assert_int_equal(rb_value_count(rb_value_get(scene.outcome, "results")), 2);
    assert_query("SELECT name FROM person", "a");
    assert_int_equal(scene.noted_count, 0);
}

static void notices_are_kept(void **state)
{
    (void)state;
    sql_run(&scene, sql_request(&scene, "a.1",
                                "DO $$ BEGIN RAISE WARNING 'one'; "
                                "FOR i IN 1..299 LOOP RAISE NOTICE 'n%', i; END LOOP; "
                                "END $$",
                                NULL));
    sql_assert_good(scene.outcome);
    const struct rb_value *notices = rb_value_get(scene.outcome, "notices");
    assert_int_equal(rb_value_count(notices), 200);
    assert_int_equal(rb_value_get_int(scene.outcome, "notices_lost", 0), 100);
    assert_string_equal(rb_value_get_text(rb_value_at(notices, 0), "severity", ""),
                        "WARNING");
    assert_string_equal(rb_value_get_text(rb_value_at(notices, 1), "message", ""), "n1");
}

static void a_million_rows_take_no_memory(void **state)
{
    (void)state;
    struct rusage before, after;
    sql_exec(&scene, "SELECT 1");
    getrusage(RUSAGE_SELF, &before);
    sql_run(&scene, sql_request(&scene, "a.1",
                                "SELECT i, 'a row of some length ' || i "
                                "FROM generate_series(1, 1000000) i",
                                NULL));
    getrusage(RUSAGE_SELF, &after);
    sql_assert_good(scene.outcome);
    const struct rb_value *out = rb_value_get(result_at(0), "out");
    assert_int_equal(rb_value_get_int(result_at(0), "rows", -1), 1000000);
    assert_int_equal(rb_value_get_int(out, "bytes", -1), 40777792);
    assert_int_equal(rb_value_get_int(out, "lost", -1), 0);
#ifndef __SANITIZE_ADDRESS__ /* keeps what was freed for a while */
    assert_true(after.ru_maxrss - before.ru_maxrss < 10 << 10);
#endif
    RB_AUTO_FREE char *table = sql_blob(&scene, scene.outcome, 0, "table");
    assert_non_null(strstr(table, "\n20 | a row of some length 20\n"
                                  "(20 of 1000000 rows)\n"));
}

static void rows_beyond_the_caps_are_counted(void **state)
{
    (void)state;
    static const char query[] = "SELECT 'abcdef' FROM generate_series(1, 10)";
    sql_run(&scene,
            sql_with(sql_request(&scene, "a.1", query, NULL), "max_rows", rb_value_int(2)));
    RB_AUTO_FREE char *two = sql_blob(&scene, scene.outcome, 0, "out");
    assert_string_equal(two, "[\"abcdef\"]\n[\"abcdef\"]\n");
    assert_int_equal(rb_value_get_int(rb_value_get(result_at(0), "out"), "lost", -1), 88);
    assert_int_equal(rb_value_get_int(result_at(0), "rows", -1), 10);
    sql_run(&scene, sql_with(sql_request(&scene, "a.2", query, NULL), "cap_bytes",
                             rb_value_int(20)));
    RB_AUTO_FREE char *one = sql_blob(&scene, scene.outcome, 0, "out");
    assert_string_equal(one, "[\"abcdef\"]\n");
    sql_run(&scene, sql_with(sql_request(&scene, "a.3", query, NULL), "cap_bytes",
                             rb_value_int(10)));
    assert_int_equal(rb_value_get_int(rb_value_get(result_at(0), "out"), "lost", -1), 110);
    assert_null(rb_value_get(rb_value_get(result_at(0), "out"), "blob"));
}

static void a_session_is_as_new_for_each_request(void **state)
{
    (void)state;
    static const char pid[] = "SELECT pg_backend_pid(), current_setting('search_path'), "
                              "to_regclass('pg_temp.mine')";
    sql_run(&scene, sql_request(&scene, "a.1", pid, NULL));
    RB_AUTO_FREE char *first = sql_blob(&scene, scene.outcome, 0, "out");
    sql_run(&scene, sql_request(&scene, "a.2", "SET search_path = nowhere",
                                "CREATE TEMP TABLE mine (i int)", NULL));
    sql_assert_good(scene.outcome);
    sql_run(&scene, sql_request(&scene, "a.3", pid, NULL));
    RB_AUTO_FREE char *second = sql_blob(&scene, scene.outcome, 0, "out");
    assert_string_equal(first, second);
}

static void copy_is_refused_and_the_next_request_works(void **state)
{
    (void)state;
    sql_run(&scene, sql_request(&scene, "a.1", "INSERT INTO person VALUES (1, 'a')",
                                "COPY person FROM STDIN", NULL));
    assert_string_equal(sql_error(scene.outcome, "code"), "refused");
    assert_string_equal(sql_error(scene.outcome, "sent"), "no");
    sql_run(&scene, sql_request(&scene, "a.2", "COPY person TO STDOUT", NULL));
    assert_string_equal(sql_error(scene.outcome, "code"), "refused");
    assert_query("SELECT count(*) FROM person", "0");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_parameter_is_never_part_of_the_text),
        TEST(two_commands_in_one_text_are_refused_by_the_server_too),
        TEST(null_and_types_come_through),
        TEST(each_statement_has_its_result),
        TEST(an_error_rolls_all_of_them_back),
        TEST(a_deferred_constraint_fails_at_commit),
        TEST(what_reads_can_not_write),
        TEST(a_statement_can_not_end_the_transaction),
        TEST(statements_on_their_own_stay_where_a_later_one_fails),
        TEST(notices_are_kept),
        TEST(a_million_rows_take_no_memory),
        TEST(rows_beyond_the_caps_are_counted),
        TEST(a_session_is_as_new_for_each_request),
        TEST(copy_is_refused_and_the_next_request_works),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
