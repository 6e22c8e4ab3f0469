#include "parse/shell_sink.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "parse/shell_programs.h"

/* A text in a text in a text; what is deeper nobody writes by hand. */
#define INNER_LIMIT 8

struct sinks {
    struct rb_arena *arena;
    const struct rb_shell_text *text;
    const struct rb_shell_lex *lex;
    const struct rb_shell_flow *flow;
    struct rb_diags *diags;
    const struct rb_span *around; /* of the word that it is the text of; NULL: of none */
    bool *told;                   /* whether that word has its diagnostic */
    int depth;
};

static struct rb_span span_of(const struct sinks *sinks, size_t begin, size_t end)
{
    const struct rb_shell_piece *piece = sinks->text->pieces;
    for (int i = 1; i < sinks->text->piece_count && piece[1].begin <= begin; i++)
        piece++;
    return rb_yaml_span_in(piece->scalar, begin - piece->begin, end - begin);
}

/* One diagnostic per value in the word (`deep`: also in its substitutions), or one for the word
 * when a variable or a pipe brings the value. What is inside of a word is told of the word. */
static void report(const struct sinks *sinks, int code, const struct rb_shell_word *word,
                   bool deep, const char *message, const char *help)
{
    int index = 0, told = 0;
    if (sinks->around && *sinks->told)
        return;
    for (int i;
         !sinks->around && (i = rb_shell_next_place(sinks->flow, word, &index)) >= 0;) {
        const struct rb_shell_place *place = &sinks->lex->places[i];
        if (!deep && place->level != word->level)
            continue;
        struct rb_span span = span_of(sinks, place->braces.begin, place->braces.end);
        rb_diag_help(rb_diag_add(sinks->diags, code, span, "%s", message), "%s", help);
        told++;
    }
    if (told == 0) {
        struct rb_span span =
            sinks->around ? *sinks->around : span_of(sinks, word->offset, word->end);
        rb_diag_help(rb_diag_add(sinks->diags, code, span, "%s", message), "%s", help);
    }
    if (sinks->around)
        *sinks->told = true;
}

static void report_source(const struct sinks *sinks, const struct rb_shell_program *program,
                          const char *name, const struct rb_shell_word *word)
{
    char message[128];
    snprintf(message, sizeof message,
             "`%.40s` would read the text of a value as its program", name);
    report(sinks, program->code, word, true, message, program->help);
}

/* Does any value stand in the word, also inside its substitutions, or come by a variable? */
static bool holds_value(const struct sinks *sinks, const struct rb_shell_word *word)
{
    int index = 0;
    return rb_shell_next_place(sinks->flow, word, &index) >= 0 ||
           rb_shell_carries(sinks->flow, word);
}

/* A file that holds the text of a value: <(...), or one that the script wrote. */
static bool is_made_up_file(const struct sinks *sinks, const struct rb_shell_word *word)
{
    return (word->process == '<' && holds_value(sinks, word)) ||
           rb_shell_file_carries(sinks->flow, word);
}

/* Programs with a source. */

static const char standard_input[] = "- /dev/stdin /dev/fd/0 /proc/self/fd/0";

/* Is the first operand a file with source? */
static bool takes_file(const struct rb_shell_program *program)
{
    return program->source <= RB_SOURCE_FLAG && program->input == RB_STDIN_ALONE;
}

static bool names_file(const struct rb_shell_program *program, char letter)
{
    return letter != '\0' && strchr(program->unless, letter);
}

/* What the arguments of a program say about its operands and its input. */
struct usage {
    bool source, file; /* an option gives the source, names a file with it */
    bool stdin_asked;  /* -s, or the operand `-` */
    bool stdin_named;  /* as the file with the source: -f - */
    int operands;
    bool shell; /* the first operand behind ssh's host is a shell */
};

static struct usage usage_of(const struct rb_shell_command *command, int at,
                             const struct rb_shell_program *program)
{
    struct usage usage = {0};
    struct rb_shell_arguments arguments = rb_shell_arguments(command, at, program);
    const struct rb_shell_word *word;
    char letter;
    for (;;) {
        enum rb_shell_argument argument =
            rb_shell_next_argument(&arguments, &word, &letter);
        if (argument == RB_ARGUMENT_END)
            return usage;
        if (argument == RB_ARGUMENT_SOURCE) {
            usage.source = true;
        } else if (argument == RB_ARGUMENT_OPTION) {
            bool standard = word && rb_shell_one_of(word->text, standard_input);
            usage.file |= names_file(program, letter) && !standard;
            usage.stdin_asked |= letter == 's';
            usage.stdin_named |= names_file(program, letter) && standard;
        } else if (rb_shell_one_of(word->text, standard_input)) {
            usage.stdin_asked = true;
        } else if (usage.operands++ == 1) {
            size_t length = strcspn(word->text, " ");
            char name[16] = "";
            memcpy(name, word->text, length < sizeof name ? length : 0);
            const struct rb_shell_program *inner = rb_shell_program_find(name);
            usage.shell = inner && inner->code == 501 && !strstr(word->text, " -c");
        }
    }
}

static bool reads_input(const struct rb_shell_program *program, struct usage usage)
{
    if (usage.stdin_named)
        return true;
    if (program->input == RB_STDIN_DATA || program->input == RB_STDIN_PASSED ||
        usage.source || usage.file)
        return false;
    if (program->input == RB_STDIN_SOURCE || usage.stdin_asked || usage.operands == 0)
        return true;
    return program->source == RB_SOURCE_OPERANDS && (usage.operands == 1 || usage.shell);
}

static bool is_source(const struct rb_shell_program *program, struct usage usage,
                      enum rb_shell_argument argument, int operand)
{
    if (argument == RB_ARGUMENT_SOURCE)
        return true;
    if (argument != RB_ARGUMENT_OPERAND)
        return false;
    switch (program->source) {
    case RB_SOURCE_OPERAND:
        return operand == 0 && !usage.source && !usage.file;
    case RB_SOURCE_OPERANDS:
        return operand > 0;
    case RB_SOURCE_ALL:
        return true;
    default:
        return false;
    }
}

/* What goes into the program on its standard input. */
static void judge_input(const struct sinks *sinks, int index, int at,
                        const struct rb_shell_program *program, const char *name)
{
    const struct rb_shell_command *command = &sinks->lex->commands[index];
    bool told = false;
    for (int i = 0; i < command->input_count; i++) {
        if (!holds_value(sinks, &command->inputs[i]))
            continue;
        report_source(sinks, program, name, &command->inputs[i]);
        told = true;
    }
    if (!told && rb_shell_is_fed(sinks->flow, index))
        report_source(sinks, program, name, &command->words[at]);
}

/* Does `xargs` put what it reads in place of a part of the word? */
static bool is_replaced(const struct sinks *sinks, int index, int at,
                        const struct rb_shell_word *word)
{
    const struct rb_shell_command *command = &sinks->lex->commands[index];
    for (int i = 1; rb_shell_is_fed(sinks->flow, index) && i < at; i++) {
        const char *text = command->words[i].text;
        const char *mark = strncmp(text, "-I", 2) != 0 ? "{}"
                           : text[2] != '\0'           ? text + 2
                                                       : command->words[i + 1].text;
        if (rb_text_starts(text, "-I") || rb_text_starts(text, "-i") ||
            rb_text_starts(text, "--replace"))
            return strstr(word->text, mark);
    }
    return false;
}

/* Do values stand behind the text of `sh -c`, as its arguments? `xargs` puts there what it reads. */
static bool has_arguments(const struct sinks *sinks, int index,
                          const struct rb_shell_word *source)
{
    const struct rb_shell_command *command = &sinks->lex->commands[index];
    for (int i = 0; i < command->word_count; i++) {
        if (command->words[i].offset > source->offset &&
            rb_shell_carries(sinks->flow, &command->words[i]))
            return true;
    }
    return rb_shell_one_of(command->words[0].text, "xargs parallel") &&
           rb_shell_is_fed(sinks->flow, index);
}

static void judge_text(struct sinks *sinks);

/* The text that a shell is given: a script of its own. What runs in this one, as `eval` does, has
 * its arguments as well; what runs on another machine has none of its variables. */
static void judge_inner(const struct sinks *sinks, int index,
                        const struct rb_shell_program *program,
                        const struct rb_shell_word *word)
{
    if (sinks->depth == INNER_LIMIT)
        return;
    bool here = !rb_text_starts(program->names, "ssh ");
    bool own = program->source <= RB_SOURCE_FLAG;
    struct rb_shell_lex lex;
    rb_shell_lex(sinks->arena, word->text, strlen(word->text), &lex);
    struct rb_shell_text text = {
        .lex = &lex,
        .outside = {.fed = rb_shell_is_fed(sinks->flow, index),
                    .arguments = own    ? has_arguments(sinks, index, word)
                                 : here ? rb_shell_holds(sinks->flow, "@")
                                        : false,
                    .outer = here ? sinks->flow : NULL}};
    struct rb_span around =
        sinks->around ? *sinks->around : span_of(sinks, word->offset, word->end);
    bool told = false;
    struct sinks inner = {.arena = sinks->arena,
                          .text = &text,
                          .diags = sinks->diags,
                          .around = &around,
                          .told = sinks->around ? sinks->told : &told,
                          .depth = sinks->depth + 1};
    judge_text(&inner);
}

/* `wrap sh`: what ends with the name of a shell, and is fed, runs one. */
static bool is_last_shell(const struct rb_shell_command *command, int at,
                          const struct rb_shell_program *program)
{
    return program->source == RB_SOURCE_FLAG && at + 1 == command->word_count &&
           !rb_shell_program_find(command->words[0].text);
}

/* `all` of what is known of the program, or only an option with source: the word may be anything,
 * and only what stands behind it says that it is meant as a program. */
static void judge_program(const struct sinks *sinks, int index, int at, bool all)
{
    const struct rb_shell_command *command = &sinks->lex->commands[index];
    const char *known = rb_shell_stands_for(sinks->flow, &command->words[at]);
    const char *name = known ? known : command->words[at].text;
    const struct rb_shell_program *program = rb_shell_program_find(name);
    if (!program) {
        if (at == 0 && is_made_up_file(sinks, &command->words[0]))
            report(
                sinks, 501, &command->words[0], true,
                "a file with the text of a value would be run",
                "keep the script in the file fixed, and give it the value as an argument");
        return;
    }
    all = all || is_last_shell(command, at, program);
    struct usage usage =
        all ? usage_of(command, at, program) : (struct usage){.source = true};
    struct rb_shell_arguments arguments = rb_shell_arguments(command, at, program);
    for (int operand = 0;;) {
        const struct rb_shell_word *word;
        char letter;
        enum rb_shell_argument argument =
            rb_shell_next_argument(&arguments, &word, &letter);
        if (argument == RB_ARGUMENT_END)
            break;
        bool source = (all || argument == RB_ARGUMENT_SOURCE) &&
                      is_source(program, usage, argument, operand);
        bool file = argument == RB_ARGUMENT_OPERAND ? operand == 0 && takes_file(program)
                                                    : word && names_file(program, letter);
        if ((source && (holds_value(sinks, word) || is_replaced(sinks, index, at, word))) ||
            (all && file && is_made_up_file(sinks, word)))
            report_source(sinks, program, name, word);
        else if (source && program->code == 501 && !reads_input(program, usage))
            judge_inner(sinks, index, program, word);
        operand += argument == RB_ARGUMENT_OPERAND;
        if (!all && arguments.only_operands)
            break;
    }
    if (all && reads_input(program, usage))
        judge_input(sinks, index, at, program, name);
}

/* Builtins that evaluate a name or an expression. */

static const char number_help[] =
    "calculate in the braces, as in ${{ params.n + 1 }}, or make sure that it is a number: "
    "${{ math.tointeger(...) }}";
static const char name_help[] =
    "bash would evaluate what stands in the name's brackets; use a fixed name";

static void judge_carrying(const struct sinks *sinks, int code,
                           const struct rb_shell_word *word, const char *message,
                           const char *help)
{
    if (rb_shell_carries(sinks->flow, word))
        report(sinks, code, word, false, message, help);
}

static void judge_name(const struct sinks *sinks, const struct rb_shell_word *word)
{
    judge_carrying(sinks, 504, word, "a value can't be the name of a variable", name_help);
}

static void judge_number(const struct sinks *sinks, const struct rb_shell_word *word)
{
    judge_carrying(sinks, 502, word, "bash would evaluate the text of a value here",
                   number_help);
}

/* `test`, `[` and `[[`. */
static void judge_test(const struct sinks *sinks, const struct rb_shell_command *command)
{
    bool keyword = strcmp(command->words[0].text, "[[") == 0;
    for (int i = 1; i + 1 < command->word_count; i++) {
        const char *text = command->words[i].text;
        if (rb_shell_one_of(text, "-v -R"))
            judge_name(sinks, &command->words[i + 1]);
        if (keyword && rb_shell_one_of(text, "-eq -ne -lt -le -gt -ge")) {
            judge_number(sinks, &command->words[i - 1]);
            judge_number(sinks, &command->words[i + 1]);
        }
    }
}

/* declare and its kind: the name must be fixed, and with -i or -n the value is evaluated. */
static void judge_declaration(const struct sinks *sinks,
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
            judge_number(sinks, word);
    }
}

static void judge_builtin(const struct sinks *sinks, const struct rb_shell_command *command)
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
            judge_number(sinks, word);
        else if (rb_shell_one_of(name, "source .") && i == 1 &&
                 is_made_up_file(sinks, word))
            report(sinks, 501, word, true,
                   "bash would read the text of a value as its program",
                   "call the program without `source`");
    }
    if (rb_shell_one_of(name, "source .") && command->word_count > 1 &&
        rb_shell_one_of(command->words[1].text, standard_input))
        judge_input(sinks, (int)(command - sinks->lex->commands), 0,
                    rb_shell_program_find("eval"), name);
}

static const char variable_message[] =
    "programs would run the text of a value in this variable";
static const char variable_help[] =
    "give it a fixed text, and the value to a variable of another name";

/* Variables whose content bash or a child of it runs. */
static void judge_assignments(const struct sinks *sinks,
                              const struct rb_shell_command *command)
{
    for (int i = 0; i < command->assigned_count; i++) {
        const struct rb_shell_assignment *assigned = &command->assigned[i];
        if (rb_shell_runs_variable(assigned->name))
            judge_carrying(sinks, 501, &assigned->value, variable_message, variable_help);
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
            judge_carrying(sinks, 501, word, variable_message, variable_help);
    }
}

/* Arguments that give a program a command to run. */
static void judge_settings(const struct sinks *sinks,
                           const struct rb_shell_command *command, int at)
{
    const char *name = command->words[at].text;
    if (!rb_shell_takes_settings(name))
        return;
    for (int i = at + 1; i < command->word_count; i++) {
        const struct rb_shell_word *word = &command->words[i];
        if (rb_shell_is_setting(name, word[-1].text, word->text) &&
            holds_value(sinks, word))
            report(sinks, 501, word, true, "the text of a value would be run as a command",
                   "name a command that is fixed, and give it the value in a variable");
    }
}

/* The operands of a program that could be taken for an option, up to `--`. */
static void judge_operands(const struct sinks *sinks,
                           const struct rb_shell_command *command, int at,
                           const struct rb_shell_program *program)
{
    struct rb_shell_arguments arguments = rb_shell_arguments(command, at, program);
    for (;;) {
        const struct rb_shell_word *word;
        char letter;
        enum rb_shell_argument argument =
            rb_shell_next_argument(&arguments, &word, &letter);
        if (argument == RB_ARGUMENT_END || arguments.only_operands)
            return;
        if (argument != RB_ARGUMENT_OPERAND)
            continue;
        if (word->text[0] == RB_SHELL_VALUE || word->text[0] == RB_SHELL_EXPANSION)
            judge_carrying(
                sinks, 505, word,
                "a value that begins with `-` is an option here, which can run a "
                "command",
                "put `--` before it");
        if (program->source == RB_SOURCE_OPERANDS)
            return;
    }
}

/* Programs that run what one of their options says. */
static void judge_options(const struct sinks *sinks, const struct rb_shell_command *command,
                          int at)
{
    static const struct rb_shell_program programs[] = {
        {.names = "ssh", .source = RB_SOURCE_OPERANDS, .with = "BbcDEeFIiJLlmOopQRSWw"},
        {.names = "scp sftp", .with = "bBcDFiJloPRsSX"},
        {.names = "rsync", .with = "eBfMT"},
        {.names = "psql", .with = "cdfFhLoPpRTUv"},
    };
    for (size_t i = 0; i < RB_COUNT(programs); i++) {
        struct rb_shell_program program = programs[i];
        program.letters = program.unless = "";
        if (rb_shell_one_of(command->words[at].text, program.names))
            judge_operands(sinks, command, at, &program);
    }
}

/* Words that bash makes out of a variable without quotes: they could be a command, or any
 * number of arguments. */
static void judge_splitting(const struct sinks *sinks,
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
            report(
                sinks, runs ? 501 : 506, word, false,
                runs ? "the words of a value would be run as a command here"
                     : "without quotes, a value becomes any number of arguments",
                runs
                    ? "collect the command in an array: c=(program ${{ ... }}); \"${c[@]}\""
                    : "put double quotes around it");
    }
}

static void judge_command(const struct sinks *sinks, int index)
{
    const struct rb_shell_command *command = &sinks->lex->commands[index];
    judge_assignments(sinks, command);
    if (command->word_count == 0)
        return;
    const char *name = command->words[0].text;
    bool wraps = rb_shell_runs_another(name), list = sinks->text->list;
    if (!list) {
        judge_builtin(sinks, command);
        judge_splitting(sinks, command);
    }
    if (rb_shell_runs_nothing(name))
        return;
    /* the cost of a long line of names stays linear; no real command is that far behind */
    for (int at = 0; at < 200 && at < command->word_count; at++) {
        bool all = at == 0 || wraps;
        judge_program(sinks, index, at, all);
        if (all)
            judge_settings(sinks, command, at);
        if (all && !list)
            judge_options(sinks, command, at);
    }
}

static void judge_text(struct sinks *sinks)
{
    const struct rb_shell_lex *lex = sinks->text->lex;
    struct rb_shell_flow *flow =
        rb_shell_flow_new(sinks->arena, lex, &sinks->text->outside);
    sinks->lex = lex;
    sinks->flow = flow;
    for (int i = 0; i < lex->command_count; i++)
        judge_command(sinks, i);
    for (int i = 0; i < lex->evaluated_count; i++)
        judge_number(sinks, &lex->evaluated[i]);
    rb_shell_flow_end(flow);
}

bool rb_shell_sinks(struct rb_arena *arena, const struct rb_shell_text *text,
                    struct rb_diags *diags)
{
    const struct rb_shell_outside *outside = &text->outside;
    int before = diags->errors;
    struct sinks sinks = {.arena = arena, .text = text, .diags = diags};
    if (text->lex->place_count || outside->name_count || outside->file_count ||
        outside->fed)
        judge_text(&sinks);
    return diags->errors == before;
}
