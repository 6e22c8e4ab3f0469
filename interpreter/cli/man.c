#include "cli/help.h"

#include <ctype.h>

/* In roff a line must not begin with a dot or quote, and a backslash starts an escape. */
static void text(FILE *out, const char *words)
{
    if (*words == '.' || *words == '\'')
        fputs("\\&", out);
    for (; *words; words++) {
        if (*words == '\\')
            fputs("\\e", out);
        else if (*words == '-')
            fputs("\\-", out);
        else
            fputc(*words, out);
    }
    fputc('\n', out);
}

static void options(FILE *out, const struct rb_option *option)
{
    for (; option && option->name; option++) {
        fputs(".TP\n", out);
        if (option->letter)
            fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
        fprintf(out, "\\fB\\-\\-%s\\fR", option->name);
        fprintf(out, option->value ? " \\fI%s\\fR\n" : "%s\n",
                option->value ? option->value : "");
        text(out, option->help);
    }
}

static void heading(FILE *out, const char *name, const char *summary)
{
    fputs(".TH RUNBOOK", out);
    if (name)
        fputc('-', out);
    for (const char *c = name ? name : ""; *c; c++)
        fputc(toupper((unsigned char)*c), out);
    fprintf(out, " 1 \"\" \"runbook " RB_VERSION "\"\n.SH NAME\nrunbook%s%s \\- %s\n",
            name ? "\\-" : "", name ? name : "", summary);
}

static void man_command(const struct rb_command *command, FILE *out)
{
    heading(out, command->name, command->summary);
    fprintf(out, ".SH SYNOPSIS\n.B runbook %s\n[options] %s\n.SH DESCRIPTION\n",
            command->name, command->arguments);
    text(out, command->description);
    fputs(".SH OPTIONS\n", out);
    options(out, command->options);
    options(out, rb_common_options);
    fputs(".SH EXIT STATUS\n.nf\n", out);
    text(out, command->exits);
    fputs(".fi\n.SH EXAMPLE\n.nf\n", out);
    text(out, command->example);
    fputs(".fi\n.SH SEE ALSO\n.BR runbook (1)\n", out);
}

void rb_help_man(const struct rb_command *command, FILE *out)
{
    if (command) {
        man_command(command, out);
        return;
    }
    heading(out, NULL, "run procedures that survive attack and crash");
    fputs(".SH SYNOPSIS\n.B runbook\n.I COMMAND\n[options] ...\n.SH COMMANDS\n", out);
    for (const struct rb_command *c = rb_commands; c->name; c++) {
        fprintf(out, ".TP\n.BR runbook\\-%s (1)\n", c->name);
        text(out, c->summary);
    }
    fputs(".SH OPTIONS\n", out);
    options(out, rb_common_options);
    fputs(".SH ENVIRONMENT\n.TP\n.B RUNBOOK_STORE\nwhere runs are kept\n.TP\n.B NO_COLOR\n"
          "no colours, whatever the terminal\n",
          out);
}
