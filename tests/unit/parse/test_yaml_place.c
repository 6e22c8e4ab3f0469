#include "reading.h"

/* Each X of the value has to be found where it stands in the file. */
static void expect_places(const char *text, const char *expected)
{
    struct rb_arena *arena = rb_arena_new();
    struct rb_diags diags = {0};
    const struct rb_source *source = rb_source_new(arena, "a", text, strlen(text));
    const struct rb_yaml_node *root = rb_yaml_read(arena, source, &diags);
    assert_int_equal(diags.count, 0);
    const struct rb_yaml_node *value = rb_yaml_get(root, "a");
    RB_AUTO_BUF struct rb_buf found = {0};
    for (size_t i = 0; i < value->length; i++) {
        if (value->text[i] != 'X')
            continue;
        struct rb_span span = rb_yaml_span_in(value, i, 1);
        assert_int_equal(text[rb_source_offset(source, span.line, span.column)], 'X');
        rb_buf_printf(&found, "%s%d:%d-%d:%d", found.length ? " " : "", span.line,
                      span.column, span.end_line, span.end_column);
    }
    assert_string_equal(rb_buf_text(&found), expected);
    rb_arena_free(arena);
    rb_diags_done(&diags);
}

static void in_a_plain_scalar(void **state)
{
    (void)state;
    expect_places("a: one X two X", "1:8-1:9 1:14-1:15");
    expect_places("a: \xC3\xA4\xE2\x82\xAC X", "1:7-1:8");
}

static void in_a_plain_scalar_of_several_lines(void **state)
{
    (void)state;
    expect_places("a: one\n   X two   \n\n     X\nb: 1", "2:4-2:5 4:6-4:7");
}

static void in_quotes(void **state)
{
    (void)state;
    expect_places("a: 'it''s X'", "1:11-1:12");
    expect_places("a: \"\\\"\\\\ \\x41\\u00e4\\U0001F600 X\"", "1:31-1:32");
    expect_places("a: \"\xC3\xA4 \\t X\"", "1:10-1:11");
    expect_places("a: \"\\u00e4X\\x41X\\U0001F600X\\nX\"",
                  "1:11-1:12 1:16-1:17 1:27-1:28 1:30-1:31");
}

static void in_quotes_over_several_lines(void **state)
{
    (void)state;
    expect_places("a: 'one\n   X  two\n\n  X'", "2:4-2:5 4:3-4:4");
    expect_places("a: \"one\n   X\\\n   two X\"", "2:4-2:5 3:8-3:9");
    expect_places("a: \"one \\\n   \\ X\"", "2:6-2:7");
}

static void in_a_literal_block(void **state)
{
    (void)state;
    expect_places("a: |\n  one X\n    X\n\n  X\nb: 1", "2:7-2:8 3:5-3:6 5:3-5:4");
    expect_places("a: |2-  # text\n    X\n  X\n", "2:5-2:6 3:3-3:4");
    expect_places("a: |\n\n \n  X\n", "4:3-4:4");
    expect_places("a: |\r\n  one\r\n    X\r\n  X\r\n", "3:5-3:6 4:3-4:4");
}

static void in_a_folded_block(void **state)
{
    (void)state;
    expect_places("a: >\n  one\n  X two\n\n  X\n    X\n  X\n",
                  "3:3-3:4 5:3-5:4 6:5-6:6 7:3-7:4");
    expect_places("a: >-\n  one\n\n\n  X\n  two X\n", "5:3-5:4 6:7-6:8");
}

static void places_asked_for_in_any_order_are_the_same(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_puts(&text, "a: |\n");
    for (int i = 0; i < 400; i++)
        rb_buf_puts(&text, "  line\n");
    struct rb_arena *arena = rb_arena_new();
    struct rb_diags diags = {0};
    const struct rb_source *source =
        rb_source_new(arena, "a", rb_buf_text(&text), text.length);
    const struct rb_yaml_node *value =
        rb_yaml_get(rb_yaml_read(arena, source, &diags), "a");
    static const int lines[] = {10, 300, 2, 301, 300, 0};
    for (size_t i = 0; i < RB_COUNT(lines); i++) {
        struct rb_span span = rb_yaml_span_in(value, (size_t)lines[i] * 5 + 1, 3);
        assert_int_equal(span.line, lines[i] + 2);
        assert_int_equal(span.column, 4);
        assert_int_equal(span.end_column, 7);
    }
    rb_arena_free(arena);
    rb_diags_done(&diags);
}

static void an_error_in_lua_is_shown_in_its_line_of_the_block(void **state)
{
    (void)state;
    expect_step_findings(
        "id: a\n  run: ls\n  check: |\n    local n = 1\n    return n +* 2\n", "303@5:13");
    expect_step_findings("id: a\n  run: |\n    ls\n    ls ${{ params. }}", "303@4:17");
    expect_step_findings("id: a\n  run: ls\n  env: {A: \"x \\\" ${{ +* }}\"}", "303@3:20");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_a_plain_scalar),
        cmocka_unit_test(in_a_plain_scalar_of_several_lines),
        cmocka_unit_test(in_quotes),
        cmocka_unit_test(in_quotes_over_several_lines),
        cmocka_unit_test(in_a_literal_block),
        cmocka_unit_test(in_a_folded_block),
        cmocka_unit_test(places_asked_for_in_any_order_are_the_same),
        cmocka_unit_test(an_error_in_lua_is_shown_in_its_line_of_the_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
