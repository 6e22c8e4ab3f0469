#include "cli/help.h"

#include <string.h>

enum { WIDTH = 78 };

static void wrap(FILE *out, const char *text, int indent)
{
    int column = 0;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column > 0 && column + 1 + (int)word > WIDTH - indent) {
            fputc('\n', out);
            column = 0;
        }
        column += fprintf(out, "%*s%.*s", column ? 1 : indent, column ? " " : "", (int)word,
                          text) -
                  (column ? 0 : indent);
        text += word + strspn(text + word, " ");
    }
    fputc('\n', out);
}

static void lines(FILE *out, const char *text, const char *prefix)
{
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, "\n");
        fprintf(out, "%s%.*s\n", prefix, (int)length, at);
        at += length + (at[length] == '\n');
    }
}

static void options(FILE *out, const struct rb_option *option)
{
    for (; option && option->name; option++) {
        char left[64];
        snprintf(left, sizeof left, "%c%c%s--%s %s", option->letter ? '-' : ' ',
                 option->letter ? option->letter : ' ', option->letter ? ", " : "  ",
                 option->name, option->value ? option->value : "");
        fprintf(out, "  %-28s %s\n", left, option->help);
        if (option->choices)
            fprintf(out, "  %-28s one of %s\n", "", option->choices);
    }
}

void rb_help_program(FILE *out)
{
    fputs("runbook: procedures that survive attack and crash, with a record that proves "
          "them\n"
          "\nUsage: runbook COMMAND [options] ...\n\nCommands:\n",
          out);
    for (const struct rb_command *c = rb_commands; c->name; c++)
        fprintf(out, "  %-12s %s\n", c->name, c->summary);
    fputs(
        "\nExample:\n"
        "  $ runbook check release.yaml\n"
        "  $ runbook exec release.yaml -e production -p version=v1.2.0\n"
        "\n`runbook COMMAND --help` tells more about a command; `runbook --version` which "
        "this is.\n",
        out);
}

void rb_help_command(const struct rb_command *command, FILE *out)
{
    fprintf(out, "runbook %s: %s\n\nUsage: runbook %s%s%s%s\n\n", command->name,
            command->summary, command->name, command->options->name ? " [options]" : "",
            *command->arguments ? " " : "", command->arguments);
    wrap(out, command->description, 0);
    fputs("\nOptions:\n", out);
    options(out, command->options);
    options(out, rb_common_options);
    fputs("\nExit codes:\n", out);
    lines(out, command->exits, "  ");
    fputs("\nExample:\n", out);
    lines(out, command->example, "  $ ");
}
