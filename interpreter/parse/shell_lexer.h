#pragma once
/* The insides of the shell lexer: parse/shell_lex.c reads commands, parse/shell_word.c words. */

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "parse/shell_lex.h"

/* A word while it is read. */
struct rb_shell_writer {
    struct rb_buf text;
    struct rb_shell_word word;
};

struct rb_shell_heredoc {
    struct rb_shell_word delimiter;
    bool quoted, tabs;
    int command;
};

struct rb_shell_lexer {
    struct rb_arena *arena;
    struct rb_shell_lex *lex;
    const char *bytes;
    size_t at, end;
    const size_t *map; /* offsets in the script; NULL: the bytes are the script */
    size_t base;       /* what the offset of the first byte is */
    struct rb_shell_writer *writer;    /* of the innermost word */
    struct rb_shell_heredoc *heredocs; /* whose bodies are yet to come */
    int heredoc_count, heredoc_capacity;
    int level; /* of substitution */
    int depth; /* of recursion */
    bool arithmetic;
    bool stopped;
};

/* How a list of commands ended. */
enum rb_shell_closer {
    RB_SHELL_AT_END,
    RB_SHELL_AT_PAREN,
    RB_SHELL_AT_BRACE,
    RB_SHELL_AT_FI,
    RB_SHELL_AT_DONE,
    RB_SHELL_AT_CLAUSE, /* `;;`, `;&`, `;;&` */
    RB_SHELL_AT_ESAC,
};

/* Makes room for one more element in an array that lives in the arena. */
void *rb_shell_room(struct rb_arena *arena, void *items, int count, int *capacity,
                    size_t size);
#define RB_SHELL_ADD(arena, items, count, capacity)                                    \
    ((items) = rb_shell_room((arena), (items), (count), &(capacity), sizeof *(items)), \
     &(items)[(count)++])

static inline char rb_shell_peek(const struct rb_shell_lexer *lexer, size_t ahead)
{
    return lexer->at + ahead < lexer->end ? lexer->bytes[lexer->at + ahead] : '\0';
}

static inline size_t rb_shell_origin(const struct rb_shell_lexer *lexer, size_t at)
{
    return lexer->map ? lexer->map[at] : lexer->base + at;
}

/* One level deeper; false (and the lexer stops) when that is too deep. */
bool rb_shell_enter(struct rb_shell_lexer *lexer);
void rb_shell_leave(struct rb_shell_lexer *lexer);
/* Notes what was opened there and never closed, unless something further in was noted. */
void rb_shell_unclosed(struct rb_shell_lexer *lexer, size_t origin);

static inline bool rb_shell_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static inline bool rb_shell_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool rb_shell_is_name(const char *text, size_t length);

/* shell_word.c: words and quotes. What is read goes to the innermost word. */
/* Begins a word; returns the one outside of it, to be given to rb_shell_end_word. */
struct rb_shell_writer *rb_shell_begin_word(struct rb_shell_lexer *lexer,
                                            struct rb_shell_writer *writer);
struct rb_shell_word rb_shell_end_word(struct rb_shell_lexer *lexer,
                                       struct rb_shell_writer *outer);
void rb_shell_put(struct rb_shell_lexer *lexer, char c);
void rb_shell_take(struct rb_shell_lexer *lexer); /* the byte at hand, as it is */
void rb_shell_add_name(struct rb_shell_lexer *lexer, const char *text, size_t length);
bool rb_shell_at_value(const struct rb_shell_lexer *lexer, size_t ahead);
void rb_shell_take_value(struct rb_shell_lexer *lexer, enum rb_shell_quoting quoting);
/* A backslash with what it escapes; NULL: it escapes anything. */
void rb_shell_backslash(struct rb_shell_lexer *lexer, const char *escapable);
void rb_shell_ansi_quoted(struct rb_shell_lexer *lexer);
void rb_shell_double_quoted(struct rb_shell_lexer *lexer);
void rb_shell_plain_part(struct rb_shell_lexer *lexer); /* one piece outside of quotes */
/* Reads a word, up to an unquoted blank, newline or operator. It is literal when its text is
 * what stands in the script. ret_literal may be NULL. */
struct rb_shell_word rb_shell_read_word(struct rb_shell_lexer *lexer, bool *ret_literal);
/* The body of a here-document, from lexer->at to `end`. */
struct rb_shell_word rb_shell_read_heredoc(struct rb_shell_lexer *lexer, size_t end,
                                           bool quoted);

/* shell_expand.c: what `$` and backquotes begin. */
void rb_shell_dollar(struct rb_shell_lexer *lexer, enum rb_shell_quoting quoting);
void rb_shell_backquoted(struct rb_shell_lexer *lexer, bool in_double);
void rb_shell_substitution(struct rb_shell_lexer *lexer); /* `$(`, `<(`, `>(` */
/* Whether the `((` whose inside begins at `at` is closed by `))`, so that it is arithmetic. */
bool rb_shell_is_arithmetic(const struct rb_shell_lexer *lexer, size_t at);
/* Reads arithmetic up to the closing bracket, `)` (two of them), `]` or `}`, and past it. */
void rb_shell_read_arithmetic(struct rb_shell_lexer *lexer, char closer);
/* Adds to the words that bash evaluates. */
void rb_shell_evaluated(struct rb_shell_lexer *lexer, struct rb_shell_word word);

/* shell_lex.c */
/* Reads commands up to what `closer` closes, and past it; the end of the text ends all. */
enum rb_shell_closer rb_shell_read_commands(struct rb_shell_lexer *lexer,
                                            enum rb_shell_closer closer);
