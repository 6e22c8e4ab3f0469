#include "reading.h"

#include "base/file.h"

/* What a file has to have besides. */
#define TAIL "\nrunbook: x\nsteps:\n- {id: a, title: t}\n"

static void a_duplicate_key_names_both_lines(void **state)
{
    (void)state;
    const char *text = "runbook: x\nsteps:\n- id: a\n  on_failure: stop\n  title: t\n"
                       "  on_failure: continue\n";
    struct rb_diags diags = {0};
    struct rb_document *document =
        rb_document_read("a.yaml", text, strlen(text), NULL, &diags);
    assert_int_equal(diags.count, 1);
    assert_int_equal(diags.items[0].code, 107);
    assert_int_equal(diags.items[0].span.line, 6);
    assert_int_equal(diags.items[0].also.line, 4);
    assert_non_null(strstr(diags.items[0].message, "line 4"));
    rb_document_free(document);
    rb_diags_done(&diags);
}

static void each_repetition_of_a_key_is_found(void **state)
{
    (void)state;
    expect_findings("title: a\ntitle: b\nowner: c\ntitle: d\nowner: e" TAIL,
                    "107@2:1 107@4:1 107@5:1");
    expect_findings("vars: {a: 1, b: 2, a: 3}" TAIL, "107@1:20");
}

static void anchors_and_aliases_are_refused(void **state)
{
    (void)state;
    expect_findings("title: &t hello\nowner: *t" TAIL, "108@1:8 108@2:8");
    expect_findings("vars: &v\n  a: *v" TAIL, "108@1:7 108@2:6");
    expect_findings("vars: {a: *unknown}" TAIL, "108@1:11");
}

static void a_bomb_of_aliases_costs_nothing(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_puts(&text, "vars:\n  a: &a [x, x]\n");
    for (int c = 'b'; c < 'k'; c++) {
        rb_buf_printf(&text, "  %c: &%c [", c, c);
        for (int i = 0; i < 9; i++)
            rb_buf_printf(&text, "%s*%c", i ? ", " : "", c - 1);
        rb_buf_puts(&text, "]\n");
    }
    struct rb_diags diags = {0};
    struct rb_document *document =
        rb_document_read("a.yaml", rb_buf_text(&text), text.length, NULL, &diags);
    assert_in_range(diags.count, 90, 110);
    rb_document_free(document);
    rb_diags_done(&diags);
}

static void a_merge_key_is_refused(void **state)
{
    (void)state;
    expect_findings(
        "runbook: x\nsteps:\n- id: a\n  title: t\n  <<: {on_failure: continue}\n",
        "109@5:3");
}

static void any_tag_is_refused(void **state)
{
    (void)state;
    expect_findings("title: !!str t" TAIL, "110@1:8");
    expect_findings("title: ! t" TAIL, "110@1:8");
    expect_findings("vars: !!map {a: 1}" TAIL, "110@1:7");
    expect_findings("vars: {a: !!python/object:os.system [x]}" TAIL, "110@1:11");
    expect_findings("title: !!binary aGk=" TAIL, "110@1:8");
}

static void a_second_document_is_refused(void **state)
{
    (void)state;
    expect_findings("runbook: x\nsteps:\n- {id: a, title: t}\n---\nrunbook: y\n",
                    "111@4:1");
    expect_findings("runbook: x\nsteps:\n- {id: a, title: t}\n...\nrunbook: y\n",
                    "111@5:1");
    expect_findings("---\nrunbook: x\nsteps:\n- {id: a, title: t}\n...\n", "");
}

static void a_directive_is_refused(void **state)
{
    (void)state;
    expect_findings("%YAML 1.1\n---" TAIL, "112@1:1");
    expect_findings("%TAG ! tag:x,2000:\n---" TAIL, "112@1:1");
    expect_findings("%WHAT x\n---" TAIL, "112@1:6");
}

static void what_is_not_utf8_is_found_at_its_place(void **state)
{
    (void)state;
    expect_findings("title: f\xFCr\nowner: \xC3\xA4\xFF" TAIL, "102@1:9 102@2:9");
    expect_findings("title: \xED\xA0\x80" TAIL, "102@1:8 102@1:9 102@1:10");
}

static void utf16_and_byte_order_marks_are_named(void **state)
{
    (void)state;
    expect_findings("\xEF\xBB\xBFrunbook: x\n", "105@1:1");
    struct rb_diags diags = {0};
    rb_document_free(rb_document_read("a", "\xFF\xFEr\0u\0", 6, NULL, &diags));
    rb_document_free(rb_document_read("b", "r\0u\0", 4, NULL, &diags));
    rb_document_free(rb_document_read("c", "\0r\0u", 4, NULL, &diags));
    assert_int_equal(diags.count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(diags.items[i].code, 105);
    rb_diags_done(&diags);
}

static void a_nul_byte_ends_nothing(void **state)
{
    (void)state;
    static const char text[] = "title: ab\0cd" TAIL;
    struct rb_diags diags = {0};
    rb_document_free(rb_document_read("a", text, sizeof text - 1, NULL, &diags));
    assert_int_equal(diags.count, 1);
    assert_int_equal(diags.items[0].code, 103);
    assert_int_equal(diags.items[0].span.column, 10);
    rb_diags_done(&diags);
}

static void control_characters_are_refused_raw_and_escaped(void **state)
{
    (void)state;
    expect_findings("title: a\ab\nowner: a\x7F" TAIL, "103@1:9 103@2:9");
    expect_findings("title: \"a\\0b\"\nowner: \"\\e[2J\"" TAIL, "103@1:8 103@2:8");
    expect_findings("title: \"a\\rb\"" TAIL, "103@1:8");
    expect_findings("title: a\rb" TAIL, "103@1:9");
    expect_findings("title: a\xC2\x9B" TAIL, "103@1:9");
}

static void invisible_characters_are_refused_raw_and_escaped(void **state)
{
    (void)state;
    expect_findings("title: a\xE2\x80\xAE"
                    "b" TAIL,
                    "104@1:9");
    expect_findings("title: a\xE2\x80\x8B"
                    "b" TAIL,
                    "104@1:9");
    expect_findings("title: a\xEF\xBB\xBF"
                    "b" TAIL,
                    "104@1:9");
    expect_findings("title: a\xE2\x80\x8D"
                    "b" TAIL,
                    "104@1:9");
    expect_findings("title: \"a\\u202eb\"" TAIL, "104@1:8");
    expect_findings("# \xE2\x80\xAE" TAIL, "104@1:3");
}

static void a_joiner_may_hold_an_emoji_together(void **state)
{
    (void)state;
    expect_findings("title: \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x80 done" TAIL, "");
}

static void tabs_stand_only_in_values(void **state)
{
    (void)state;
    expect_findings("runbook: x\nsteps:\n- id: a\n\ttitle: t\n", "106@4:1");
    expect_findings("title:\tt" TAIL, "106@1:7");
    expect_findings("vars: {a:\t1}" TAIL, "106@1:10");
    expect_findings("title: t #\tcomment" TAIL, "");
    expect_findings("vars: {\xC3\xA4: 1, # a\tb\n  b:\t1}" TAIL, "209@1:8 106@2:5");
    expect_findings("runbook: x\nsteps:\n- id: a\n  run: |\n    cat <<-E\n    \tx\n    E\n",
                    "");
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    static const char *const openers[] = {"[", "{a: ", "- "};
    for (size_t i = 0; i < RB_COUNT(openers); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        for (int n = 0; n < 20000; n++)
            rb_buf_puts(&text, openers[i]);
        struct rb_diags diags = {0};
        rb_document_free(
            rb_document_read("a", rb_buf_text(&text), text.length, NULL, &diags));
        assert_int_equal(diags.count, 1);
        assert_int_equal(diags.items[0].code, 113);
        rb_diags_done(&diags);
    }
}

static void sixty_four_levels_are_not_too_deep(void **state)
{
    (void)state;
    for (int depth = 61; depth <= 62; depth++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_buf_puts(&text, "runbook: x\nsteps: [{id: a, title: t}]\nvars:\n  a: ");
        for (int n = 0; n < depth; n++)
            rb_buf_putc(&text, '[');
        rb_buf_putc(&text, '1');
        for (int n = 0; n < depth; n++)
            rb_buf_putc(&text, ']');
        RB_AUTO_BUF struct rb_buf expected = {0};
        if (depth > 61)
            rb_buf_printf(&expected, "113@4:%d", 6 + depth);
        expect_findings(rb_buf_text(&text), rb_buf_text(&expected));
    }
}

static void a_file_over_the_cap_is_not_read(void **state)
{
    (void)state;
    size_t length = (16 << 20) + 1;
    RB_AUTO_FREE char *text = rb_alloc(length + 1);
    memset(text, 'a', length);
    struct rb_diags diags = {0};
    rb_document_free(rb_document_read("a", text, length, NULL, &diags));
    assert_int_equal(diags.count, 1);
    assert_int_equal(diags.items[0].code, 115);
    rb_diags_done(&diags);
}

static void a_file_without_content_is_named_empty(void **state)
{
    (void)state;
    expect_findings("", "114@1:1");
    expect_findings("# nothing\n\n", "114@1:1");
    expect_findings("---\n", "203@2:1");
}

static void a_key_has_to_be_a_text(void **state)
{
    (void)state;
    expect_findings("vars: {{host}: db, [a]: b}" TAIL, "116@1:8 116@1:20");
}

static void a_syntax_error_has_its_place_and_a_cause(void **state)
{
    (void)state;
    expect_findings("title: Release: part one\n", "101@1:15");
    expect_help("title: Release: part one\n", "in quotes");
    expect_findings("title: \"never closed\n", "101@2:1");
    expect_help("title: \"never closed\n", "never closed");
    expect_findings("title: @home\n", "101@1:8");
    expect_help("steps: - a\n", "line of its own");
    expect_help("title: \"\\d\"\n", "backslash");
    expect_help("steps:\n- id: a\n title: t\n", "same column");
}

static void errors_before_a_syntax_error_are_kept(void **state)
{
    (void)state;
    expect_findings("title: &a x\nowner: a\nowner: b\nsteps: [\n",
                    "108@1:8 107@3:1 101@5:1");
}

static void line_ends_of_windows_are_read(void **state)
{
    (void)state;
    expect_plan("runbook: x\r\nsteps:\r\n- id: a\r\n  run: |\r\n    one\r\n    two\r\n",
                NULL, "steps.0.spec.script", "\"one\\ntwo\\n\"");
}

static void a_thousand_findings_are_enough(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_puts(&text, "runbook: x\nsteps: [{id: a, title: t}]\n");
    for (int i = 0; i < 5000; i++)
        rb_buf_printf(&text, "key%d: 1\n", i);
    struct rb_diags diags = {0};
    rb_document_free(rb_document_read("a", rb_buf_text(&text), text.length, NULL, &diags));
    assert_int_equal(diags.count, RB_DIAGS_MOST);
    assert_int_equal(diags.items[diags.count - 1].code, 224);
    rb_diags_done(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_duplicate_key_names_both_lines),
        cmocka_unit_test(each_repetition_of_a_key_is_found),
        cmocka_unit_test(anchors_and_aliases_are_refused),
        cmocka_unit_test(a_bomb_of_aliases_costs_nothing),
        cmocka_unit_test(a_merge_key_is_refused),
        cmocka_unit_test(any_tag_is_refused),
        cmocka_unit_test(a_second_document_is_refused),
        cmocka_unit_test(a_directive_is_refused),
        cmocka_unit_test(what_is_not_utf8_is_found_at_its_place),
        cmocka_unit_test(utf16_and_byte_order_marks_are_named),
        cmocka_unit_test(a_nul_byte_ends_nothing),
        cmocka_unit_test(control_characters_are_refused_raw_and_escaped),
        cmocka_unit_test(invisible_characters_are_refused_raw_and_escaped),
        cmocka_unit_test(a_joiner_may_hold_an_emoji_together),
        cmocka_unit_test(tabs_stand_only_in_values),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(sixty_four_levels_are_not_too_deep),
        cmocka_unit_test(a_file_over_the_cap_is_not_read),
        cmocka_unit_test(a_file_without_content_is_named_empty),
        cmocka_unit_test(a_key_has_to_be_a_text),
        cmocka_unit_test(a_syntax_error_has_its_place_and_a_cause),
        cmocka_unit_test(errors_before_a_syntax_error_are_kept),
        cmocka_unit_test(line_ends_of_windows_are_read),
        cmocka_unit_test(a_thousand_findings_are_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
