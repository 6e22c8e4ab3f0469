#pragma once
/* Bash text as commands and words, with each `${{ }}` and the quoting it stands in. It judges
 * nothing: parse/shell.c writes the references, parse/shell_sink.c and check/ look at what the
 * commands would do. Text that bash would refuse is read as far as it makes sense. */

#include "base/arena.h"
#include "parse/braces.h"

enum rb_shell_quoting {
    RB_SHELL_PLAIN,
    RB_SHELL_DOUBLE,
    RB_SHELL_SINGLE,
    RB_SHELL_ANSI,    /* $'...' */
    RB_SHELL_HEREDOC, /* its delimiter is not quoted */
    RB_SHELL_ARITHMETIC,
    RB_SHELL_QUOTED_HEREDOC,
    RB_SHELL_ESCAPE,  /* the first `$` of `$${{`: goes, the rest is text */
    RB_SHELL_NO_WORD, /* behind a backslash or a `$`, in a name, in a delimiter */
};

struct rb_shell_place {
    struct rb_braces braces;
    enum rb_shell_quoting quoting;
    int level; /* of the substitution it stands in; 0: the script itself */
    bool
        fixed; /* a number for certain, a text of the file, or the escape: no text of a value */
};

/* In the text of a word, what is not known before the run. */
#define RB_SHELL_VALUE     '\1' /* a `${{ }}` */
#define RB_SHELL_EXPANSION '\2' /* of a variable, a command, an arithmetic expression */

struct rb_shell_word {
    const char *text;   /* without quotes; see the two above */
    size_t offset, end; /* in the script */
    int level;
    bool splits;        /* some expansion in it is not quoted */
    char process;       /* '<' or '>': it is <(...) or >(...); else 0 */
    const char **names; /* variables that it expands; in arithmetic all names */
    int name_count, name_capacity;
    int inner_begin, inner_end; /* the commands of its substitutions */
};

struct rb_shell_assignment {
    const char *name;
    struct rb_shell_word value; /* for `name=value` the whole of it */
};

/* A simple command, or (body_begin < body_end, no words) a compound one around others. */
struct rb_shell_command {
    struct rb_shell_word *words; /* redirections and assignments are not among them */
    int word_count, word_capacity;
    struct rb_shell_assignment *assigned; /* by `x=1`, by `for x in 1 2` */
    int assigned_count, assigned_capacity;
    struct rb_shell_word *inputs; /* here-documents and here-strings */
    int input_count, input_capacity;
    struct rb_shell_word *reads; /* behind `<` */
    int read_count, read_capacity;
    struct rb_shell_word *writes; /* behind `>` and its kind */
    int write_count, write_capacity;
    int piped_from; /* the command whose output it reads; -1: none */
    int body_begin, body_end;
    int level;
    bool condition; /* behind `!`, `if`, `while`, before `&&` or `||` */
};

struct rb_shell_lex {
    struct rb_shell_place *places; /* in the order of the script */
    int place_count, place_capacity;
    struct rb_shell_command *commands;
    int command_count, command_capacity;
    struct rb_shell_word *evaluated; /* arithmetic, subscripts, ${!name}, ${name@P} */
    int evaluated_count, evaluated_capacity;
    const char **functions; /* defined in the script */
    int function_count, function_capacity;
    size_t unclosed;        /* a quote or bracket that never ends; SIZE_MAX: none */
    size_t unclosed_braces; /* a `${{` that never ends */
    size_t too_deep;        /* nesting that was given up */
};

/* All of it lives in the arena. */
void rb_shell_lex(struct rb_arena *arena, const char *text, size_t length,
                  struct rb_shell_lex *ret_lex);

/* A text that no shell reads, as one word, with its values among the places of the lex; `base` is
 * the offset that it begins at. A lex that is all zero is an empty one for it. */
struct rb_shell_word rb_shell_lex_text(struct rb_arena *arena, const char *text,
                                       size_t length, size_t base,
                                       struct rb_shell_lex *lex);

/* `tonumber(...)` or `math.tointeger(...)` and nothing else: it can only be a number. */
bool rb_shell_is_number(const char *expr, size_t length);
