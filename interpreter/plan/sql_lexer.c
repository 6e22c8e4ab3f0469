#include "plan/sql_lexer.h"

#include <string.h>

static char peek(const struct rb_sql_lexer *lexer, size_t ahead)
{
    size_t at = lexer->at + ahead;
    return at < lexer->length ? lexer->text[at] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool rb_sql_is_name_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* Does a dollar quote begin here? $$ or $tag$, and not within a name. */
static bool dollar_quote(struct rb_sql_lexer *lexer)
{
    size_t end = lexer->at + 1;
    if (lexer->at > 0 && rb_sql_is_name_character(lexer->text[lexer->at - 1]))
        return false;
    if (end < lexer->length && is_digit(lexer->text[end]))
        return false;
    while (end < lexer->length && rb_sql_is_name_character(lexer->text[end]))
        end++;
    if (end >= lexer->length || lexer->text[end] != '$')
        return false;
    lexer->tag = lexer->at;
    lexer->tag_length = end + 1 - lexer->at;
    lexer->within = RB_SQL_IN_DOLLARS;
    lexer->at = end + 1;
    return true;
}

static void begin(struct rb_sql_lexer *lexer, enum rb_sql_within within, size_t length)
{
    lexer->within = within;
    lexer->at += length;
}

/* A text that goes on after a line break is read as its first part is. */
static bool has_escapes(const struct rb_sql_lexer *lexer)
{
    char before = lexer->at > 0 ? lexer->text[lexer->at - 1] : ' ';
    char one_before = lexer->at > 1 ? lexer->text[lexer->at - 2] : ' ';
    return lexer->goes_on ||
           ((before == 'e' || before == 'E') && !rb_sql_is_name_character(one_before));
}

static void step_plain(struct rb_sql_lexer *lexer)
{
    char c = peek(lexer, 0), next = peek(lexer, 1);
    bool comment = (c == '-' && next == '-') || (c == '/' && next == '*');
    bool blank = c && strchr(" \t\r\n\f\v", c);
    lexer->escapes = c == '\'' && has_escapes(lexer);
    lexer->goes_on = lexer->goes_on && (comment || blank);
    if (c == '\'') {
        begin(lexer, RB_SQL_IN_TEXT, 1);
    } else if (c == '"') {
        begin(lexer, RB_SQL_IN_NAME, 1);
    } else if (c == '-' && next == '-') {
        begin(lexer, RB_SQL_IN_LINE_COMMENT, 2);
    } else if (c == '/' && next == '*') {
        lexer->depth = 1;
        begin(lexer, RB_SQL_IN_BLOCK_COMMENT, 2);
    } else if (c != '$' || !dollar_quote(lexer)) {
        lexer->at++;
    }
}

static void step_comment(struct rb_sql_lexer *lexer)
{
    char c = peek(lexer, 0), next = peek(lexer, 1);
    if (c == '/' && next == '*') {
        lexer->depth++;
        lexer->at += 2;
    } else if (c == '*' && next == '/') {
        lexer->at += 2;
        if (--lexer->depth == 0)
            lexer->within = RB_SQL_IN_PLAIN;
    } else {
        lexer->at++;
    }
}

/* A quote that stands twice is one of the text: its second half begins it anew. */
static void step_quoted(struct rb_sql_lexer *lexer, char quote)
{
    if (lexer->within == RB_SQL_IN_TEXT && lexer->escapes && peek(lexer, 0) == '\\') {
        lexer->at++;
    } else if (peek(lexer, 0) == quote) {
        lexer->goes_on = lexer->within == RB_SQL_IN_TEXT && lexer->escapes;
        lexer->within = RB_SQL_IN_PLAIN;
    }
    lexer->at++;
}

void rb_sql_lexer_step(struct rb_sql_lexer *lexer)
{
    switch (lexer->within) {
    case RB_SQL_IN_PLAIN:
        step_plain(lexer);
        break;
    case RB_SQL_IN_TEXT:
        step_quoted(lexer, '\'');
        break;
    case RB_SQL_IN_NAME:
        step_quoted(lexer, '"');
        break;
    case RB_SQL_IN_LINE_COMMENT:
        if (peek(lexer, 0) == '\n' || peek(lexer, 0) == '\r')
            lexer->within = RB_SQL_IN_PLAIN;
        lexer->at++;
        break;
    case RB_SQL_IN_BLOCK_COMMENT:
        step_comment(lexer);
        break;
    case RB_SQL_IN_DOLLARS:
        if (strncmp(lexer->text + lexer->at, lexer->text + lexer->tag, lexer->tag_length) ==
            0) {
            lexer->within = RB_SQL_IN_PLAIN;
            lexer->at += lexer->tag_length;
        } else {
            lexer->at++;
        }
        break;
    }
    if (lexer->at > lexer->length)
        lexer->at = lexer->length;
}
