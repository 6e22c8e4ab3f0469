#include "parse/shell_flow.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "parse/shell_programs.h"

/* Rounds until nothing changes any more; a script that takes more is not worth following, and
 * all of its variables are taken to hold values. */
#define ROUNDS 20

struct name {
    const char *text;
    const char *value; /* of `programs` */
    UT_hash_handle hh;
};

struct rb_shell_flow {
    struct rb_arena *arena;
    const struct rb_shell_lex *lex;
    const struct rb_shell_flow *outer;
    bool *emits, *fed; /* per command: on its standard output, on its standard input */
    struct name *held; /* variables that may hold the text of a value */
    struct name *functions;
    struct name *programs; /* variables that name one which reads source */
    bool changed, all;
    bool all_fed; /* whatever has no input of its own */
};

/* Positional parameters are one: which of them holds a value is not followed. */
static const char *canonical(const char *name)
{
    return (*name >= '0' && *name <= '9') || *name == '*' ? "@" : name;
}

static bool contains(struct name *names, const char *text)
{
    struct name *found = NULL;
    HASH_FIND_STR(names, text, found);
    return found;
}

/* Arguments are each script's own. */
bool rb_shell_holds(const struct rb_shell_flow *flow, const char *name)
{
    const char *key = canonical(name);
    bool reference = rb_text_starts(name, "RB_"); /* what stands for a `${{ }}` */
    return flow->all || reference || contains(flow->held, key) ||
           (flow->outer && *key != '@' && rb_shell_holds(flow->outer, key));
}

static struct name *new_name(struct rb_shell_flow *flow, const char *text, size_t length)
{
    struct name *name = rb_arena_alloc(flow->arena, sizeof *name);
    name->text = rb_arena_strndup(flow->arena, text, length);
    return name;
}

static void hold(struct rb_shell_flow *flow, const char *text, size_t length)
{
    struct name *name = new_name(flow, text, length);
    if (contains(flow->held, name->text))
        return;
    HASH_ADD_KEYPTR(hh, flow->held, name->text, length, name);
    flow->changed = true;
}

/* The first place at or behind an offset of the script. */
static int first_place(const struct rb_shell_lex *lex, size_t offset)
{
    int low = 0, high = lex->place_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (lex->places[middle].braces.begin < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int rb_shell_next_place(const struct rb_shell_flow *flow, const struct rb_shell_word *word,
                        int *index)
{
    int first = first_place(flow->lex, word->offset);
    for (int i = *index > first ? *index : first; i < flow->lex->place_count; i++) {
        if (flow->lex->places[i].braces.begin >= word->end)
            break;
        *index = i + 1;
        if (!flow->lex->places[i].fixed)
            return i;
    }
    return -1;
}

bool rb_shell_carries(const struct rb_shell_flow *flow, const struct rb_shell_word *word)
{
    const struct rb_shell_lex *lex = flow->lex;
    int index = 0;
    for (int i = 0; (i = rb_shell_next_place(flow, word, &index)) >= 0;) {
        if (lex->places[i].level == word->level)
            return true;
    }
    for (int i = 0; i < word->name_count; i++) {
        if (rb_shell_holds(flow, word->names[i]))
            return true;
    }
    for (int i = word->inner_begin; i < word->inner_end; i++) {
        if (lex->commands[i].level == word->level + 1 && flow->emits[i])
            return true;
    }
    return false;
}

/* Is the word a variable and nothing else? */
static bool is_variable(const struct rb_shell_word *word)
{
    return word->name_count == 1 && word->text[0] == RB_SHELL_EXPANSION &&
           word->text[1] == '\0';
}

const char *rb_shell_stands_for(const struct rb_shell_flow *flow,
                                const struct rb_shell_word *word)
{
    struct name *found = NULL;
    if (is_variable(word))
        HASH_FIND_STR(flow->programs, word->names[0], found);
    return found ? found->value : NULL;
}

bool rb_shell_is_fed(const struct rb_shell_flow *flow, int command)
{
    return flow->all || flow->fed[command];
}

bool rb_shell_one_of(const char *word, const char *list)
{
    size_t length = strlen(word);
    for (const char *at = strstr(list, word); at && length > 0; at = strstr(at + 1, word)) {
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

static void set(struct rb_shell_flow *flow, bool *flag)
{
    flow->changed |= !*flag;
    *flag = true;
}

static bool argument_carries(const struct rb_shell_flow *flow,
                             const struct rb_shell_command *command)
{
    for (int i = 1; i < command->word_count; i++) {
        if (rb_shell_carries(flow, &command->words[i]))
            return true;
    }
    return false;
}

static const char *program(const struct rb_shell_command *command)
{
    return command->word_count > 0 ? command->words[0].text : "";
}

/* Names that the command gives what it is given or reads. */
static void follow_names(struct rb_shell_flow *flow, const struct rb_shell_command *command,
                         bool fed)
{
    bool declares =
        rb_shell_one_of(program(command), "declare typeset local export readonly");
    bool reads = fed && rb_shell_one_of(program(command), "read mapfile readarray");
    for (int i = 0; i < command->assigned_count; i++) {
        const char *name = command->assigned[i].name;
        if (rb_shell_carries(flow, &command->assigned[i].value))
            hold(flow, name, strlen(name));
    }
    if (reads) {
        hold(flow, "REPLY", 5);
        hold(flow, "MAPFILE", 7);
    }
    for (int i = 1; i < command->word_count; i++) {
        const struct rb_shell_word *word = &command->words[i];
        size_t name = strcspn(word->text, "+=");
        if (reads || (declares && word->text[name] && rb_shell_carries(flow, word)))
            hold(flow, word->text, name);
    }
    if (!argument_carries(flow, command))
        return;
    if (strcmp(program(command), "printf") == 0 &&
        strcmp(command->words[1].text, "-v") == 0 && command->word_count > 2)
        hold(flow, command->words[2].text, strlen(command->words[2].text));
    if (strcmp(program(command), "set") == 0 || contains(flow->functions, program(command)))
        hold(flow, "@", 1);
}

/* Files that the script writes are followed by the text of their names. */
static char *file_name(const struct rb_shell_flow *flow, const struct rb_shell_word *word)
{
    return rb_arena_printf(flow->arena, ">%s", word->text);
}

/* The file that a variable names by its value. */
static const char *file_of(const struct rb_shell_flow *flow, const char *name)
{
    return rb_arena_printf(flow->arena, ">$%s", name);
}

bool rb_shell_file_carries(const struct rb_shell_flow *flow,
                           const struct rb_shell_word *word)
{
    if (word->process == '<')
        return rb_shell_carries(flow, word);
    return rb_shell_holds(flow, file_name(flow, word)) ||
           (is_variable(word) && rb_shell_holds(flow, file_of(flow, word->names[0])));
}

/* The text of a value goes to what the word names: a file, or the commands of `>(...)`. */
static void write_to(struct rb_shell_flow *flow, const struct rb_shell_word *word)
{
    if (word->process == '\0') {
        const char *name = file_name(flow, word);
        hold(flow, name, strlen(name));
    }
    for (int i = word->inner_begin; word->process == '>' && i < word->inner_end; i++) {
        if (flow->lex->commands[i].level == word->level + 1)
            set(flow, &flow->fed[i]);
    }
}

static bool finds_input(const struct rb_shell_flow *flow,
                        const struct rb_shell_command *command)
{
    for (int i = 0; i < command->input_count; i++) {
        if (rb_shell_carries(flow, &command->inputs[i]))
            return true;
    }
    for (int i = 0; i < command->read_count; i++) {
        if (rb_shell_file_carries(flow, &command->reads[i]))
            return true;
    }
    return command->piped_from >= 0 && flow->emits[command->piped_from];
}

/* Does the command print what it is given? `$(< file)` has no name. */
static bool prints(const struct rb_shell_flow *flow, int index)
{
    static const char filters[] =
        "cat tee tr sed cut sort uniq head tail grep awk paste rev "
        "tac fold nl column envsubst xargs";
    const struct rb_shell_command *command = &flow->lex->commands[index];
    const char *name = program(command);
    if (rb_shell_one_of(name, "echo printf") || contains(flow->functions, name))
        return argument_carries(flow, command);
    bool filter = rb_shell_one_of(name, filters);
    for (int i = 1; filter && i < command->word_count; i++) {
        if (rb_shell_file_carries(flow, &command->words[i]))
            return true;
    }
    return flow->fed[index] && (filter || command->word_count == 0);
}

/* Does the command read what the script or the group around it was given, rather than something of
 * its own? */
static bool reads_outside(const struct rb_shell_command *command)
{
    for (int i = 0; i < command->read_count; i++) {
        if (!rb_shell_one_of(command->reads[i].text, RB_SHELL_STANDARD_INPUT " 0"))
            return false;
    }
    return command->piped_from < 0 && command->input_count == 0;
}

static void feed(struct rb_shell_flow *flow, int begin, int end)
{
    for (int i = begin; i < end; i++) {
        if (reads_outside(&flow->lex->commands[i]))
            set(flow, &flow->fed[i]);
    }
}

/* What reads the input of this command: those in a group; those in its words, of a command behind a
 * pipe; and anything, where it is a function, or `exec` for the rest of the script. */
static void feed_others(struct rb_shell_flow *flow, int index)
{
    const struct rb_shell_command *command = &flow->lex->commands[index];
    bool rest = command->word_count == 1 && strcmp(program(command), "exec") == 0;
    feed(flow, command->body_begin, command->body_end);
    if (command->piped_from >= 0 && command->word_count > 0)
        feed(flow, command->words[0].inner_begin,
             command->words[command->word_count - 1].inner_end);
    if (!flow->all_fed && (rest || contains(flow->functions, program(command)))) {
        flow->all_fed = true;
        feed(flow, 0, flow->lex->command_count);
    }
}

/* What goes through pipes, here-documents, files and groups of commands. */
static void follow_streams(struct rb_shell_flow *flow, int index)
{
    const struct rb_shell_command *command = &flow->lex->commands[index];
    bool group = command->body_begin < command->body_end;
    if (finds_input(flow, command))
        set(flow, &flow->fed[index]);
    if (!group && prints(flow, index))
        set(flow, &flow->emits[index]);
    if (flow->fed[index])
        feed_others(flow, index);
    for (int i = command->body_begin; i < command->body_end; i++) {
        if (flow->lex->commands[i].level == command->level && flow->emits[i])
            set(flow, &flow->emits[index]);
    }
    for (int i = 0; flow->emits[index] && i < command->write_count; i++)
        write_to(flow, &command->writes[i]);
    for (int i = 1; flow->fed[index] && i < command->word_count; i++) {
        if (strcmp(program(command), "tee") == 0)
            write_to(flow, &command->words[i]);
    }
}

static void add_name(struct rb_shell_flow *flow, struct name **names, const char *text,
                     const char *value)
{
    struct name *name = new_name(flow, text, strlen(text));
    name->value = value;
    if (!contains(*names, name->text))
        HASH_ADD_KEYPTR(hh, *names, name->text, strlen(name->text), name);
}

/* `x=sh`: what `$x -c` runs is known. */
static void find_programs(struct rb_shell_flow *flow)
{
    for (int i = 0; i < flow->lex->command_count; i++) {
        const struct rb_shell_command *command = &flow->lex->commands[i];
        for (int k = 0; k < command->assigned_count; k++) {
            const struct rb_shell_assignment *assigned = &command->assigned[k];
            const char *text = assigned->value.text, *equals = strchr(text, '=');
            const char *value = equals ? equals + 1 : text;
            if (rb_shell_program_find(value))
                add_name(flow, &flow->programs, assigned->name, value);
        }
    }
}

static void begin(struct rb_shell_flow *flow, const struct rb_shell_outside *outside)
{
    flow->outer = outside->outer;
    for (int i = 0; i < outside->name_count; i++)
        hold(flow, outside->names[i], strlen(outside->names[i]));
    for (int i = 0; i < outside->file_count; i++) {
        const char *file = file_of(flow, outside->files[i]);
        hold(flow, file, strlen(file));
    }
    if (outside->arguments)
        hold(flow, "@", 1);
    if (outside->fed)
        feed(flow, 0, flow->lex->command_count);
    find_programs(flow);
}

struct rb_shell_flow *rb_shell_flow_new(struct rb_arena *arena,
                                        const struct rb_shell_lex *lex,
                                        const struct rb_shell_outside *outside)
{
    struct rb_shell_flow *flow = rb_arena_alloc(arena, sizeof *flow);
    flow->arena = arena;
    flow->lex = lex;
    flow->emits = rb_arena_alloc(arena, (size_t)lex->command_count);
    flow->fed = rb_arena_alloc(arena, (size_t)lex->command_count);
    for (int i = 0; i < lex->function_count; i++)
        add_name(flow, &flow->functions, lex->functions[i], NULL);
    begin(flow, outside);
    flow->changed = true;
    for (int round = 0; flow->changed; round++) {
        flow->changed = false;
        flow->all = round == ROUNDS;
        for (int i = 0; i < lex->command_count && !flow->all; i++) {
            follow_names(flow, &lex->commands[i], flow->fed[i]);
            follow_streams(flow, i);
        }
    }
    return flow;
}

void rb_shell_flow_end(struct rb_shell_flow *flow)
{
    HASH_CLEAR(hh, flow->held);
    HASH_CLEAR(hh, flow->functions);
    HASH_CLEAR(hh, flow->programs);
}
