#pragma once
/* What a place in SQL text is inside of (PostgreSQL's documentation, section 4.1). */

#include <stdbool.h>
#include <stddef.h>

enum rb_sql_within {
    RB_SQL_IN_PLAIN,
    RB_SQL_IN_TEXT, /* '...' */
    RB_SQL_IN_NAME, /* "..." */
    RB_SQL_IN_DOLLARS,
    RB_SQL_IN_LINE_COMMENT,
    RB_SQL_IN_BLOCK_COMMENT
};

/* Begins with `text` (borrowed, NUL after it) and `length`; the rest is zero. */
struct rb_sql_lexer {
    const char *text;
    size_t at, length;
    enum rb_sql_within within;
    bool escapes;           /* of a text: a backslash takes the next character with it */
    bool goes_on;           /* one with escapes ended, and nothing but blanks came since */
    int depth;              /* of a block comment: they nest */
    size_t tag, tag_length; /* of dollars: with both of them */
};

/* Goes on by one piece, at most to the end. */
void rb_sql_lexer_step(struct rb_sql_lexer *lexer);

/* Can it be part of a name that stands without quotes? */
bool rb_sql_is_name_character(char c);
