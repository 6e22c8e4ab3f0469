#pragma once
/* Where the text of values goes within a script: into variables, through pipes, into the
 * standard input of commands. It does not follow the order of execution: what may hold a value
 * anywhere is taken to hold it everywhere. */

#include "parse/shell_lex.h"

struct rb_shell_flow;

/* What a script finds when it begins. */
struct rb_shell_outside {
    const char *const *names; /* variables that hold the text of a value */
    int name_count;
    const char *const *files; /* variables that name a file which holds one */
    int file_count;
    bool fed;                          /* its standard input is one, or holds one */
    bool arguments;                    /* so do its arguments */
    const struct rb_shell_flow *outer; /* of the script whose variables it sees, or NULL */
};

/* Its memory is the arena's. */
struct rb_shell_flow *rb_shell_flow_new(struct rb_arena *arena,
                                        const struct rb_shell_lex *lex,
                                        const struct rb_shell_outside *outside);
void rb_shell_flow_end(struct rb_shell_flow *flow);

/* Is the text of a value part of the word's text: put there, by a variable that holds one, or
 * by a substitution that prints one? Values that are numbers for certain don't count. */
bool rb_shell_carries(const struct rb_shell_flow *flow, const struct rb_shell_word *word);

/* The same for the file that the word names: `<(...)`, or one that the script itself writes. */
bool rb_shell_file_carries(const struct rb_shell_flow *flow,
                           const struct rb_shell_word *word);

/* Whether a variable of this name may hold the text of a value; "@" stands for the arguments. */
bool rb_shell_holds(const struct rb_shell_flow *flow, const char *name);

/* What the script gives the variable that is all of the word, where that is the name of a program
 * which reads source; else NULL. */
const char *rb_shell_stands_for(const struct rb_shell_flow *flow,
                                const struct rb_shell_word *word);

/* Does the command find the text of a value on its standard input? */
bool rb_shell_is_fed(const struct rb_shell_flow *flow, int command);

/* The places of values within the word, also those inside its substitutions: the first one not
 * before *index, -1 when there is none; *index goes on behind it. Start with 0. */
int rb_shell_next_place(const struct rb_shell_flow *flow, const struct rb_shell_word *word,
                        int *index);

/* What a program or a script may call its standard input. */
#define RB_SHELL_STANDARD_INPUT "- /dev/stdin /dev/fd/0 /proc/self/fd/0"

/* Whether the word is one of a list of words with spaces between them. */
bool rb_shell_one_of(const char *word, const char *list);
