#pragma once
/* A command's words as the rules on shell text look at them, from a script or a list. */

#include "check/rules.h"
#include "parse/shell_lex.h"

struct rb_argv {
    const char *const *texts; /* without quotes; see parse/shell_lex.h */
    int count;
    int program;      /* index of the program, behind sudo, env, timeout and so on */
    bool limited;     /* behind `timeout` */
    bool piped;       /* reads the output of a command that could write much */
    bool feeds;       /* its output goes into a pipe or a substitution */
    bool before_head; /* that one is `head` or `grep -q` */
    bool condition;   /* its exit code is looked at */
    const struct rb_yaml_node *node;        /* the script or the list */
    const struct rb_shell_command *command; /* of the script; NULL: a list */
    struct rb_diags *diags;
};

struct rb_span rb_argv_span(const struct rb_argv *argv, int index);
/* Whether nothing in the word is quoted or expanded. */
bool rb_argv_plain(const struct rb_argv *argv, int index);

/* Calls judge for each command of the step's script, or for the list that is one. */
void rb_argv_of_run(const struct rb_check *check, int step,
                    void (*judge)(const struct rb_argv *argv));
void rb_argv_of_list(const struct rb_check *check, const struct rb_yaml_node *list,
                     void (*judge)(const struct rb_argv *argv));
