#pragma once
/* A command of the program. One table describes them all: help, completion and man pages are
 * made from it. */

#include <stdbool.h>

#include "base/error.h"

/* What a value of an option or argument is: for help, and for completion. */
enum rb_value_kind_of {
    RB_WORD_NONE, /* a flag, or no argument */
    RB_WORD_TEXT,
    RB_WORD_FILE,
    RB_WORD_FOLDER,
    RB_WORD_RUN,
    RB_WORD_CHOICE,
};

struct rb_option {
    char letter;       /* 0: none */
    const char *name;  /* without the dashes */
    const char *value; /* "FILE", as help shows it; NULL: a flag */
    enum rb_value_kind_of kind;
    const char *choices; /* of a CHOICE: "auto|tty|plain" */
    const char *help;    /* one line */
};

struct rb_args;

struct rb_command {
    const char *name;
    const char *arguments; /* "FILE [STEP]", as help shows it */
    int min, max;          /* number of arguments; max -1: any */
    enum rb_value_kind_of kind;
    const char *summary;     /* one line */
    const char *description; /* paragraphs */
    const char *example;     /* lines without the "$ " */
    const char *exits;       /* what its exit codes mean, one a line: "0  succeeded" */
    const struct rb_option *options;        /* ended by a NULL name */
    int (*run)(const struct rb_args *args); /* exit status of the program */
};

/* Ended by a NULL name. */
extern const struct rb_command rb_commands[];
/* Options of every command. */
extern const struct rb_option rb_common_options[];

const struct rb_command *rb_command_find(const char *name); /* NULL: no such command */
