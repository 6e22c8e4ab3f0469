#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/roster.h"
#include "cli/signers_file.h"
#include "effects/clock.h"

static void text_line(int indent, const char *text, const char *wrong)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_text_visible(text, strlen(text), false, &out);
    if (wrong)
        rb_buf_puts(&out, ": ");
    rb_text_visible(wrong ? wrong : "", wrong ? strlen(wrong) : 0, false, &out);
    printf("%*s%s\n", indent, "", rb_buf_text(&out));
}

static void print_key(const struct rb_value *key)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    const char *note = rb_value_get_text(key, "note", NULL);
    rb_buf_printf(&text, "%s %s (line %lld)", rb_value_get_text(key, "key", "no key"),
                  rb_value_get_text(key, "type", ""),
                  (long long)rb_value_get_int(key, "line", 0));
    text_line(4, rb_buf_text(&text), rb_value_get_text(key, "wrong", NULL));
    if (note)
        text_line(6, note, NULL);
}

static void print_person(const struct rb_value *person)
{
    const struct rb_value *keys = rb_value_get(person, "keys");
    text_line(2, rb_value_get_text(person, "who", ""),
              rb_value_get_text(person, "wrong", NULL));
    for (size_t i = 0; i < rb_value_count(keys); i++)
        print_key(rb_value_at(keys, i));
}

static void print_text(const struct rb_value *roster)
{
    const struct rb_value *roles = rb_value_get(roster, "roles"),
                          *lines = rb_value_get(roster, "lines");
    for (size_t i = 0; i < rb_value_count(roles); i++) {
        const struct rb_value *role = rb_value_at(roles, i);
        const struct rb_value *people = rb_value_get(role, "people");
        printf("%s\n", rb_value_get_text(role, "role", ""));
        for (size_t k = 0; k < rb_value_count(people); k++)
            print_person(rb_value_at(people, k));
    }
    for (size_t i = 0; i < rb_value_count(lines); i++) {
        const struct rb_value *line = rb_value_at(lines, i);
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_buf_printf(&text, "line %lld of the signers, ",
                      (long long)rb_value_get_int(line, "line", 0));
        rb_json_print(rb_value_get(line, "people"), 0, &text);
        text_line(0, rb_buf_text(&text), rb_value_get_text(line, "wrong", NULL));
    }
}

static void print(const struct rb_args *args, const struct rb_value *roster)
{
    if (!rb_args_is(args, "output", "json", false)) {
        print_text(roster);
        return;
    }
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_json_print(roster, 2, &out);
    puts(rb_buf_text(&out));
}

static int show(const struct rb_args *args, const struct rb_document *document)
{
    RB_CLEANUP(rb_signers_file_done) struct rb_signers_file file = {0};
    struct rb_error err = {0};
    if (!rb_signers_file_read(args, document->plan, args->words[0], &file, &err))
        return rb_report(&err);
    RB_AUTO_VALUE const struct rb_value *roster =
        rb_roster(document->plan, file.lines, rb_clock_utc());
    print(args, roster);
    return rb_value_get_int(roster, "wrong", 0) > 0 ? 1 : 0;
}

int rb_cmd_roster(const struct rb_args *args)
{
    struct rb_diags diags = {0};
    struct rb_error err = {0};
    struct rb_document *document =
        rb_load(args->words[0], rb_args_value(args, "environment"), &diags, NULL, &err);
    if (document)
        rb_load_report(&diags, RB_DIAG_TEXT);
    int status = !document ? rb_report(&err) : diags.errors > 0 ? 2 : show(args, document);
    rb_diags_done(&diags);
    rb_document_free(document);
    return status;
}
