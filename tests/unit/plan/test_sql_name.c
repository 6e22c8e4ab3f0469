/* Names in SQL text: where they can stand, and how they are quoted. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/sql_lexer.h"
#include "plan/sql_name.h"

static const struct rb_value *name(const char *one, const char *two)
{
    return rb_value_map("ident",
                        two ? rb_value_list(rb_value_text(one), rb_value_text(two), NULL)
                            : rb_value_list(rb_value_text(one), NULL),
                        NULL);
}

/* `before`, a name, `after`: put together, or what is wrong. */
static void assert_text(const char *before, const struct rb_value *owned_name,
                        const char *after, const char *expected)
{
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf text = {0};
    RB_AUTO_VALUE const struct rb_value *list =
        rb_value_list(rb_value_text(before), owned_name, rb_value_text(after), NULL);
    if (!rb_sql_text_check(list, &err)) {
        if (!strstr(err.message, expected))
            fail_msg("%s: %s", before, err.message);
        return;
    }
    rb_sql_text_join(list, &text);
    assert_string_equal(rb_buf_text(&text), expected);
}

static void a_name_is_quoted_whatever_is_in_it(void **state)
{
    (void)state;
    assert_text("select * from ", name("Orders", NULL), "", "select * from \"Orders\"");
    assert_text("table ", name("a", "b"), ";", "table \"a\".\"b\";");
    assert_text("table ", name("x\"; DROP TABLE t; --", NULL), "",
                "table \"x\"\"; DROP TABLE t; --\"");
    assert_text("select ", name("a", NULL), ".b", "select \"a\".b");
    assert_text("insert into t(", name("é", NULL), ")", "insert into t(\"é\")");
    assert_text("/* ' */ select '--', E'\\'', $x$ ' $x$, t.", name("c", NULL), "::text",
                "/* ' */ select '--', E'\\'', $x$ ' $x$, t.\"c\"::text");
}

static void what_is_no_name_is_refused(void **state)
{
    (void)state;
    char longest[65];
    memset(longest, 'x', sizeof longest);
    longest[64] = '\0';
    assert_text("table ", name("", NULL), "", "part 1 of a name is empty");
    assert_text("table ", name("a", longest), "", "part 2 of a name has 64 bytes");
    assert_text("table ", name("a\xff", NULL), "", "is not UTF-8");
    assert_text(
        "table ",
        rb_value_map("ident", rb_value_list(rb_value_string("a\0b", 3), NULL), NULL), "",
        "NUL");
    assert_text("table ", rb_value_map("ident", rb_value_list(rb_value_int(1), NULL), NULL),
                "", "is a integer");
    assert_text("table ", rb_value_map("ident", rb_value_list(NULL), NULL), "",
                "not what sql.ident gives");
    assert_text("table ", rb_value_map("ident", rb_value_text("a"), NULL), "",
                "not what sql.ident gives");
    assert_text("table ", rb_value_list(rb_value_text("a"), NULL), "",
                "not what sql.ident gives");
}

static void a_name_stands_where_it_is_read_as_one(void **state)
{
    (void)state;
    static const char *const places[] = {
        "select '",    "select \"",       "select E'\\'",       "-- ",    "/* /* */ ",
        "select $x$ ", "select E'a''\\'", "select E'a'\n'\\' ", "-- a\r'"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        assert_text(places[i], name("a", NULL), "", "in quotes or in a comment");
    static const char *const beside[] = {"select a", "select \"a\"", "select U&",
                                         "select 'a'", "select $1"};
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        assert_text(beside[i], name("a", NULL), "", "touches");
    assert_text("table ", name("a", NULL), "b", "touches");
    assert_text("table ", name("a", NULL), "\"b\"", "touches");
    struct rb_error err;
    RB_AUTO_VALUE const struct rb_value *two =
        rb_value_list(rb_value_text("table "), name("a", NULL), name("b", NULL), NULL);
    assert_false(rb_sql_text_check(two, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_quoted_whatever_is_in_it),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(a_name_stands_where_it_is_read_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
