#pragma once
/* Programs that read a part of what they are given as source: other shells, and languages. */

#include "parse/shell_lex.h"

enum rb_shell_source {
    RB_SOURCE_OPTION,   /* the argument of an option: perl -e, psql -c */
    RB_SOURCE_FLAG,     /* the first operand, where an option says so: sh -ce ... */
    RB_SOURCE_OPERAND,  /* the first operand, unless an option gave it: awk, trap */
    RB_SOURCE_OPERANDS, /* every operand behind the first: ssh, sqlite3 */
    RB_SOURCE_ALL,      /* everything: eval */
};

struct rb_shell_program {
    const char *names; /* without digits and dots at the end */
    enum rb_shell_source source;
    const char *letters; /* options whose argument is source */
    const char *option;  /* the same, in words such as --eval and -ex, or NULL */
    const char *with;    /* other letters that take an argument */
    const char *unless;  /* letters of options that name a file with the source */
    enum {
        RB_STDIN_DATA,
        RB_STDIN_SOURCE,
        RB_STDIN_ALONE,
        RB_STDIN_PASSED
    } input; /* ALONE: without operands; PASSED: another program's, which the operands are */
    int code; /* RB0501: a shell, RB0503: another language */
    const char *help;
};

/* What is known of a program; NULL: that it reads no source. */
const struct rb_shell_program *rb_shell_program_find(const char *name);

/* Whether its arguments are another command (sudo, env, xargs, docker exec). */
bool rb_shell_runs_another(const char *name);

/* Whether its arguments are text, whatever they look like (echo, grep). */
bool rb_shell_runs_nothing(const char *name);

/* Whether the word is an argument of the program that gives it a command to run, as in
 * `git -c alias.x=...`, `ssh -o ProxyCommand=...` and `tar --to-command=...`; `before` is the word
 * that it stands behind. */
bool rb_shell_is_setting(const char *name, const char *before, const char *word);
bool rb_shell_takes_settings(const char *name);

/* Whether programs run or load what a variable of this name says. docs/language.md has the list. */
bool rb_shell_runs_variable(const char *name);

/* The arguments of a program one after the other, options told from operands. */
struct rb_shell_arguments {
    const struct rb_shell_command *command;
    const struct rb_shell_program *program;
    int at;              /* the next word */
    const char *cluster; /* the rest of `-abc`, or NULL */
    bool only_operands;  /* behind `--` */
    bool flagged;        /* the next operand is source */
};

enum rb_shell_argument {
    RB_ARGUMENT_END,
    RB_ARGUMENT_SOURCE, /* of an option */
    RB_ARGUMENT_OPERAND,
    RB_ARGUMENT_OPTION, /* `*ret_letter` is its letter, 0: a long one */
};

struct rb_shell_arguments rb_shell_arguments(const struct rb_shell_command *command, int at,
                                             const struct rb_shell_program *program);
/* *ret_word is the source or the operand. */
enum rb_shell_argument rb_shell_next_argument(struct rb_shell_arguments *arguments,
                                              const struct rb_shell_word **ret_word,
                                              char *ret_letter);
