/* Every diagnostic has a file in tests/golden/diag that draws it out, what is then said as text,
 * and a twin that nothing is said about:
 *
 *   RB0401-unknown-step.yaml   RB0401-unknown-step.txt   RB0401-unknown-step.ok.yaml
 *
 * A first line `# options: ...` gives what the command line would: -e ENVIRONMENT, -p NAME=VALUE,
 * --params FILE, --answers FILE; and --pad BYTES makes the file that long, --only leaves the
 * other codes out of the text. With RUNBOOK_TEST_UPDATE the texts are written anew. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "../../tools/several.h"
#include "base/file.h"
#include "base/text.h"
#include "check/check.h"
#include "parse/answers.h"
#include "parse/params.h"
#include "render/diag.h"

enum { MOST_BYTES = 1 << 20, MOST_WORDS = 32 };

static const char *folder;

/* What the first line asks for. */
struct options {
    char *line;
    const char *environment, *params, *answers;
    struct rb_param_text given[MOST_WORDS];
    int given_count;
    size_t pad;
    bool only;
};

static void read_file(const char *name, struct rb_buf *out)
{
    RB_AUTO_FREE char *path = NULL;
    struct rb_error err = {0};
    assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
    if (!rb_file_read(AT_FDCWD, path, MOST_BYTES, out, &err))
        fail_msg("%s", err.message);
}

static void give(struct options *options, char *text)
{
    char *sign = strchr(text, '=');
    assert_non_null(sign);
    assert_true(options->given_count < MOST_WORDS);
    *sign = '\0';
    options->given[options->given_count++] =
        (struct rb_param_text){.name = text, .text = sign + 1, .origin = "-p"};
}

static void read_options(const char *text, struct options *options)
{
    static const char prefix[] = "# options: ";
    if (!rb_text_starts(text, prefix))
        return;
    options->line =
        rb_strndup(text + sizeof prefix - 1, strcspn(text, "\n") + 1 - sizeof prefix);
    char *rest = NULL;
    for (char *word = strtok_r(options->line, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest)) {
        if (strcmp(word, "--only") == 0) {
            options->only = true;
            continue;
        }
        char *value = strtok_r(NULL, " ", &rest);
        assert_non_null(value);
        if (strcmp(word, "-e") == 0)
            options->environment = value;
        else if (strcmp(word, "-p") == 0)
            give(options, value);
        else if (strcmp(word, "--params") == 0)
            options->params = value;
        else if (strcmp(word, "--answers") == 0)
            options->answers = value;
        else if (strcmp(word, "--pad") == 0)
            options->pad = strtoul(value, NULL, 10);
        else
            fail_msg("unknown option %s", word);
    }
}

/* Comment lines until the text is so long. */
static void pad(struct rb_buf *text, size_t length)
{
    while (text->length < length)
        rb_buf_puts(text,
                    "# padding padding padding padding padding padding padding padding\n");
}

static void read_params(struct rb_arena *arena, const struct rb_plan *plan,
                        const struct options *options, struct rb_diags *diags)
{
    struct rb_param_text *from_file = NULL, all[MOST_WORDS * 2];
    int count = 0;
    if (options->params) {
        RB_AUTO_BUF struct rb_buf text = {0};
        read_file(options->params, &text);
        rb_params_read(arena, options->params, rb_buf_text(&text), text.length, diags,
                       &from_file, &count);
        assert_true(count <= MOST_WORDS);
        if (count > 0)
            memcpy(all, from_file, (size_t)count * sizeof *all);
    }
    memcpy(all + count, options->given, (size_t)options->given_count * sizeof *all);
    RB_AUTO_VALUE const struct rb_value *params = NULL;
    (void)!rb_params_resolve(plan, all, count + options->given_count, diags, &params);
}

static void read_answers(struct rb_arena *arena, const struct options *options,
                         struct rb_diags *diags)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    RB_AUTO_VALUE const struct rb_value *answers = NULL;
    read_file(options->answers, &text);
    (void)!rb_answers_read(arena, options->answers, rb_buf_text(&text), text.length, diags,
                           &answers);
}

/* Only what has the code. */
static void select_code(struct rb_diags *diags, int code, struct rb_diags *ret)
{
    for (int i = 0; i < diags->count; i++) {
        const struct rb_diag *from = &diags->items[i];
        if (from->code != code)
            continue;
        struct rb_diag *diag = rb_diag_add(ret, code, from->span, "%s", from->message);
        if (from->help)
            rb_diag_help(diag, "%s", from->help);
        if (from->also.line)
            rb_diag_also(diag, from->also, from->also_label);
    }
}

/* What the program would say about the file, without colours. */
static void said_about(const char *name, int code, struct rb_buf *out)
{
    struct rb_diags diags = {0}, selected = {0};
    struct options options = {0};
    RB_AUTO_BUF struct rb_buf text = {0};
    struct rb_arena *arena = rb_arena_new();
    read_file(name, &text);
    read_options(rb_buf_text(&text), &options);
    pad(&text, options.pad);
    struct several several;
    several_split(&several, rb_buf_text(&text), text.length);
    struct rb_document *document =
        several_read(&several, name, options.environment, false, &diags);
    rb_check_document(document, &diags);
    if (document->plan && (options.given_count > 0 || options.params || code / 100 == 6))
        read_params(arena, document->plan, &options, &diags);
    if (options.answers)
        read_answers(arena, &options, &diags);
    rb_diags_sort(&diags);
    select_code(&diags, code, &selected);
    rb_diag_render_text(options.only ? &selected : &diags, false, out);
    rb_diags_done(&diags);
    rb_diags_done(&selected);
    rb_document_free(document);
    several_done(&several);
    rb_arena_free(arena);
    free(options.line);
}

/* The name of a code's file without `.yaml`; false when it has none. */
static bool find_case(int code, char *ret_stem, size_t size)
{
    char prefix[16];
    snprintf(prefix, sizeof prefix, "RB%04d-", code);
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(dir));) {
        const char *dot = strstr(entry->d_name, ".yaml");
        found = rb_text_starts(entry->d_name, prefix) && dot && dot[5] == '\0' &&
                !strstr(entry->d_name, ".ok.") && !strstr(entry->d_name, ".params.") &&
                !strstr(entry->d_name, ".answers.");
        if (found)
            snprintf(ret_stem, size, "%.*s", (int)(dot - entry->d_name), entry->d_name);
    }
    closedir(dir);
    return found;
}

static void compare(const char *stem, const struct rb_buf *said)
{
    char name[256];
    snprintf(name, sizeof name, "%s.txt", stem);
    if (getenv("RUNBOOK_TEST_UPDATE")) {
        RB_AUTO_FREE char *path = NULL;
        assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
        assert_true(rb_file_replace(AT_FDCWD, path, said->data, said->length, NULL));
        return;
    }
    RB_AUTO_BUF struct rb_buf expected = {0};
    read_file(name, &expected);
    if (strcmp(rb_buf_text(said), rb_buf_text(&expected)) != 0)
        fail_msg("%s.yaml: said\n%s\ninstead of\n%s", stem, rb_buf_text(said),
                 rb_buf_text(&expected));
}

static void each_code_has_a_file_that_draws_it_out(void **state)
{
    (void)state;
    int count, missing = 0;
    const struct rb_diag_info *table = rb_diag_table(&count);
    for (int i = 0; i < count; i++) {
        char stem[200], name[256], code[16];
        RB_AUTO_BUF struct rb_buf said = {0};
        if (!find_case(table[i].code, stem, sizeof stem)) {
            print_error("RB%04d (%s) has no file\n", table[i].code, table[i].title);
            missing++;
            continue;
        }
        snprintf(name, sizeof name, "%s.yaml", stem);
        snprintf(code, sizeof code, "[RB%04d]", table[i].code);
        said_about(name, table[i].code, &said);
        if (!strstr(rb_buf_text(&said), code))
            fail_msg("%s does not draw out %s, but:\n%s", name, code, rb_buf_text(&said));
        compare(stem, &said);
    }
    assert_int_equal(missing, 0);
}

static void its_twin_draws_out_nothing(void **state)
{
    (void)state;
    int count;
    const struct rb_diag_info *table = rb_diag_table(&count);
    for (int i = 0; i < count; i++) {
        char stem[200], name[256];
        RB_AUTO_BUF struct rb_buf said = {0};
        if (!find_case(table[i].code, stem, sizeof stem))
            continue;
        snprintf(name, sizeof name, "%s.ok.yaml", stem);
        said_about(name, table[i].code, &said);
        if (said.length > 0)
            fail_msg("%s: %s", name, rb_buf_text(&said));
    }
}

static void each_explanation_shows_what_is_wrong_and_what_is_right(void **state)
{
    (void)state;
    int count;
    const struct rb_diag_info *table = rb_diag_table(&count);
    for (int i = 0; i < count; i++) {
        if (!strstr(table[i].explanation, "\n\nWrong") ||
            !strstr(table[i].explanation, "\n\nRight"))
            fail_msg("RB%04d", table[i].code);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    folder = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_code_has_a_file_that_draws_it_out),
        cmocka_unit_test(its_twin_draws_out_nothing),
        cmocka_unit_test(each_explanation_shows_what_is_wrong_and_what_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
