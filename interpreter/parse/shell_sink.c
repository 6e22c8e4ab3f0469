#include "parse/shell_sink.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "parse/shell_judge.h"

/* A text in a text in a text; what is deeper nobody writes by hand. */
#define INNER_LIMIT 8

static struct rb_span span_of(const struct rb_shell_sinks *sinks, size_t begin, size_t end)
{
    const struct rb_shell_piece *piece = sinks->text->pieces;
    for (int i = 1; i < sinks->text->piece_count && piece[1].begin <= begin; i++)
        piece++;
    return rb_yaml_span_in(piece->scalar, begin - piece->begin, end - begin);
}

void rb_shell_report(const struct rb_shell_sinks *sinks, int code,
                     const struct rb_shell_word *word, bool deep, const char *message,
                     const char *help)
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

static void report_source(const struct rb_shell_sinks *sinks,
                          const struct rb_shell_program *program, const char *name,
                          const struct rb_shell_word *word)
{
    char message[128];
    snprintf(message, sizeof message,
             "`%.40s` would read the text of a value as its program", name);
    rb_shell_report(sinks, program->code, word, true, message, program->help);
}

bool rb_shell_holds_value(const struct rb_shell_sinks *sinks,
                          const struct rb_shell_word *word)
{
    int index = 0;
    return rb_shell_next_place(sinks->flow, word, &index) >= 0 ||
           rb_shell_carries(sinks->flow, word);
}

bool rb_shell_is_made_up(const struct rb_shell_sinks *sinks,
                         const struct rb_shell_word *word)
{
    return (word->process == '<' && rb_shell_holds_value(sinks, word)) ||
           rb_shell_file_carries(sinks->flow, word);
}

/* Programs with a source. */

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
            bool standard = word && rb_shell_one_of(word->text, RB_SHELL_STANDARD_INPUT);
            usage.file |= names_file(program, letter) && !standard;
            usage.stdin_asked |= letter == 's';
            usage.stdin_named |= names_file(program, letter) && standard;
        } else if (rb_shell_one_of(word->text, RB_SHELL_STANDARD_INPUT)) {
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

void rb_shell_judge_input(const struct rb_shell_sinks *sinks, int index, int at,
                          const struct rb_shell_program *program, const char *name)
{
    const struct rb_shell_command *command = &sinks->lex->commands[index];
    bool told = false;
    for (int i = 0; i < command->input_count; i++) {
        if (!rb_shell_holds_value(sinks, &command->inputs[i]))
            continue;
        report_source(sinks, program, name, &command->inputs[i]);
        told = true;
    }
    if (!told && rb_shell_is_fed(sinks->flow, index))
        report_source(sinks, program, name, &command->words[at]);
}

/* Does `xargs` put what it reads in place of a part of the word? */
static bool is_replaced(const struct rb_shell_sinks *sinks, int index, int at,
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
static bool has_arguments(const struct rb_shell_sinks *sinks, int index,
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

static void judge_text(struct rb_shell_sinks *sinks);

/* The text that a shell is given: a script of its own. What runs in this one, as `eval` does, has
 * its arguments as well; what runs on another machine has none of its variables. */
static void judge_inner(const struct rb_shell_sinks *sinks, int index,
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
    struct rb_shell_sinks inner = {.arena = sinks->arena,
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
static void judge_program(const struct rb_shell_sinks *sinks, int index, int at, bool all)
{
    const struct rb_shell_command *command = &sinks->lex->commands[index];
    const char *known = rb_shell_stands_for(sinks->flow, &command->words[at]);
    const char *name = known ? known : command->words[at].text;
    const struct rb_shell_program *program = rb_shell_program_find(name);
    if (!program) {
        if (at == 0 && rb_shell_is_made_up(sinks, &command->words[0]))
            rb_shell_report(
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
        if ((source &&
             (rb_shell_holds_value(sinks, word) || is_replaced(sinks, index, at, word))) ||
            (all && file && rb_shell_is_made_up(sinks, word)))
            report_source(sinks, program, name, word);
        else if (source && program->code == 501 && !reads_input(program, usage))
            judge_inner(sinks, index, program, word);
        operand += argument == RB_ARGUMENT_OPERAND;
        if (!all && arguments.only_operands)
            break;
    }
    if (all && reads_input(program, usage))
        rb_shell_judge_input(sinks, index, at, program, name);
}

/* Arguments that give a program a command to run. */
static void judge_settings(const struct rb_shell_sinks *sinks,
                           const struct rb_shell_command *command, int at)
{
    const char *name = command->words[at].text;
    if (!rb_shell_takes_settings(name))
        return;
    for (int i = at + 1; i < command->word_count; i++) {
        const struct rb_shell_word *word = &command->words[i];
        if (rb_shell_is_setting(name, word[-1].text, word->text) &&
            rb_shell_holds_value(sinks, word))
            rb_shell_report(
                sinks, 501, word, true, "the text of a value would be run as a command",
                "name a command that is fixed, and give it the value in a variable");
    }
}

/* The operands of a program that could be taken for an option, up to `--`. */
static void judge_operands(const struct rb_shell_sinks *sinks,
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
            rb_shell_judge_carrying(
                sinks, 505, word,
                "a value that begins with `-` is an option here, which can run a "
                "command",
                "put `--` before it");
        if (program->source == RB_SOURCE_OPERANDS)
            return;
    }
}

/* Programs that run what one of their options says. */
static void judge_options(const struct rb_shell_sinks *sinks,
                          const struct rb_shell_command *command, int at)
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

static void judge_command(const struct rb_shell_sinks *sinks, int index)
{
    const struct rb_shell_command *command = &sinks->lex->commands[index];
    rb_shell_judge_assignments(sinks, command);
    if (command->word_count == 0)
        return;
    const char *name = command->words[0].text;
    bool wraps = rb_shell_runs_another(name), list = sinks->text->list;
    if (!list)
        rb_shell_judge_bash(sinks, command);
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

static void judge_text(struct rb_shell_sinks *sinks)
{
    const struct rb_shell_lex *lex = sinks->text->lex;
    struct rb_shell_flow *flow =
        rb_shell_flow_new(sinks->arena, lex, &sinks->text->outside);
    sinks->lex = lex;
    sinks->flow = flow;
    for (int i = 0; i < lex->command_count; i++)
        judge_command(sinks, i);
    for (int i = 0; i < lex->evaluated_count; i++)
        rb_shell_judge_number(sinks, &lex->evaluated[i]);
    rb_shell_flow_end(flow);
}

bool rb_shell_sinks(struct rb_arena *arena, const struct rb_shell_text *text,
                    struct rb_diags *diags)
{
    const struct rb_shell_outside *outside = &text->outside;
    int before = diags->errors;
    struct rb_shell_sinks sinks = {.arena = arena, .text = text, .diags = diags};
    if (text->lex->place_count || outside->name_count || outside->file_count ||
        outside->fed)
        judge_text(&sinks);
    return diags->errors == before;
}
