#include "bench.h"
#include "lua/clause.h"

/* "a == 1|b" for two clauses, the operator of each in brackets, literals marked by '. */
static void splits(const char *source, const char *expected)
{
    struct rb_clause clauses[RB_CLAUSE_MAX];
    RB_AUTO_BUF struct rb_buf text = {0};
    int count = rb_clause_split(source, strlen(source), clauses);
    for (int i = 0; i < count; i++) {
        const struct rb_clause *c = &clauses[i];
        rb_buf_puts(&text, i > 0 ? "|" : "");
        rb_buf_append(&text, c->text, c->op);
        if (c->op_length > 0) {
            rb_buf_puts(&text, c->left_literal ? "'[" : "[");
            rb_buf_append(&text, c->text + c->op, c->op_length);
            rb_buf_puts(&text, c->right_literal ? "]'" : "]");
        }
        size_t from = c->op + c->op_length;
        rb_buf_append(&text, c->text + from, c->length - from);
    }
    assert_string_equal(rb_buf_text(&text), expected);
}

static void a_condition_is_taken_apart_at_and_and_its_comparison(void **state)
{
    (void)state;
    splits("a", "a");
    splits("a == 1", "a [==]' 1");
    splits(" 'x' ~= b.c ", "'x' '[~=] b.c");
    splits("a <= b and not c and d > 2", "a [<=] b|not c|d [>]' 2");
    splits("f(a == b, c and d) == nil", "f(a == b, c and d) [==]' nil");
    splits("-1 < a", "-1 [<] a");
    splits("a == -- why\n 2", "a [==]' -- why\n 2");
    splits("a ~ b == c", "a ~ b [==] c");
}

static void a_chain_of_comparisons_has_no_operands(void **state)
{
    (void)state;
    splits("a == b == c", "a == b == c");
    splits("(a == b)", "(a == b)");
}

static void what_can_not_be_taken_apart_is_left_whole(void **state)
{
    (void)state;
    splits("a == 1 or b == 2", "");
    splits("a == 1 and b or c", "");
    splits("f(function() return a == b end) == 1", "");
    splits("a == 1, 'why'", "");
    splits("a == ", "a ==");
    splits("and a", "");
    splits("a) == (b", "");
    splits("(a == b", "");
    splits("a == 'x", "");
    splits("", "");
}

static void a_clause_knows_its_line(void **state)
{
    (void)state;
    struct rb_clause clauses[RB_CLAUSE_MAX];
    const char *source = "\na == 1 and\n\nb == 2";
    assert_int_equal(rb_clause_split(source, strlen(source), clauses), 2);
    assert_int_equal(clauses[0].line, 1);
    assert_int_equal(clauses[1].line, 3);
}

static void more_clauses_than_fit_are_left_whole(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf source = {0};
    rb_buf_puts(&source, "a");
    for (int i = 0; i < RB_CLAUSE_MAX; i++)
        rb_buf_puts(&source, " and a");
    splits(rb_buf_text(&source), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_is_taken_apart_at_and_and_its_comparison),
        cmocka_unit_test(a_chain_of_comparisons_has_no_operands),
        cmocka_unit_test(what_can_not_be_taken_apart_is_left_whole),
        cmocka_unit_test(a_clause_knows_its_line),
        cmocka_unit_test(more_clauses_than_fit_are_left_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
