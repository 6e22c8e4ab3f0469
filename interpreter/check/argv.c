#include "check/argv.h"

#include <string.h>

#include "base/mem.h"
#include "parse/shell_flow.h"

/* Past programs that only run another one with the same output and exit code. */
static void find_program(struct rb_argv *argv)
{
    int at = 0;
    while (at < argv->count &&
           rb_shell_one_of(argv->texts[at],
                           "sudo doas env nohup nice ionice timeout time exec "
                           "command builtin setsid stdbuf")) {
        argv->limited |= strcmp(argv->texts[at], "timeout") == 0;
        for (at++; at < argv->count; at++) {
            const char *text = argv->texts[at];
            if (rb_shell_one_of(text, "-u -g -k -s -n"))
                at += strcmp(text, "-n") == 0 && !argv->limited ? 0 : 1;
            else if (text[0] != '-' && !strchr(text, '=') &&
                     !(text[0] >= '0' && text[0] <= '9'))
                break;
        }
    }
    argv->program = at;
}

struct rb_span rb_argv_span(const struct rb_argv *argv, int index)
{
    if (!argv->command)
        return argv->node->items[index]->span;
    const struct rb_shell_word *word = &argv->command->words[index];
    return rb_yaml_span_in(argv->node, word->offset, word->end - word->offset);
}

bool rb_argv_plain(const struct rb_argv *argv, int index)
{
    if (!argv->command)
        return false;
    const struct rb_shell_word *word = &argv->command->words[index];
    return strlen(word->text) == word->end - word->offset;
}

static const char *name_of(const struct rb_shell_command *command)
{
    return command->word_count > 0 ? command->words[0].text : "";
}

/* `echo` and `printf` write so little that a reader that ends early does no harm. */
static bool writes_little(const struct rb_shell_command *command)
{
    return rb_shell_one_of(name_of(command), "echo printf date hostname whoami id");
}

/* Per command the one that reads its output through a pipe, or NULL. */
static const struct rb_shell_command **readers_of(struct rb_arena *arena,
                                                  const struct rb_shell_lex *lex)
{
    const struct rb_shell_command **readers =
        rb_arena_alloc(arena, (size_t)lex->command_count * sizeof *readers);
    for (int i = 0; i < lex->command_count; i++) {
        if (lex->commands[i].piped_from >= 0)
            readers[lex->commands[i].piped_from] = &lex->commands[i];
    }
    return readers;
}

static void judge_command(const struct rb_check *check, struct rb_arena *arena,
                          const struct rb_yaml_node *scalar,
                          const struct rb_shell_command *command,
                          const struct rb_shell_command *writer,
                          const struct rb_shell_command *reader,
                          void (*judge)(const struct rb_argv *argv))
{
    size_t count = (size_t)command->word_count;
    const char **texts = rb_arena_alloc(arena, count * sizeof *texts);
    for (int i = 0; i < command->word_count; i++)
        texts[i] = command->words[i].text;
    struct rb_argv argv = {
        .texts = texts,
        .count = command->word_count,
        .feeds = reader || command->level > 0,
        .before_head = reader && rb_shell_one_of(name_of(reader), "head grep"),
        .piped = writer && !writes_little(writer),
        .condition = command->condition,
        .node = scalar,
        .command = command,
        .diags = check->diags,
    };
    find_program(&argv);
    if (argv.program < argv.count)
        judge(&argv);
}

void rb_argv_of_run(const struct rb_check *check, int step,
                    void (*judge)(const struct rb_argv *argv))
{
    const struct rb_yaml_node *scalar = rb_check_value(check, step, "run");
    if (!scalar || scalar->kind != RB_NODE_SCALAR)
        return;
    struct rb_shell_lex lex;
    struct rb_arena *arena = check->document->scratch;
    rb_arena_clear(arena);
    rb_shell_lex(arena, scalar->text, scalar->length, &lex);
    const struct rb_shell_command **readers = readers_of(arena, &lex);
    for (int i = 0; i < lex.command_count; i++) {
        int from = lex.commands[i].piped_from;
        judge_command(check, arena, scalar, &lex.commands[i],
                      from >= 0 ? &lex.commands[from] : NULL, readers[i], judge);
    }
}

void rb_argv_of_list(const struct rb_check *check, const struct rb_yaml_node *list,
                     void (*judge)(const struct rb_argv *argv))
{
    if (!list || list->kind != RB_NODE_SEQUENCE)
        return;
    for (int i = 0; i < list->count; i++) {
        if (list->items[i]->kind != RB_NODE_SCALAR)
            return;
    }
    RB_AUTO_FREE const char **texts = rb_alloc((size_t)(list->count + 1) * sizeof *texts);
    for (int i = 0; i < list->count; i++)
        texts[i] = list->items[i]->text;
    struct rb_argv argv = {
        .texts = texts, .count = list->count, .node = list, .diags = check->diags};
    find_program(&argv);
    if (argv.program < argv.count)
        judge(&argv);
}
