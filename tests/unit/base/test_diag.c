#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/diag.h"

#include <string.h>

#include "base/arena.h"
#include "base/mem.h"

static struct rb_span at(const struct rb_source *source, int line, int column)
{
    return (struct rb_span){source, line, column, line, column + 1};
}

static void a_diagnostic_has_the_severity_of_its_code(void **state)
{
    (void)state;
    RB_CLEANUP(rb_diags_done) struct rb_diags diags = {0};
    struct rb_diag *diag =
        rb_diag_add(&diags, 201, at(NULL, 3, 5), "unknown key `%s`", "gaet");
    assert_int_equal(diag->severity, RB_DIAG_ERROR);
    assert_string_equal(diag->message, "unknown key `gaet`");
    assert_null(diag->help);
    assert_int_equal(diag->also.line, 0);
    assert_int_equal(diags.count, 1);
    assert_int_equal(diags.errors, 1);
}

static void help_and_a_second_place_can_be_added(void **state)
{
    (void)state;
    RB_CLEANUP(rb_diags_done) struct rb_diags diags = {0};
    struct rb_diag *diag = rb_diag_add(&diags, 201, at(NULL, 3, 5), "twice");
    rb_diag_help(diag, "first thought");
    rb_diag_help(diag, "did you mean `%s`?", "gate");
    rb_diag_also(diag, at(NULL, 1, 2), "first");
    rb_diag_also(diag, at(NULL, 1, 1), "first defined here");
    assert_string_equal(diag->help, "did you mean `gate`?");
    assert_int_equal(diag->also.column, 1);
    assert_string_equal(diag->also_label, "first defined here");
}

static void control_characters_are_made_visible(void **state)
{
    (void)state;
    RB_CLEANUP(rb_diags_done) struct rb_diags diags = {0};
    struct rb_diag *diag = rb_diag_add(&diags, 201, at(NULL, 1, 1), "a\nb%s", "\x1B[31m");
    // NOLINTNEXTLINE(misc-misleading-bidirectional): bytes that have to become visible
    rb_diag_help(diag, "%s", "\xE2\x80\xAE");
    rb_diag_also(diag, at(NULL, 1, 1), "\a");
    assert_string_equal(diag->message, "a\\nb\\e[31m");
    assert_string_equal(diag->help, "\\u202e");
    assert_string_equal(diag->also_label, "\\x07");
}

static void they_are_sorted_by_place_and_code(void **state)
{
    (void)state;
    struct rb_arena *arena = rb_arena_new();
    const struct rb_source *a = rb_source_new(arena, "a.yaml", "", 0);
    const struct rb_source *b = rb_source_new(arena, "b.yaml", "", 0);
    RB_CLEANUP(rb_diags_done) struct rb_diags diags = {0};
    rb_diag_add(&diags, 101, at(b, 1, 1), "7");
    rb_diag_add(&diags, 201, at(a, 10, 1), "6");
    rb_diag_add(&diags, 401, at(a, 2, 9), "5");
    rb_diag_add(&diags, 201, at(a, 2, 9), "4");
    rb_diag_add(&diags, 201, at(a, 2, 9), "3");
    rb_diag_add(&diags, 201, at(a, 2, 1), "2");
    rb_diag_add(&diags, 201, (struct rb_span){0}, "1");
    rb_diags_sort(&diags);
    assert_int_equal(diags.count, 7);
    for (int i = 0; i < diags.count; i++)
        assert_int_equal(diags.items[i].message[0], '1' + i);
    rb_arena_free(arena);
}

static void exact_repetitions_are_removed(void **state)
{
    (void)state;
    RB_CLEANUP(rb_diags_done) struct rb_diags diags = {0};
    rb_diags_sort(&diags);
    for (int i = 0; i < 5; i++) {
        rb_diag_help(rb_diag_add(&diags, 201, at(NULL, 1, 1), "same"), "help");
        rb_diag_add(&diags, 201, at(NULL, 1, 1), "same");
        rb_diag_also(rb_diag_add(&diags, 201, at(NULL, 1, 1), "same"), at(NULL, 7, 7),
                     "there");
        rb_diag_add(&diags, 201, at(NULL, 1, 2), "same");
    }
    rb_diags_sort(&diags);
    assert_int_equal(diags.count, 4);
    assert_int_equal(diags.errors, 4);
}

/* What decides whether a runbook may run is never lost, whatever comes after it. */
static void a_full_list_keeps_counting_errors(void **state)
{
    (void)state;
    RB_CLEANUP(rb_diags_done) struct rb_diags diags = {0};
    for (int i = 1; i < RB_DIAGS_MOST; i++)
        rb_diag_add(&diags, 201, at(NULL, i, 1), "x");
    assert_false(rb_diags_full(&diags));
    for (int i = 0; i < 3; i++)
        rb_diag_help(rb_diag_add(&diags, 201, at(NULL, RB_DIAGS_MOST + i, 1), "x"), "help");
    assert_true(rb_diags_full(&diags));
    assert_int_equal(diags.count, RB_DIAGS_MOST);
    assert_int_equal(diags.errors, RB_DIAGS_MOST + 2);
    assert_int_equal(diags.items[RB_DIAGS_MOST - 1].span.line, RB_DIAGS_MOST + 2);
}

static void every_code_is_in_its_family_and_unique(void **state)
{
    (void)state;
    int count;
    const struct rb_diag_info *table = rb_diag_table(&count);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        assert_in_range(table[i].code, 101, 799);
        assert_ptr_equal(rb_diag_info(table[i].code), &table[i]);
        if (i > 0 && table[i].code <= table[i - 1].code)
            fail_msg("RB%04d comes after RB%04d", table[i].code, table[i - 1].code);
    }
    assert_null(rb_diag_info(100));
}

/* Lines of at most 92 columns; what is wrong and what is right under their headings. */
static bool is_explained(const char *text)
{
    const char *wrong = strstr(text, "\nWrong"), *right = strstr(text, "\nRight");
    if (!wrong || !right || text[strlen(text) - 1] != '\n')
        return false;
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        if (strcspn(line, "\n") > 92)
            return false;
    }
    const char *wrong_example = strstr(wrong, "\n    "),
               *right_example = strstr(right, "\n    ");
    if (!wrong_example || !right_example || wrong_example > right)
        return false;
    size_t length = (size_t)(right - wrong_example);
    return length != strlen(right_example) ||
           strncmp(wrong_example, right_example, length) != 0;
}

static void every_code_is_explained_with_an_example(void **state)
{
    (void)state;
    int count;
    const struct rb_diag_info *table = rb_diag_table(&count);
    for (int i = 0; i < count; i++) {
        assert_null(strchr(table[i].title, '\n'));
        if (table[i].title[0] == '\0' || !is_explained(table[i].explanation))
            fail_msg("RB%04d: its explanation lacks something", table[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_diagnostic_has_the_severity_of_its_code),
        cmocka_unit_test(help_and_a_second_place_can_be_added),
        cmocka_unit_test(control_characters_are_made_visible),
        cmocka_unit_test(they_are_sorted_by_place_and_code),
        cmocka_unit_test(exact_repetitions_are_removed),
        cmocka_unit_test(a_full_list_keeps_counting_errors),
        cmocka_unit_test(every_code_is_in_its_family_and_unique),
        cmocka_unit_test(every_code_is_explained_with_an_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
