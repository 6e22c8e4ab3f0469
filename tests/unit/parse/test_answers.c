#include "reading.h"

#include "parse/answers.h"

/* The answers as canonical JSON, or the findings as "608@3:4 ...". */
static char *read_answers(const char *text)
{
    struct rb_arena *arena = rb_arena_new();
    struct rb_diags diags = {0};
    const struct rb_value *answers = NULL;
    struct rb_buf out = {0};
    bool good = rb_answers_read(arena, "a.yaml", text, strlen(text), &diags, &answers);
    assert_int_equal(good, diags.errors == 0);
    rb_diags_sort(&diags);
    for (int i = 0; i < diags.count; i++)
        rb_buf_printf(&out, "%s%d@%d:%d", i ? " " : "", diags.items[i].code,
                      diags.items[i].span.line, diags.items[i].span.column);
    if (good)
        rb_json_encode(answers, &out);
    rb_value_unref(answers);
    rb_diags_done(&diags);
    rb_arena_free(arena);
    return rb_buf_take(&out);
}

static void expect_answers(const char *text, const char *expected)
{
    RB_AUTO_FREE char *found = read_answers(text);
    assert_string_equal(found, expected);
}

static void an_answer_is_a_word(void **state)
{
    (void)state;
    expect_answers("answers:\n  release-ok: yes\n  go: no\n  migrate.failure: retry\n",
                   "{\"go\":[{\"answer\":\"no\",\"line\":3}],"
                   "\"migrate.failure\":[{\"answer\":\"retry\",\"line\":4}],"
                   "\"release-ok\":[{\"answer\":\"yes\",\"line\":2}]}");
}

static void an_answer_may_come_with_more(void **state)
{
    (void)state;
    expect_answers(
        "answers:\n"
        "  pre.disk: {answer: yes, note: 41 % free, evidence: df.txt, reason: seen}\n",
        "{\"pre.disk\":[{\"answer\":\"yes\",\"evidence\":\"df.txt\",\"line\":2,"
        "\"note\":\"41 % free\",\"reason\":\"seen\"}]}");
}

static void a_question_that_is_asked_again_has_a_list(void **state)
{
    (void)state;
    expect_answers(
        "answers:\n  copy[2].failure:\n  - retry\n  - {answer: skip, reason: late}\n",
        "{\"copy[2].failure\":[{\"answer\":\"retry\",\"line\":3},"
        "{\"answer\":\"skip\",\"line\":4,\"reason\":\"late\"}]}");
}

static void plain_numbers_and_truths_are_typed(void **state)
{
    (void)state;
    expect_answers(
        "answers: {a: 4711, b: '4711', c: 0.5, d: true, e: 1.10, f: 010, g: on}\n",
        "{\"a\":[{\"answer\":4711,\"line\":1}],\"b\":[{\"answer\":\"4711\",\"line\":1}],"
        "\"c\":[{\"answer\":{\"$number\":\"0.5\"},\"line\":1}],"
        "\"d\":[{\"answer\":true,\"line\":1}],\"e\":[{\"answer\":\"1.10\",\"line\":1}],"
        "\"f\":[{\"answer\":\"010\",\"line\":1}],\"g\":[{\"answer\":\"on\",\"line\":1}]}");
}

static void mistakes_are_found(void **state)
{
    (void)state;
    expect_answers("answrs: {a: yes}\n", "201@1:1 202@1:1");
    expect_answers("answers: [a]\n", "203@1:10");
    expect_answers("answers: {a: {anser: yes}}\n", "202@1:14 201@1:15");
    expect_answers("answers: {a: {answer: [x]}, b: {answer: y, note: [z]}}\n",
                   "203@1:23 203@1:50");
    expect_answers("answers: {a: [[yes]]}\n", "608@1:15");
    expect_answers("answers: {a: }\n", "203@1:14");
    expect_answers("answers: {a: yes, a: no}\n", "107@1:19");
    expect_answers("- a\n", "203@1:1");
    expect_answers("answers: {}\nmore: x\n", "201@2:1");
}

static void no_answers_are_answers_too(void **state)
{
    (void)state;
    expect_answers("answers: {}\n", "{}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_a_word),
        cmocka_unit_test(an_answer_may_come_with_more),
        cmocka_unit_test(a_question_that_is_asked_again_has_a_list),
        cmocka_unit_test(plain_numbers_and_truths_are_typed),
        cmocka_unit_test(mistakes_are_found),
        cmocka_unit_test(no_answers_are_answers_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
