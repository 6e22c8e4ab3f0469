#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "render/diag.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"

/* A file, what was found in it, and what became of it. */
struct page {
    struct rb_arena *arena;
    struct rb_source *source;
    struct rb_diags diags;
    struct rb_buf out;
};

static void page_done(struct page *page)
{
    rb_diags_done(&page->diags);
    rb_buf_done(&page->out);
    rb_arena_free(page->arena);
}

#define AUTO_PAGE RB_CLEANUP(page_done) struct page

static struct page page_of(const char *path, const char *text)
{
    struct rb_arena *arena = rb_arena_new();
    return (struct page){.arena = arena,
                         .source = rb_source_new(arena, path, text, strlen(text))};
}

static struct rb_span span(const struct page *page, int line, int column, int end_column)
{
    return (struct rb_span){page->source, line, column, line, end_column};
}

static void expect_text(struct page *page, const char *text)
{
    rb_buf_clear(&page->out);
    rb_diag_render_text(&page->diags, false, &page->out);
    assert_string_equal(rb_buf_text(&page->out), text);
}

static void an_error_is_shown_with_its_line_and_a_caret(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of("release.yaml", "\n\n\n\n\n\n\n\n\n\n\n    gaet: x\n");
    struct rb_diag *diag =
        rb_diag_add(&page.diags, 201, span(&page, 12, 5, 9), "unknown key `gaet`");
    rb_diag_help(diag, "did you mean `gate`?");
    expect_text(&page, "error[RB0201]: unknown key `gaet`\n"
                       "  --> release.yaml:12:5\n"
                       "   |\n"
                       "12 |     gaet: x\n"
                       "   |     ^^^^\n"
                       "   = help: did you mean `gate`?\n"
                       "\n"
                       "1 error\n");
}

static void a_second_place_is_shown_below_the_first(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of("a.yaml", "on: stop\n\n\n\n\n\n\n\n\non: go\n");
    struct rb_diag *diag =
        rb_diag_add(&page.diags, 201, span(&page, 10, 1, 3), "`on` twice");
    rb_diag_also(diag, span(&page, 1, 1, 3), "first defined here");
    rb_diag_help(diag, "keep one");
    expect_text(&page, "error[RB0201]: `on` twice\n"
                       "  --> a.yaml:10:1\n"
                       "   |\n"
                       "10 | on: go\n"
                       "   | ^^\n"
                       "   |\n"
                       " 1 | on: stop\n"
                       "   | -- first defined here\n"
                       "   = help: keep one\n"
                       "\n"
                       "1 error\n");
}

static void a_second_place_in_another_file_has_its_name(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of("a.yaml", "x: 1");
    struct rb_source *other = rb_source_new(page.arena, "params.yaml", "y: 2", 4);
    struct rb_diag *diag = rb_diag_add(&page.diags, 601, span(&page, 1, 4, 5), "differs");
    rb_diag_also(diag, (struct rb_span){other, 1, 1, 1, 2}, "given here");
    expect_text(&page, "error[RB0601]: differs\n"
                       " --> a.yaml:1:4\n"
                       "  |\n"
                       "1 | x: 1\n"
                       "  |    ^\n"
                       " ::: params.yaml:1:1\n"
                       "  |\n"
                       "1 | y: 2\n"
                       "  | - given here\n"
                       "\n"
                       "1 error\n");
}

static void without_a_place_the_message_stands_alone(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of("a.yaml", "");
    rb_diag_help(rb_diag_add(&page.diags, 601, (struct rb_span){0}, "`v` is missing"),
                 "-p v=1");
    rb_diag_add(&page.diags, 101, (struct rb_span){.source = page.source}, "empty file");
    expect_text(&page, "error[RB0601]: `v` is missing\n"
                       "  = help: -p v=1\n"
                       "\n"
                       "error[RB0101]: empty file\n"
                       " --> a.yaml\n"
                       "\n"
                       "2 errors\n");
}

static void an_empty_line_gets_one_caret(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of("a.yaml", "a:\n");
    rb_diag_add(&page.diags, 101, span(&page, 2, 1, 1), "the file ends here");
    rb_diag_add(&page.diags, 101, span(&page, 1, 3, 3), "nothing follows");
    expect_text(&page, "error[RB0101]: the file ends here\n"
                       " --> a.yaml:2:1\n"
                       "  |\n"
                       "2 |\n"
                       "  | ^\n"
                       "\n"
                       "error[RB0101]: nothing follows\n"
                       " --> a.yaml:1:3\n"
                       "  |\n"
                       "1 | a:\n"
                       "  |   ^\n"
                       "\n"
                       "2 errors\n");
}

static void a_span_over_lines_is_marked_to_the_end_of_its_first(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of("a.yaml", "run: |\n  x\n");
    rb_diag_add(&page.diags, 101, (struct rb_span){page.source, 1, 6, 2, 4}, "block");
    rb_diag_add(&page.diags, 101, (struct rb_span){page.source, 1, 1, 9, 1}, "all");
    expect_text(&page, "error[RB0101]: block\n"
                       " --> a.yaml:1:6\n"
                       "  |\n"
                       "1 | run: |\n"
                       "  |      ^\n"
                       "\n"
                       "error[RB0101]: all\n"
                       " --> a.yaml:1:1\n"
                       "  |\n"
                       "1 | run: |\n"
                       "  | ^^^^^^\n"
                       "\n"
                       "2 errors\n");
}

static void carets_stand_below_wide_combining_and_escaped_characters(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of(
        "a.yaml", "\xE6\x97\xA5\xE6\x9C\xAC: e\xCC\x81 \x1B[2J\t\xE2\x80\xAEk\xFF v\r\n");
    rb_diag_add(&page.diags, 101, span(&page, 1, 1, 3), "wide");
    rb_diag_add(&page.diags, 101, span(&page, 1, 14, 15), "k");
    rb_diag_add(&page.diags, 101, span(&page, 1, 12, 14), "escaped");
    rb_diag_add(&page.diags, 101, span(&page, 1, 17, 18), "v");
    expect_text(&page, "error[RB0101]: wide\n"
                       " --> a.yaml:1:1\n"
                       "  |\n"
                       "1 | \xE6\x97\xA5\xE6\x9C\xAC: e\xCC\x81 \\e[2J\\t\\u202ek\\xff v\n"
                       "  | ^^^^\n"
                       "\n"
                       "error[RB0101]: k\n"
                       " --> a.yaml:1:14\n"
                       "  |\n"
                       "1 | \xE6\x97\xA5\xE6\x9C\xAC: e\xCC\x81 \\e[2J\\t\\u202ek\\xff v\n"
                       "  |                      ^\n"
                       "\n"
                       "error[RB0101]: escaped\n"
                       " --> a.yaml:1:12\n"
                       "  |\n"
                       "1 | \xE6\x97\xA5\xE6\x9C\xAC: e\xCC\x81 \\e[2J\\t\\u202ek\\xff v\n"
                       "  |              ^^^^^^^^\n"
                       "\n"
                       "error[RB0101]: v\n"
                       " --> a.yaml:1:17\n"
                       "  |\n"
                       "1 | \xE6\x97\xA5\xE6\x9C\xAC: e\xCC\x81 \\e[2J\\t\\u202ek\\xff v\n"
                       "  |                            ^\n"
                       "\n"
                       "4 errors\n");
}

static void a_long_line_is_cut_around_its_span(void **state)
{
    (void)state;
    char text[301];
    for (int i = 0; i < 300; i++)
        text[i] = (char)('a' + i % 26);
    text[300] = '\0';
    AUTO_PAGE page = page_of("a.yaml", text);
    rb_diag_add(&page.diags, 101, span(&page, 1, 150, 153), "middle");
    rb_diag_add(&page.diags, 101, span(&page, 1, 3, 5), "start");
    rb_diag_add(&page.diags, 101, span(&page, 1, 299, 301), "end");
    rb_diag_add(&page.diags, 101, span(&page, 1, 5, 250), "long");
    expect_text(
        &page,
        "error[RB0101]: middle\n"
        " --> a.yaml:1:150\n"
        "  |\n"
        "1 | "
        "..."
        "vwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvw.."
        ".\n"
        "  |                            ^^^\n"
        "\n"
        "error[RB0101]: start\n"
        " --> a.yaml:1:3\n"
        "  |\n"
        "1 | "
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzab.."
        ".\n"
        "  |   ^^\n"
        "\n"
        "error[RB0101]: end\n"
        " --> a.yaml:1:299\n"
        "  |\n"
        "1 | ...opqrstuvwxyzabcdefghijklmn\n"
        "  |                            ^^\n"
        "\n"
        "error[RB0101]: long\n"
        " --> a.yaml:1:5\n"
        "  |\n"
        "1 | "
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzab.."
        ".\n"
        "  |     "
        "^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "\n"
        "4 errors\n");
}

static void a_column_without_end_shows_no_line(void **state)
{
    (void)state;
    RB_AUTO_FREE char *text = rb_alloc(200001);
    memset(text, 'x', 200000);
    AUTO_PAGE page = page_of("a.yaml", text);
    rb_diag_add(&page.diags, 101, span(&page, 1, 150000, 150001), "far");
    expect_text(&page, "error[RB0101]: far\n"
                       " --> a.yaml:1:150000\n"
                       "\n"
                       "1 error\n");
}

static void nothing_found_is_nothing_said(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of("a.yaml", "");
    expect_text(&page, "");
    rb_diag_render_github(&page.diags, &page.out);
    assert_int_equal(page.out.length, 0);
    rb_diag_render_json(&page.diags, &page.out);
    assert_string_equal(rb_buf_text(&page.out), "[]\n");
}

static void warnings_are_counted_apart(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of("a.yaml", "x");
    rb_diag_add(&page.diags, 101, (struct rb_span){0}, "one");
    struct rb_diag *diag = rb_diag_add(&page.diags, 101, (struct rb_span){0}, "two");
    diag->severity = RB_DIAG_WARNING;
    page.diags.errors--;
    expect_text(&page,
                "error[RB0101]: one\n\nwarning[RB0101]: two\n\n1 error, 1 warning\n");
    page.diags.items[0].severity = RB_DIAG_WARNING;
    page.diags.errors--;
    expect_text(&page, "warning[RB0101]: one\n\nwarning[RB0101]: two\n\n2 warnings\n");
}

static void a_full_list_says_that_there_may_be_more(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of("a.yaml", "x");
    for (int i = 0; i < RB_DIAGS_MOST + 5; i++)
        rb_diag_add(&page.diags, 101, (struct rb_span){0}, "one");
    rb_diag_render_text(&page.diags, false, &page.out);
    static const char summary[] = "\n1005 errors; the search ended here\n";
    assert_string_equal(page.out.data + page.out.length - strlen(summary), summary);
}

static void colours_come_only_when_asked_for(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of("a.yaml", "gaet: x");
    rb_diag_help(rb_diag_add(&page.diags, 201, span(&page, 1, 1, 5), "unknown"), "gate");
    rb_diag_render_text(&page.diags, true, &page.out);
    assert_string_equal(rb_buf_text(&page.out),
                        "\x1B[1;31merror[RB0201]\x1B[0m\x1B[1m: unknown\x1B[0m\n"
                        " \x1B[1;34m-->\x1B[0m a.yaml:1:1\n"
                        "\x1B[1;34m  |\x1B[0m\n"
                        "\x1B[1;34m1 |\x1B[0m gaet: x\n"
                        "\x1B[1;34m  |\x1B[0m \x1B[1;31m^^^^\x1B[0m\n"
                        "\x1B[1;34m  =\x1B[0m help: gate\n"
                        "\n"
                        "1 error\n");
}

/* Names, lines and messages full of what a terminal would obey. */
static void nothing_from_a_file_can_act_on_a_terminal(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of("a\x1B]0;x\a.yaml", "\x1B[2J\xC2\x9B"
                                                 "1m\xE2\x80\xAE\x7F\b\r");
    struct rb_diag *diag = rb_diag_add(&page.diags, 101, span(&page, 1, 2, 4), "\x1B[31m");
    rb_diag_help(diag, "\x1B[32m");
    rb_diag_also(diag, span(&page, 1, 1, 2), "\x1B[33m");
    rb_diag_render_text(&page.diags, false, &page.out);
    rb_diag_render_json(&page.diags, &page.out);
    rb_diag_render_github(&page.diags, &page.out);
    for (size_t at = 0; at < page.out.length;) {
        unsigned code_point = 0;
        int size = rb_text_decode(page.out.data + at, page.out.length - at, &code_point);
        assert_true(size > 0);
        assert_true(code_point == '\n' || !rb_text_hidden(code_point));
        at += (size_t)size;
    }
}

static void json_has_every_member_for_every_diagnostic(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of("a.yaml", "on: 1\non: 2\n");
    struct rb_diag *diag =
        rb_diag_add(&page.diags, 201, span(&page, 2, 1, 3), "\"on\" twice");
    rb_diag_help(diag, "keep one");
    rb_diag_also(diag, span(&page, 1, 1, 3), "first");
    rb_diag_add(&page.diags, 601, (struct rb_span){0}, "missing");
    rb_diag_render_json(&page.diags, &page.out);
    RB_AUTO_VALUE const struct rb_value *read = NULL;
    RB_AUTO_BUF struct rb_buf line = {0};
    assert_true(rb_json_parse(page.out.data, page.out.length, &read, NULL));
    rb_json_print(read, 0, &line);
    assert_string_equal(
        rb_buf_text(&line),
        "[{\"also\":{\"column\":1,\"end_column\":3,\"end_line\":1,\"file\":\"a.yaml\","
        "\"label\":\"first\",\"line\":1},\"code\":\"RB0201\",\"column\":1,\"end_column\":3,"
        "\"end_line\":2,\"file\":\"a.yaml\",\"help\":\"keep one\",\"line\":2,"
        "\"message\":\"\\\"on\\\" twice\",\"severity\":\"error\"},"
        "{\"also\":null,\"code\":\"RB0601\",\"column\":null,\"end_column\":null,\"end_"
        "line\":null,"
        "\"file\":null,\"help\":null,\"line\":null,\"message\":\"missing\",\"severity\":"
        "\"error\"}]");
}

static void github_gets_one_command_a_line(void **state)
{
    (void)state;
    AUTO_PAGE page = page_of("dir,a:b%.yaml", "x: 1\n");
    rb_diag_help(rb_diag_add(&page.diags, 201, span(&page, 1, 1, 2), "100%% wrong: a,\nb"),
                 "50%%");
    rb_diag_add(&page.diags, 601, (struct rb_span){0}, "::set-output::x")->severity =
        RB_DIAG_WARNING;
    rb_diag_render_github(&page.diags, &page.out);
    assert_string_equal(rb_buf_text(&page.out),
                        "::error file=dir%2Ca%3Ab%25.yaml,line=1,col=1,title=RB0201::"
                        "100%25 wrong: a,\\nb%0Ahelp: 50%25\n"
                        "::warning title=RB0601::::set-output::x\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_shown_with_its_line_and_a_caret),
        cmocka_unit_test(a_second_place_is_shown_below_the_first),
        cmocka_unit_test(a_second_place_in_another_file_has_its_name),
        cmocka_unit_test(without_a_place_the_message_stands_alone),
        cmocka_unit_test(an_empty_line_gets_one_caret),
        cmocka_unit_test(a_span_over_lines_is_marked_to_the_end_of_its_first),
        cmocka_unit_test(carets_stand_below_wide_combining_and_escaped_characters),
        cmocka_unit_test(a_long_line_is_cut_around_its_span),
        cmocka_unit_test(a_column_without_end_shows_no_line),
        cmocka_unit_test(nothing_found_is_nothing_said),
        cmocka_unit_test(warnings_are_counted_apart),
        cmocka_unit_test(a_full_list_says_that_there_may_be_more),
        cmocka_unit_test(colours_come_only_when_asked_for),
        cmocka_unit_test(nothing_from_a_file_can_act_on_a_terminal),
        cmocka_unit_test(json_has_every_member_for_every_diagnostic),
        cmocka_unit_test(github_gets_one_command_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
