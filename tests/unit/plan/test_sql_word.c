/* What a statement may be, by the word that it begins with. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "plan/sql_word.h"

static void assert_word(const char *text, bool reads, const char *word)
{
    struct rb_error err = {0};
    bool fits = rb_sql_word_check(text, reads, &err);
    if (fits != !word || (word && strncmp(err.message, word, strlen(word)) != 0))
        fail_msg("%s: %s", text, fits ? "it may stand" : err.message);
}

static void what_begins_or_ends_a_transaction_is_refused(void **state)
{
    (void)state;
    assert_word("COMMIT", false, "COMMIT");
    assert_word("  commit;", false, "COMMIT");
    assert_word(";;end", false, "END");
    assert_word("-- so\nrollback to a", false, "ROLLBACK");
    assert_word("/* /* nested */ still */Abort", false, "ABORT");
    assert_word("start transaction", false, "START");
    assert_word("BEGIN/**/", false, "BEGIN");
    assert_word("prepare /* */ transaction 'x'", false, "PREPARE TRANSACTION");
}

static void what_only_looks_like_it_is_left_alone(void **state)
{
    static const char *const texts[] = {"SELECT 'COMMIT'", "committed()", "end_of_day",
                                        "beginü", "PREPARE a AS SELECT 1"};
    (void)state;
    for (size_t i = 0; i < RB_COUNT(texts); i++)
        assert_word(texts[i], false, NULL);
    assert_true(rb_sql_word_is_missing("/* /* */ COMMIT")); /* all of it is a comment */
    assert_true(rb_sql_word_is_missing("-- COMMIT"));
    assert_true(rb_sql_word_is_missing(" ;; "));
    assert_false(rb_sql_word_is_missing("; COMMIT"));
}

static void several_commands_are_no_statement(void **state)
{
    static const char *const texts[] = {"select 1;", "select ';' -- ;\n;;",
                                        "select $$;$$ /* ; */",
                                        "create function a() begin atomic select 1; end"};
    (void)state;
    assert_word("select 1; drop table a", false, "several commands");
    assert_word(";select ';';-- so\n;drop table a", false, "several commands");
    for (size_t i = 0; i < RB_COUNT(texts); i++)
        assert_word(texts[i], false, NULL);
}

static void what_a_read_only_transaction_lets_through_is_refused_to_what_reads(void **state)
{
    static const char *const texts[] = {"copy (select 1) to program 'x'",
                                        "/* so */ ; COPY a TO '/tmp/a'",
                                        "Do $$ begin copy a to program 'x'; end $$",
                                        "CALL a()",
                                        "notify a",
                                        "LISTEN a",
                                        "load 'a'",
                                        "CHECKPOINT",
                                        "analyze",
                                        "reindex table a",
                                        "lock table a",
                                        "execute a",
                                        "EXPLAIN ANALYZE create table a as select 1",
                                        "EXPLAIN ANALYSE select 1 into a",
                                        "explain /* ) */ analyze verbose select 1 into a",
                                        "explain (verbose, ANALYZE true) select 1 into a",
                                        "explain (\"analyze\") select 1 into a",
                                        "(copy a to program 'x')",
                                        "selects",
                                        "'a'"};
    (void)state;
    for (size_t i = 0; i < RB_COUNT(texts); i++) {
        assert_word(texts[i], false, NULL);
        assert_word(texts[i], true, "");
    }
    assert_word("copy (select 1) to program 'x'", true, "copy may do more than read");
    assert_word("explain analyze select 1 into a", true, "explain ANALYZE may do more");
}

static void what_reads_or_is_refused_by_the_server_is_left_to_it(void **state)
{
    static const char *const texts[] = {"select 1",
                                        ";SELECT 'copy'",
                                        "( (select 1) union (select 2))",
                                        "(/**/values (1))",
                                        "table a",
                                        "with a as (select 1) select * from a",
                                        "show work_mem",
                                        "set local work_mem = '1MB'",
                                        "explain select 'analyze'",
                                        "explain (format json) select \"analyze\" from a",
                                        "fetch all from a",
                                        "insert into a values (1)",
                                        "delete from a"};
    (void)state;
    for (size_t i = 0; i < RB_COUNT(texts); i++)
        assert_word(texts[i], true, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_begins_or_ends_a_transaction_is_refused),
        cmocka_unit_test(several_commands_are_no_statement),
        cmocka_unit_test(what_only_looks_like_it_is_left_alone),
        cmocka_unit_test(
            what_a_read_only_transaction_lets_through_is_refused_to_what_reads),
        cmocka_unit_test(what_reads_or_is_refused_by_the_server_is_left_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
