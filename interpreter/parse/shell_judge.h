#pragma once
/* The insides of the rules on values: parse/shell_sink.c has what programs read as their source,
 * parse/shell_builtin.c what bash itself evaluates. */

#include "parse/shell_programs.h"
#include "parse/shell_sink.h"

struct rb_shell_sinks {
    struct rb_arena *arena;
    const struct rb_shell_text *text;
    const struct rb_shell_lex *lex;
    const struct rb_shell_flow *flow;
    struct rb_diags *diags;
    const struct rb_span *around; /* of the word that it is the text of; NULL: of none */
    bool *told;                   /* whether that word has its diagnostic */
    int depth;
};

/* shell_sink.c */
/* One diagnostic per value in the word (`deep`: also in its substitutions), or one for the word
 * when a variable or a pipe brings the value. What is inside of a word is told of the word. */
void rb_shell_report(const struct rb_shell_sinks *sinks, int code,
                     const struct rb_shell_word *word, bool deep, const char *message,
                     const char *help);
/* Does any value stand in the word, also inside its substitutions, or come by a variable? */
bool rb_shell_holds_value(const struct rb_shell_sinks *sinks,
                          const struct rb_shell_word *word);
/* A file that holds the text of a value: <(...), or one that the script wrote. */
bool rb_shell_is_made_up(const struct rb_shell_sinks *sinks,
                         const struct rb_shell_word *word);
/* What goes into the program, which is the word `at` of the command, on its standard input. */
void rb_shell_judge_input(const struct rb_shell_sinks *sinks, int index, int at,
                          const struct rb_shell_program *program, const char *name);

/* shell_builtin.c */
void rb_shell_judge_carrying(const struct rb_shell_sinks *sinks, int code,
                             const struct rb_shell_word *word, const char *message,
                             const char *help);
void rb_shell_judge_number(const struct rb_shell_sinks *sinks,
                           const struct rb_shell_word *word);
/* Variables whose content bash or a child of it runs. */
void rb_shell_judge_assignments(const struct rb_shell_sinks *sinks,
                                const struct rb_shell_command *command);
/* Its builtins, and words that it splits. */
void rb_shell_judge_bash(const struct rb_shell_sinks *sinks,
                         const struct rb_shell_command *command);
