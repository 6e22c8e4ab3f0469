#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/template.h"

#include <math.h>

#include "base/json.h"

static const struct rb_expr exprs[] = {
    {.source = "vars.a", .where = "deploy.run"},
    {.source = "params.b", .where = "deploy.env.B"},
    {.source = "steps.x", .where = "deploy.title"},
};
static const struct rb_plan plan = {.exprs = exprs, .expr_count = 3};

static const struct rb_value *expr(int number)
{
    return rb_value_map("$expr", rb_value_int(number), NULL);
}

static const struct rb_value *values(void)
{
    return rb_value_map("0", rb_value_text("A"), "1", rb_value_int(7), "2",
                        rb_value_list(rb_value_bool(true), NULL), NULL);
}

/* Takes over `owned`. */
static void expect_filled(const struct rb_value *owned, const char *json)
{
    RB_AUTO_VALUE const struct rb_value *given = values(), *filled = NULL;
    RB_AUTO_BUF struct rb_buf text = {0};
    struct rb_error err = {0};
    if (!rb_template_fill(&plan, owned, given, &filled, &err))
        fail_msg("%s", err.message);
    rb_json_print(filled, 0, &text);
    assert_string_equal(rb_buf_text(&text), json);
    rb_value_unref(owned);
}

static void expect_refused(const struct rb_value *owned, const char *message)
{
    RB_AUTO_VALUE const struct rb_value *given = values();
    const struct rb_value *filled = NULL;
    struct rb_error err = {0};
    assert_false(rb_template_fill(&plan, owned, given, &filled, &err));
    assert_int_equal(err.code, RB_ERR_INVALID);
    assert_string_equal(err.message, message);
    assert_null(filled);
    rb_value_unref(owned);
}

static void what_holds_no_leaf_stays_as_it_is(void **state)
{
    (void)state;
    expect_filled(rb_value_text("plain"), "\"plain\"");
    expect_filled(NULL, "null");
    expect_filled(
        rb_value_map("a", rb_value_list(rb_value_null(), rb_value_int(1), NULL), NULL),
        "{\"a\":[null,1]}");
    expect_filled(rb_value_map("$expr", rb_value_int(0), "b", rb_value_int(1), NULL),
                  "{\"$expr\":0,\"b\":1}");
}

static void a_lone_expression_keeps_its_type(void **state)
{
    (void)state;
    expect_filled(expr(0), "\"A\"");
    expect_filled(expr(1), "7");
    expect_filled(expr(2), "[true]");
    expect_filled(
        rb_value_map("argv", rb_value_list(rb_value_text("x"), expr(1), NULL), NULL),
        "{\"argv\":[\"x\",7]}");
}

static void texts_and_values_are_joined(void **state)
{
    (void)state;
    expect_filled(rb_value_map("$text",
                               rb_value_list(rb_value_text("a="), expr(0),
                                             rb_value_text(" b="), expr(1), NULL),
                               NULL),
                  "\"a=A b=7\"");
    expect_filled(rb_value_map("$text", rb_value_list(NULL), NULL), "\"\"");
}

static void a_value_is_never_read_as_a_template(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *given =
        rb_value_map("0", expr(1), "1", rb_value_text("secret"), NULL);
    RB_AUTO_VALUE const struct rb_value *spec = expr(0), *filled = NULL;
    assert_true(rb_template_fill(&plan, spec, given, &filled, NULL));
    RB_AUTO_VALUE const struct rb_value *same = expr(1);
    assert_true(rb_value_equal(filled, same));
}

static void a_list_in_the_middle_of_a_text_is_refused(void **state)
{
    (void)state;
    expect_refused(
        rb_value_map("$text", rb_value_list(rb_value_text("x"), expr(2), NULL), NULL),
        "deploy.title: \"steps.x\" is a list, which can't stand in the middle of a text");
}

static void an_expression_without_a_value_is_refused(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *spec = expr(1);
    const struct rb_value *filled;
    struct rb_error err = {0};
    assert_false(rb_template_fill(&plan, spec, NULL, &filled, &err));
    assert_string_equal(err.message, "deploy.env.B: \"params.b\" has no value yet");
    expect_refused(expr(3), "the plan has no expression 3");
    expect_refused(rb_value_list(rb_value_text("a"), expr(-2), NULL),
                   "the plan has no expression -2");
    expect_refused(rb_value_map("a", expr(99), NULL), "the plan has no expression 99");
}

static void expect_text(const struct rb_value *owned, const char *text)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    assert_int_equal(rb_template_text(owned, &out), text != NULL);
    assert_string_equal(rb_buf_text(&out), text ? text : "");
    rb_value_unref(owned);
}

static void scalars_have_the_text_that_lua_gives_them(void **state)
{
    (void)state;
    expect_text(rb_value_text("x"), "x");
    expect_text(rb_value_int(-5), "-5");
    expect_text(rb_value_bool(true), "true");
    expect_text(rb_value_bool(false), "false");
    expect_text(rb_value_number(1), "1.0");
    expect_text(rb_value_number(-0.0), "-0.0");
    expect_text(rb_value_number(0.1 + 0.2), "0.3");
    expect_text(rb_value_number(1e15), "1e+15");
    expect_text(rb_value_number(INFINITY), "inf");
    expect_text(rb_value_number(-NAN), "nan");
    expect_text(rb_value_null(), NULL);
    expect_text(rb_value_list(NULL), NULL);
    expect_text(rb_value_map(NULL), NULL);
    expect_text(NULL, NULL);
}

static void expressions_are_listed_in_the_order_they_appear(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *spec = rb_value_map(
        "b",
        rb_value_list(expr(2),
                      rb_value_map("$text", rb_value_list(expr(0), expr(2), NULL), NULL),
                      NULL),
        "a", rb_value_map("x", expr(1), NULL), "c", rb_value_text("none"), NULL);
    int *items = NULL, count = 0, capacity = 0;
    rb_template_exprs(spec, &items, &count, &capacity);
    static const int expected[] = {1, 2, 0, 2};
    assert_int_equal(count, 4);
    assert_memory_equal(items, expected, sizeof expected);
    rb_template_exprs(NULL, &items, &count, &capacity);
    assert_int_equal(count, 4);
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_holds_no_leaf_stays_as_it_is),
        cmocka_unit_test(a_lone_expression_keeps_its_type),
        cmocka_unit_test(texts_and_values_are_joined),
        cmocka_unit_test(a_value_is_never_read_as_a_template),
        cmocka_unit_test(a_list_in_the_middle_of_a_text_is_refused),
        cmocka_unit_test(an_expression_without_a_value_is_refused),
        cmocka_unit_test(scalars_have_the_text_that_lua_gives_them),
        cmocka_unit_test(expressions_are_listed_in_the_order_they_appear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
