#include "parse/shell_judge.h"

#include <string.h>

/* Builtins that evaluate a name or an expression. */

static const char number_help[] =
    "calculate in the braces, as in ${{ params.n + 1 }}, or make sure that it is a number: "
    "${{ math.tointeger(...) }}";
static const char name_help[] =
    "bash would evaluate what stands in the name's brackets; use a fixed name";

void rb_shell_judge_carrying(const struct rb_shell_sinks *sinks, int code,
                             const struct rb_shell_word *word, const char *message,
                             const char *help)
{
    if (rb_shell_carries(sinks->flow, word))
        rb_shell_report(sinks, code, word, false, message, help);
}

static void judge_name(const struct rb_shell_sinks *sinks, const struct rb_shell_word *word)
{
    rb_shell_judge_carrying(sinks, 504, word, "a value can't be the name of a variable",
                            name_help);
}

void rb_shell_judge_number(const struct rb_shell_sinks *sinks,
                           const struct rb_shell_word *word)
{
    rb_shell_judge_carrying(sinks, 502, word,
                            "bash would evaluate the text of a value here", number_help);
}

/* `test`, `[` and `[[`. */
static void judge_test(const struct rb_shell_sinks *sinks,
                       const struct rb_shell_command *command)
{
    bool keyword = strcmp(command->words[0].text, "[[") == 0;
    for (int i = 1; i + 1 < command->word_count; i++) {
        const char *text = command->words[i].text;
        if (rb_shell_one_of(text, "-v -R"))
            judge_name(sinks, &command->words[i + 1]);
        if (keyword && rb_shell_one_of(text, "-eq -ne -lt -le -gt -ge")) {
            rb_shell_judge_number(sinks, &command->words[i - 1]);
            rb_shell_judge_number(sinks, &command->words[i + 1]);
        }
    }
}

/* declare and its kind: the name must be fixed, and with -i or -n the value is evaluated. */
static void judge_declaration(const struct rb_shell_sinks *sinks,
                              const struct rb_shell_command *command)
{
    bool evaluates = false;
    for (int i = 1; i < command->word_count; i++) {
        const struct rb_shell_word *word = &command->words[i];
        if (word->text[0] == '-')
            evaluates |= strpbrk(word->text, "in") != NULL;
        size_t name = strcspn(word->text, "=");
        if (strcspn(word->text, "\1\2") < name)
            judge_name(sinks, word);
        else if (evaluates)
            rb_shell_judge_number(sinks, word);
    }
}

static void judge_builtin(const struct rb_shell_sinks *sinks,
                          const struct rb_shell_command *command)
{
    const char *name = command->words[0].text;
    bool names = rb_shell_one_of(name, "read unset mapfile readarray");
    bool option = rb_shell_one_of(name, "printf wait");
    if (rb_shell_one_of(name, "[ [[ test"))
        judge_test(sinks, command);
    else if (rb_shell_one_of(name, "declare typeset local export readonly"))
        judge_declaration(sinks, command);
    for (int i = 1; i < command->word_count; i++) {
        const struct rb_shell_word *word = &command->words[i];
        const char *before = command->words[i - 1].text;
        bool argument = before[0] == '-' && strchr("pdnNtui", before[strlen(before) - 1]);
        if (names ? !argument : option && rb_shell_one_of(before, "-v -p"))
            judge_name(sinks, word);
        else if (strcmp(name, "let") == 0)
            rb_shell_judge_number(sinks, word);
        else if (rb_shell_one_of(name, "source .") && i == 1 &&
                 rb_shell_is_made_up(sinks, word))
            rb_shell_report(sinks, 501, word, true,
                            "bash would read the text of a value as its program",
                            "call the program without `source`");
    }
    if (rb_shell_one_of(name, "source .") && command->word_count > 1 &&
        rb_shell_one_of(command->words[1].text, RB_SHELL_STANDARD_INPUT))
        rb_shell_judge_input(sinks, (int)(command - sinks->lex->commands), 0,
                             rb_shell_program_find("eval"), name);
}

static const char variable_message[] =
    "programs would run the text of a value in this variable";
static const char variable_help[] =
    "give it a fixed text, and the value to a variable of another name";

void rb_shell_judge_assignments(const struct rb_shell_sinks *sinks,
                                const struct rb_shell_command *command)
{
    for (int i = 0; i < command->assigned_count; i++) {
        const struct rb_shell_assignment *assigned = &command->assigned[i];
        if (rb_shell_runs_variable(assigned->name))
            rb_shell_judge_carrying(sinks, 501, &assigned->value, variable_message,
                                    variable_help);
    }
    if (command->word_count == 0 ||
        !rb_shell_one_of(command->words[0].text,
                         "env /usr/bin/env sudo doas export declare typeset local "
                         "readonly"))
        return;
    for (int i = 1; i < command->word_count; i++) {
        const struct rb_shell_word *word = &command->words[i];
        char name[32] = "";
        size_t length = strcspn(word->text, "=");
        memcpy(name, word->text, length < sizeof name && word->text[length] ? length : 0);
        if (rb_shell_runs_variable(name))
            rb_shell_judge_carrying(sinks, 501, word, variable_message, variable_help);
    }
}

/* Words that bash makes out of a variable without quotes: they could be a command, or any
 * number of arguments. */
static void judge_splitting(const struct rb_shell_sinks *sinks,
                            const struct rb_shell_command *command)
{
    bool wraps = rb_shell_runs_another(command->words[0].text);
    if (rb_shell_one_of(command->words[0].text,
                        "[[ echo eval declare typeset local export readonly"))
        return;
    for (int i = 0; i < command->word_count; i++) {
        const struct rb_shell_word *word = &command->words[i];
        bool runs = i == 0 || wraps;
        if (word->splits && rb_shell_carries(sinks->flow, word))
            rb_shell_report(
                sinks, runs ? 501 : 506, word, false,
                runs ? "the words of a value would be run as a command here"
                     : "without quotes, a value becomes any number of arguments",
                runs
                    ? "collect the command in an array: c=(program ${{ ... }}); \"${c[@]}\""
                    : "put double quotes around it");
    }
}

void rb_shell_judge_bash(const struct rb_shell_sinks *sinks,
                         const struct rb_shell_command *command)
{
    judge_builtin(sinks, command);
    judge_splitting(sinks, command);
}
