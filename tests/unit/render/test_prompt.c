#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/json.h"
#include "render/prompt.h"

static struct rb_prompt *ask(const char *json)
{
    const struct rb_value *question = NULL;
    struct rb_error err = {0};
    assert_true(rb_json_decode(json, strlen(json), &question, &err));
    struct rb_prompt *prompt = rb_prompt_new(question, "runbook resume r-1");
    rb_value_unref(question);
    return prompt;
}

static void assert_answer(struct rb_prompt *prompt, const char *line, const char *json)
{
    RB_AUTO_BUF struct rb_buf answer = {0};
    assert_int_equal(rb_prompt_line(prompt, line), RB_PROMPT_ANSWERED);
    rb_json_encode(rb_prompt_answer(prompt), &answer);
    assert_string_equal(rb_buf_text(&answer), json);
    rb_prompt_free(prompt);
}

static void assert_shows(const struct rb_prompt *prompt, const char *text)
{
    const struct rb_paint paint = {.utf8 = true};
    struct rb_rows rows = {0};
    RB_AUTO_BUF struct rb_buf all = {0};
    rb_prompt_rows(prompt, &paint, 100, &rows);
    for (int i = 0; i < rows.count; i++)
        rb_buf_printf(&all, "%s\n", rb_buf_text(&rows.items[i].text));
    rb_rows_done(&rows);
    if (!strstr(rb_buf_text(&all), text))
        fail_msg("\"%s\" is not in:\n%s", text, rb_buf_text(&all));
}

#define ITEM "{\"kind\":\"item\",\"step\":\"pre\",\"item\":\"disk\",\"text\":\"Room?\"}"
#define PROVEN                                                                  \
    "{\"kind\":\"item\",\"step\":\"pre\",\"item\":\"disk\",\"text\":\"Room?\"," \
    "\"evidence\":true}"
#define FAILURE \
    "{\"kind\":\"failure\",\"step\":\"migrate\",\"attempt\":1,\"text\":\"exit code 3\"}"
#define UNDOABLE                                                                         \
    "{\"kind\":\"failure\",\"step\":\"migrate\",\"attempt\":1,\"text\":\"exit code 3\"," \
    "\"rollback\":true}"

static void a_key_or_its_word_answers(void **state)
{
    (void)state;
    assert_answer(ask(ITEM), "y", "{\"answer\":\"yes\"}");
    assert_answer(ask(ITEM), "YES", "{\"answer\":\"yes\"}");
    assert_answer(ask(FAILURE), "r", "{\"answer\":\"retry\"}");
    assert_answer(ask(FAILURE), "stop", "{\"answer\":\"stop\"}");
}

static void a_shell_is_no_answer_and_needs_a_purpose(void **state)
{
    (void)state;
    struct rb_prompt *prompt = ask(FAILURE);
    assert_int_equal(rb_prompt_line(prompt, "h"), RB_PROMPT_MORE);
    assert_string_equal(rb_prompt_label(prompt), "what for> ");
    assert_int_equal(rb_prompt_line(prompt, ""), RB_PROMPT_MORE);
    assert_shows(prompt, "a purpose is needed; Ctrl-D goes back");
    assert_int_equal(rb_prompt_line(prompt, "the disk"), RB_PROMPT_SHELL);
    assert_string_equal(rb_prompt_purpose(prompt), "the disk");
    assert_null(rb_prompt_answer(prompt));
    assert_int_equal(rb_prompt_line(prompt, "shell  the logs"), RB_PROMPT_SHELL);
    assert_string_equal(rb_prompt_purpose(prompt), "the logs");
    assert_answer(prompt, "r", "{\"answer\":\"retry\"}");
}

static void a_shell_is_for_who_decides_how_to_go_on(void **state)
{
    (void)state;
    static const char *const without[] = {ITEM, PROVEN,
                                          "{\"kind\":\"confirm\",\"text\":\"Go?\"}"};
    for (size_t i = 0; i < RB_COUNT(without); i++) {
        struct rb_prompt *prompt = ask(without[i]);
        assert_int_equal(rb_prompt_line(prompt, "h look"), RB_PROMPT_MORE);
        rb_prompt_free(prompt);
    }
}

static void a_reason_may_be_typed_behind_what_needs_none(void **state)
{
    (void)state;
    assert_answer(ask(FAILURE), "r  the network is back",
                  "{\"answer\":\"retry\",\"reason\":\"the network is back\"}");
    assert_answer(ask(FAILURE), "stop lunch", "{\"answer\":\"stop\",\"reason\":\"lunch\"}");
    assert_answer(ask(UNDOABLE), "b the database is inconsistent",
                  "{\"answer\":\"rollback\",\"reason\":\"the database is inconsistent\"}");
    assert_answer(ask(UNDOABLE), "b", "{\"answer\":\"rollback\"}");
    struct rb_prompt *prompt = ask(FAILURE);
    assert_int_equal(rb_prompt_line(prompt, "b there is nothing to take back"),
                     RB_PROMPT_MORE);
    assert_int_equal(rb_prompt_line(prompt, "?"), RB_PROMPT_MORE);
    assert_shows(prompt, "help: these lines; a reason may follow r, t");
    rb_prompt_free(prompt);
    prompt = ask(ITEM);
    assert_int_equal(rb_prompt_line(prompt, "y it is"), RB_PROMPT_MORE);
    rb_prompt_free(prompt);
}

static void enter_alone_and_what_is_not_offered_are_no_answers(void **state)
{
    (void)state;
    static const char *const lines[] = {"", "ye", "yy", "y y y", "k", "0", "\u00a0y"};
    struct rb_prompt *prompt = ask(ITEM);
    for (size_t i = 0; i < RB_COUNT(lines); i++)
        assert_int_equal(rb_prompt_line(prompt, lines[i]), RB_PROMPT_MORE);
    rb_prompt_line(prompt, "");
    assert_shows(prompt, "Enter alone is no answer");
    rb_prompt_line(prompt, "\033[2J");
    assert_shows(prompt, "\"\\e[2J\" is none of y, n, s, e, o, ?");
    rb_prompt_free(prompt);
}

static void a_no_asks_for_its_reason_and_does_not_do_without(void **state)
{
    (void)state;
    struct rb_prompt *prompt = ask(ITEM);
    assert_int_equal(rb_prompt_line(prompt, "n"), RB_PROMPT_MORE);
    assert_string_equal(rb_prompt_label(prompt), "reason> ");
    assert_int_equal(rb_prompt_line(prompt, ""), RB_PROMPT_MORE);
    assert_shows(prompt, "a reason is needed");
    assert_answer(prompt, "disk is full",
                  "{\"answer\":\"no\",\"reason\":\"disk is full\"}");
    assert_answer(ask(ITEM), "n disk is full",
                  "{\"answer\":\"no\",\"reason\":\"disk is full\"}");
}

static void ctrl_d_goes_back_to_the_question_and_then_leaves_it_open(void **state)
{
    (void)state;
    struct rb_prompt *prompt = ask(FAILURE);
    rb_prompt_line(prompt, "k");
    assert_int_equal(rb_prompt_end(prompt), RB_PROMPT_MORE);
    assert_string_equal(rb_prompt_label(prompt), "> ");
    assert_int_equal(rb_prompt_end(prompt), RB_PROMPT_OPEN);
    assert_null(rb_prompt_answer(prompt));
    rb_prompt_free(prompt);
}

static void evidence_that_an_item_demands_is_asked_for_before_a_yes(void **state)
{
    (void)state;
    struct rb_prompt *prompt = ask(PROVEN);
    assert_int_equal(rb_prompt_line(prompt, "y"), RB_PROMPT_MORE);
    assert_string_equal(rb_prompt_label(prompt), "evidence> ");
    assert_int_equal(rb_prompt_line(prompt, ""), RB_PROMPT_MORE);
    assert_answer(prompt, "/tmp/df.txt",
                  "{\"answer\":\"yes\",\"evidence\":\"/tmp/df.txt\"}");
    prompt = ask(PROVEN);
    assert_int_equal(rb_prompt_line(prompt, "y"), RB_PROMPT_MORE);
    assert_int_equal(rb_prompt_end(prompt), RB_PROMPT_MORE);
    assert_answer(prompt, "n none", "{\"answer\":\"no\",\"reason\":\"none\"}");
}

static void evidence_and_a_note_come_along_with_the_answer(void **state)
{
    (void)state;
    struct rb_prompt *prompt = ask(PROVEN);
    assert_int_equal(rb_prompt_line(prompt, "e df says 41 %"), RB_PROMPT_MORE);
    assert_int_equal(rb_prompt_line(prompt, "o"), RB_PROMPT_MORE);
    assert_int_equal(rb_prompt_line(prompt, "asked bob"), RB_PROMPT_MORE);
    assert_shows(prompt, "evidence  df says 41 %");
    assert_answer(
        prompt, "y",
        "{\"answer\":\"yes\",\"evidence\":\"df says 41 %\",\"note\":\"asked bob\"}");
}

static void a_word_to_type_out_takes_nothing_else_for_a_yes(void **state)
{
    (void)state;
    static const char *const lines[] = {"y", "yes", "Production", "prod", "production now"};
    const char *question = "{\"kind\":\"confirm\",\"step\":\"ok\",\"text\":\"Release?\","
                           "\"type\":\"production\"}";
    struct rb_prompt *prompt = ask(question);
    for (size_t i = 0; i < RB_COUNT(lines); i++)
        assert_int_equal(rb_prompt_line(prompt, lines[i]), RB_PROMPT_MORE);
    assert_shows(prompt, "type out  production");
    assert_answer(prompt, "production", "{\"answer\":\"yes\"}");
    assert_answer(ask(question), "n", "{\"answer\":\"no\"}");
}

#define FIELD(rest) \
    "{\"kind\":\"field\",\"step\":\"a\",\"text\":\"T\",\"field\":{\"name\":\"t\"," rest "}}"

static void a_field_takes_a_value_of_its_type(void **state)
{
    (void)state;
    assert_answer(ask(FIELD("\"type\":\"integer\"")), "-4711", "{\"answer\":-4711}");
    assert_answer(ask(FIELD("\"type\":\"number\"")), "0.5",
                  "{\"answer\":{\"$number\":\"0.5\"}}");
    assert_answer(ask(FIELD("\"type\":\"boolean\"")), "Yes", "{\"answer\":true}");
    assert_answer(ask(FIELD("\"type\":\"string\"")), "12", "{\"answer\":\"12\"}");
    assert_answer(ask(FIELD("\"type\":\"date\"")), "2025-11-22",
                  "{\"answer\":\"2025-11-22\"}");
}

static void a_value_that_is_refused_says_why_and_can_be_mended(void **state)
{
    (void)state;
    struct rb_prompt *prompt = ask(FIELD("\"type\":\"integer\",\"max\":9"));
    assert_int_equal(rb_prompt_line(prompt, "12"), RB_PROMPT_MORE);
    assert_shows(prompt, "it has to be at most 9");
    assert_string_equal(rb_prompt_prefill(prompt), "12");
    assert_int_equal(rb_prompt_line(prompt, "99999999999999999999"), RB_PROMPT_MORE);
    assert_shows(prompt, "it has to be a whole number");
    assert_answer(prompt, "7", "{\"answer\":7}");
}

static void a_field_with_a_pattern_takes_only_what_matches_it_whole(void **state)
{
    (void)state;
    struct rb_prompt *prompt = ask(FIELD("\"type\":\"string\",\"pattern\":\"OPS-\\\\d+\""));
    assert_shows(prompt, "takes     a text that matches OPS-\\d+");
    assert_int_equal(rb_prompt_line(prompt, "OPS-"), RB_PROMPT_MORE);
    assert_int_equal(rb_prompt_line(prompt, "OPS-12 "), RB_PROMPT_MORE);
    assert_shows(prompt, "it has to match OPS-\\d+");
    assert_answer(prompt, "OPS-12", "{\"answer\":\"OPS-12\"}");
}

static void a_default_stands_in_the_line_and_is_not_taken_unseen(void **state)
{
    (void)state;
    struct rb_prompt *prompt = ask(FIELD("\"type\":\"string\",\"default\":\"low\""));
    assert_string_equal(rb_prompt_prefill(prompt), "low");
    assert_int_equal(rb_prompt_line(prompt, ""), RB_PROMPT_MORE);
    rb_prompt_free(prompt);
}

static void a_question_shows_where_it_stands_why_and_what_was_found(void **state)
{
    (void)state;
    struct rb_prompt *prompt =
        ask("{\"kind\":\"item\",\"step\":\"pre\",\"text\":\"Room\\u001b[2J?\",\"index\":2,"
            "\"count\":9,\"why\":\"It fills up.\\nOften.\\n\",\"detail\":\"41 > 40\"}");
    assert_shows(prompt, "? pre 3 of 9: Room\\e[2J?\n");
    assert_shows(prompt, "    why       It fills up.\n              Often.\n    found");
    assert_shows(prompt, "    found     41 > 40\n");
    rb_prompt_free(prompt);
}

static void a_failure_says_how_to_go_on_later_and_helps(void **state)
{
    (void)state;
    struct rb_prompt *prompt = ask(FAILURE);
    assert_shows(prompt, "    later     runbook resume r-1\n");
    assert_shows(
        prompt,
        "r retry   s skip…   k mark done…   t stop, resume later   h a shell…   ? help");
    assert_int_equal(rb_prompt_line(prompt, "?"), RB_PROMPT_MORE);
    assert_shows(prompt, "done: its effect is in place, you made sure");
    rb_prompt_free(prompt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_or_its_word_answers),
        cmocka_unit_test(a_reason_may_be_typed_behind_what_needs_none),
        cmocka_unit_test(a_shell_is_no_answer_and_needs_a_purpose),
        cmocka_unit_test(a_shell_is_for_who_decides_how_to_go_on),
        cmocka_unit_test(enter_alone_and_what_is_not_offered_are_no_answers),
        cmocka_unit_test(a_no_asks_for_its_reason_and_does_not_do_without),
        cmocka_unit_test(ctrl_d_goes_back_to_the_question_and_then_leaves_it_open),
        cmocka_unit_test(evidence_that_an_item_demands_is_asked_for_before_a_yes),
        cmocka_unit_test(evidence_and_a_note_come_along_with_the_answer),
        cmocka_unit_test(a_word_to_type_out_takes_nothing_else_for_a_yes),
        cmocka_unit_test(a_field_takes_a_value_of_its_type),
        cmocka_unit_test(a_value_that_is_refused_says_why_and_can_be_mended),
        cmocka_unit_test(a_field_with_a_pattern_takes_only_what_matches_it_whole),
        cmocka_unit_test(a_default_stands_in_the_line_and_is_not_taken_unseen),
        cmocka_unit_test(a_question_shows_where_it_stands_why_and_what_was_found),
        cmocka_unit_test(a_failure_says_how_to_go_on_later_and_helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
