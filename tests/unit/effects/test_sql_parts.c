/* What needs no server: which requests are put to one, and in which words. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "effects/pq_api.h"
#include "effects/sql_params.h"
#include "effects/sql_request.h"

static const struct rb_value *request(const char *text, const struct rb_value *params)
{
    return rb_value_map(
        "statements",
        rb_value_list(rb_value_map("text", rb_value_text(text), "params", params, NULL),
                      NULL),
        NULL);
}

static void assert_refused(const struct rb_value *owned, const char *part)
{
    struct rb_error err;
    RB_AUTO_VALUE const struct rb_value *checked = owned;
    assert_false(rb_sql_request_check(checked, &err));
    if (!strstr(err.message, part))
        fail_msg("%s", err.message);
}

static void a_refusal_names_the_place_and_no_value(void **state)
{
    (void)state;
    struct rb_error err;
    RB_AUTO_VALUE const struct rb_value *good =
        request("SELECT $1, $2", rb_value_list(rb_value_null(), rb_value_text(""), NULL));
    assert_true(rb_sql_request_check(good, &err));
    assert_refused(request(" ; -- nothing", NULL), "statement 1 is empty");
    assert_refused(request("commit", NULL), "statement 1: COMMIT");
    assert_refused(request("SELECT $1", rb_value_list(rb_value_int(1), NULL)),
                   "$1 of statement 1 is neither");
    assert_refused(rb_value_map("class", rb_value_text("write"), NULL), "no statement");
    assert_refused(rb_value_map("read_only", rb_value_bool(true), "transaction",
                                rb_value_bool(false), NULL),
                   "one transaction");
}

static void assert_param_refused(const char *key, const struct rb_value *owned,
                                 const char *part)
{
    struct rb_error err;
    RB_AUTO_VALUE const struct rb_value *params = rb_value_map(key, owned, NULL);
    assert_false(rb_sql_params_check(params, &err));
    if (!strstr(err.message, part) || strstr(err.message, "sesame"))
        fail_msg("%s", err.message);
}

static void a_connection_names_what_it_may(void **state)
{
    (void)state;
    assert_param_refused("service", rb_value_text("x"), "no \"service\"");
    assert_param_refused("passfile", rb_value_text("/x"), "no \"passfile\"");
    assert_param_refused("options", rb_value_text("-c a=b"), "no \"options\"");
    assert_param_refused("host", rb_value_text("a,b"), "several");
    assert_param_refused("password", rb_value_string("sesame\0x", 8), "a NUL");
    assert_param_refused("port", rb_value_bool(true), "no text");
}

static const char *keyword(const struct rb_sql_keywords *keywords, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; keywords->names[i]; i++) {
        if (strcmp(keywords->names[i], name) == 0)
            value = keywords->values[i];
    }
    return value;
}

static void what_a_connection_says_stands_before_what_is_given(void **state)
{
    (void)state;
    struct rb_sql_keywords keywords;
    RB_AUTO_VALUE const struct rb_value *params =
        rb_value_map("host", rb_value_text("db"), "port", rb_value_int(5433), "sslrootcert",
                     rb_value_text("/ca.pem"), "connect_timeout", rb_value_int(3), NULL);
    rb_sql_keywords_init(&keywords, params, "192.0.2.7");
    assert_string_equal(keyword(&keywords, "host"), "db");
    assert_string_equal(keyword(&keywords, "hostaddr"), "192.0.2.7");
    assert_string_equal(keyword(&keywords, "port"), "5433");
    assert_string_equal(keyword(&keywords, "sslrootcert"), "/ca.pem");
    assert_string_equal(keyword(&keywords, "sslcert"), "/dev/null/none");
    assert_null(keyword(&keywords, "connect_timeout"));
    rb_sql_keywords_done(&keywords);
    assert_string_equal(rb_sql_params_host(params), "db");
    assert_int_equal(rb_sql_params_connect_timeout(params), 3 * RB_SEC);
    assert_int_equal(rb_sql_params_connect_timeout(NULL), 10 * RB_SEC);
}

static void assert_prologue(const struct rb_value *owned, const char *expected)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_sql_request_prologue(owned, &text);
    rb_value_unref(owned);
    assert_string_equal(rb_buf_text(&text), expected);
}

static void a_transaction_keeps_its_settings_to_itself(void **state)
{
    (void)state;
    assert_prologue(rb_value_map("timeout_us", rb_value_int(1500), "lock_timeout_us",
                                 rb_value_int(1), NULL),
                    "BEGIN; SET LOCAL statement_timeout = 1; SET LOCAL lock_timeout = 1; "
                    "SET LOCAL standard_conforming_strings = on");
    assert_prologue(rb_value_map("class", rb_value_text("read"), NULL),
                    "BEGIN READ ONLY; SET LOCAL standard_conforming_strings = on; "
                    "SET LOCAL default_transaction_read_only = on; SELECT");
    assert_prologue(rb_value_map("transaction", rb_value_bool(false), "timeout_us",
                                 rb_value_int(INT64_MAX), NULL),
                    "SET statement_timeout = 2147483647; "
                    "SET standard_conforming_strings = on");
}

static bool is_loaded(void)
{
    RB_AUTO_BUF struct rb_buf maps = {0};
    assert_true(rb_file_read(AT_FDCWD, "/proc/self/maps", 16 << 20, &maps, NULL));
    return strstr(rb_buf_text(&maps), "libpq.so") != NULL;
}

static void the_library_is_loaded_when_it_is_needed(void **state)
{
    (void)state;
    struct rb_error err;
    struct rb_pq *pq;
    assert_false(is_loaded());
    assert_true(rb_pq_load(&pq, &err));
    assert_true(is_loaded());
    assert_ptr_not_equal(pq->connectPoll, NULL);
    rb_pq_unref(pq);
}

/* In a process of its own: exits with 0 when the error says what to install. */
static int load_broken(void)
{
    struct rb_error err;
    struct rb_pq *pq;
    return rb_pq_load(&pq, &err) || err.code != RB_ERR_NOT_FOUND ||
           !strstr(err.message, "libpq5");
}

static void a_library_that_can_not_be_loaded_is_named(void **state)
{
    (void)state;
    char folder[] = "/tmp/rb-pq-XXXXXX", path[64], search[64];
    int status;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/libpq.so.5", folder);
    snprintf(search, sizeof search, "LD_LIBRARY_PATH=%s", folder);
    assert_true(rb_file_create(AT_FDCWD, path, "no library", 10, false, NULL));
    pid_t pid = fork();
    if (pid == 0) {
        execle("/proc/self/exe", "test", "load", NULL, (char *[]){search, NULL});
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    unlink(path);
    rmdir(folder);
    assert_int_equal(status, 0);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "load") == 0)
        return load_broken();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_is_loaded_when_it_is_needed),
        cmocka_unit_test(a_library_that_can_not_be_loaded_is_named),
        cmocka_unit_test(a_refusal_names_the_place_and_no_value),
        cmocka_unit_test(a_connection_names_what_it_may),
        cmocka_unit_test(what_a_connection_says_stands_before_what_is_given),
        cmocka_unit_test(a_transaction_keeps_its_settings_to_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
