#include "parse/shell_lexer.h"

#include "base/mem.h"
#include "parse/luatoken.h"

bool rb_shell_is_name(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!rb_shell_is_letter(text[i]) && (i == 0 || !rb_shell_is_digit(text[i])))
            return false;
    }
    return length > 0;
}

bool rb_shell_is_number(const char *text, size_t length)
{
    static const char *const calls[] = {"tonumber(", "math.tointeger("};
    struct rb_lua_lexer lexer = {.text = text, .length = length};
    for (size_t i = 0; i < RB_COUNT(calls); i++) {
        size_t prefix = strlen(calls[i]);
        if (length > prefix && memcmp(text, calls[i], prefix) == 0)
            lexer.at = prefix;
    }
    for (int depth = lexer.at > 0 ? 1 : 0; depth > 0;) {
        struct rb_lua_token token = rb_lua_next(&lexer);
        if (token.kind == RB_LUA_END || token.kind == RB_LUA_BAD)
            return false;
        bool symbol = token.kind == RB_LUA_SYMBOL && token.length == 1;
        char c = symbol ? text[token.offset] : '\0';
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
    return lexer.at == length && length > 0;
}

/* Words while they are read. */

struct rb_shell_writer *rb_shell_begin_word(struct rb_shell_lexer *lexer,
                                            struct rb_shell_writer *writer)
{
    struct rb_shell_writer *outer = lexer->writer;
    *writer = (struct rb_shell_writer){.word = {.offset = rb_shell_origin(lexer, lexer->at),
                                                .level = lexer->level,
                                                .inner_begin = lexer->lex->command_count}};
    lexer->writer = writer;
    return outer;
}

struct rb_shell_word rb_shell_end_word(struct rb_shell_lexer *lexer,
                                       struct rb_shell_writer *outer)
{
    struct rb_shell_writer *writer = lexer->writer;
    struct rb_shell_word word = writer->word;
    word.text =
        rb_arena_strndup(lexer->arena, rb_buf_text(&writer->text), writer->text.length);
    word.end = rb_shell_origin(lexer, lexer->at);
    word.inner_end = lexer->lex->command_count;
    rb_buf_done(&writer->text);
    lexer->writer = outer;
    return word;
}

void rb_shell_put(struct rb_shell_lexer *lexer, char c)
{
    rb_buf_putc(&lexer->writer->text, c);
}

void rb_shell_take(struct rb_shell_lexer *lexer)
{
    rb_shell_put(lexer, lexer->bytes[lexer->at++]);
}

void rb_shell_add_name(struct rb_shell_lexer *lexer, const char *text, size_t length)
{
    struct rb_shell_word *word = &lexer->writer->word;
    *RB_SHELL_ADD(lexer->arena, word->names, word->name_count, word->name_capacity) =
        rb_arena_strndup(lexer->arena, text, length);
}

bool rb_shell_at_value(const struct rb_shell_lexer *lexer, size_t ahead)
{
    return rb_braces_at(lexer->bytes, lexer->end, lexer->at + ahead);
}

/* Takes the `${{ }}` at hand. */
void rb_shell_take_value(struct rb_shell_lexer *lexer, enum rb_shell_quoting quoting)
{
    struct rb_braces braces;
    struct rb_shell_lex *lex = lexer->lex;
    if (!rb_braces_read(lexer->bytes, lexer->end, lexer->at, &braces)) {
        lex->unclosed_braces = rb_shell_origin(lexer, lexer->at);
        lexer->stopped = true;
        lexer->at = lexer->end;
        return;
    }
    size_t begin = rb_shell_origin(lexer, braces.begin);
    struct rb_shell_place *place =
        RB_SHELL_ADD(lexer->arena, lex->places, lex->place_count, lex->place_capacity);
    place->quoting = lexer->arithmetic && quoting < RB_SHELL_QUOTED_HEREDOC
                         ? RB_SHELL_ARITHMETIC
                         : quoting;
    place->level = lexer->level;
    place->braces = (struct rb_braces){.begin = begin,
                                       .end = begin + (braces.end - braces.begin),
                                       .expr = begin + (braces.expr - braces.begin),
                                       .expr_length = braces.expr_length};
    place->fixed = rb_shell_is_number(lexer->bytes + braces.expr, braces.expr_length);
    lexer->at = braces.end;
    rb_shell_put(lexer, RB_SHELL_VALUE);
}

void rb_shell_backslash(struct rb_shell_lexer *lexer, const char *escapable)
{
    if (rb_shell_at_value(lexer, 1)) {
        rb_shell_take(lexer);
        rb_shell_take_value(lexer, RB_SHELL_NO_WORD);
        return;
    }
    char next = rb_shell_peek(lexer, 1);
    bool escapes = lexer->at + 1 < lexer->end && (!escapable || strchr(escapable, next));
    if (!escapes) {
        rb_shell_take(lexer);
        return;
    }
    lexer->at += 2;
    if (next != '\n')
        rb_shell_put(lexer, next);
}

/* Quotes. */

/* Where `$` is text, so that the shell can't confuse things: a value, or the escape `$${{`. */
static bool value_or_escape(struct rb_shell_lexer *lexer, enum rb_shell_quoting quoting)
{
    struct rb_shell_lex *lex = lexer->lex;
    if (rb_shell_at_value(lexer, 0)) {
        rb_shell_take_value(lexer, quoting);
        return true;
    }
    if (rb_shell_peek(lexer, 0) != '$' || !rb_shell_at_value(lexer, 1))
        return false;
    size_t at = rb_shell_origin(lexer, lexer->at);
    *RB_SHELL_ADD(lexer->arena, lex->places, lex->place_count, lex->place_capacity) =
        (struct rb_shell_place){.braces = {.begin = at, .end = at + 1},
                                .quoting = RB_SHELL_ESCAPE,
                                .level = lexer->level,
                                .fixed = true};
    lexer->at++;
    for (int i = 0; i < 3; i++)
        rb_shell_take(lexer);
    return true;
}

static void single_quoted(struct rb_shell_lexer *lexer)
{
    size_t start = rb_shell_origin(lexer, lexer->at++);
    while (lexer->at < lexer->end) {
        if (value_or_escape(lexer, RB_SHELL_SINGLE))
            continue;
        if (rb_shell_peek(lexer, 0) == '\'') {
            lexer->at++;
            return;
        }
        rb_shell_take(lexer);
    }
    rb_shell_unclosed(lexer, start);
}

void rb_shell_ansi_quoted(struct rb_shell_lexer *lexer)
{
    size_t start = rb_shell_origin(lexer, lexer->at);
    lexer->at += 2;
    while (lexer->at < lexer->end) {
        if (value_or_escape(lexer, RB_SHELL_ANSI))
            continue;
        if (rb_shell_peek(lexer, 0) == '\\') {
            rb_shell_backslash(lexer, NULL);
        } else if (rb_shell_peek(lexer, 0) == '\'') {
            lexer->at++;
            return;
        } else {
            rb_shell_take(lexer);
        }
    }
    rb_shell_unclosed(lexer, start);
}

void rb_shell_double_quoted(struct rb_shell_lexer *lexer)
{
    size_t start = rb_shell_origin(lexer, lexer->at++);
    while (lexer->at < lexer->end) {
        switch (rb_shell_peek(lexer, 0)) {
        case '"':
            lexer->at++;
            return;
        case '\\':
            rb_shell_backslash(lexer, "$`\"\\\n");
            break;
        case '$':
            rb_shell_dollar(lexer, RB_SHELL_DOUBLE);
            break;
        case '`':
            rb_shell_backquoted(lexer, true);
            break;
        default:
            rb_shell_take(lexer);
        }
    }
    rb_shell_unclosed(lexer, start);
}

/* Words. */

void rb_shell_plain_part(struct rb_shell_lexer *lexer)
{
    switch (rb_shell_peek(lexer, 0)) {
    case '\\':
        rb_shell_backslash(lexer, NULL);
        break;
    case '\'':
        single_quoted(lexer);
        break;
    case '"':
        rb_shell_double_quoted(lexer);
        break;
    case '`':
        rb_shell_backquoted(lexer, false);
        break;
    case '$':
        rb_shell_dollar(lexer, RB_SHELL_PLAIN);
        break;
    default:
        rb_shell_take(lexer);
    }
}

/* The inside of `name=( )` or of a pattern's `@( | )`, with its closing parenthesis. */
static void in_parentheses(struct rb_shell_lexer *lexer)
{
    size_t start = rb_shell_origin(lexer, lexer->at);
    rb_shell_take(lexer);
    if (!rb_shell_enter(lexer))
        return;
    while (lexer->at < lexer->end && rb_shell_peek(lexer, 0) != ')') {
        if (rb_shell_peek(lexer, 0) == '(')
            in_parentheses(lexer);
        else
            rb_shell_plain_part(lexer);
    }
    if (lexer->at < lexer->end)
        rb_shell_take(lexer);
    else
        rb_shell_unclosed(lexer, start);
    rb_shell_leave(lexer);
}

/* Whether a parenthesis behind the word so far belongs to it. */
static bool takes_parentheses(const struct rb_buf *text)
{
    if (text->length < 2)
        return text->length == 1 && strchr("?*+@", text->data[0]);
    char last = text->data[text->length - 1];
    size_t name = text->length - (text->data[text->length - 2] == '+' ? 2 : 1);
    return strchr("?*+@!", last) || (last == '=' && rb_shell_is_name(text->data, name));
}

static void plain_or_split(struct rb_shell_lexer *lexer)
{
    char c = rb_shell_peek(lexer, 0), next = rb_shell_peek(lexer, 1);
    bool sum = next == '(' && rb_shell_peek(lexer, 2) == '(';
    bool expands =
        c == '$' && !sum && next != '\'' && next != '"' && !rb_shell_at_value(lexer, 0);
    if (expands || c == '`')
        lexer->writer->word.splits = true;
    rb_shell_plain_part(lexer);
}

struct rb_shell_word rb_shell_read_word(struct rb_shell_lexer *lexer, bool *ret_literal)
{
    size_t start = lexer->at;
    struct rb_shell_writer writer, *outer = rb_shell_begin_word(lexer, &writer);
    if (rb_shell_peek(lexer, 1) == '(' && strchr("<>", rb_shell_peek(lexer, 0)))
        writer.word.process = rb_shell_peek(lexer, 0);
    while (lexer->at < lexer->end) {
        char c = rb_shell_peek(lexer, 0), next = rb_shell_peek(lexer, 1);
        if (c == '(' && takes_parentheses(&writer.text))
            in_parentheses(lexer);
        else if ((c == '<' || c == '>') && next == '(')
            rb_shell_substitution(lexer);
        else if (strchr(" \t\n;&|()<>", c) && c != '\0')
            break;
        else
            plain_or_split(lexer);
    }
    struct rb_shell_word word = rb_shell_end_word(lexer, outer);
    if (ret_literal)
        *ret_literal =
            lexer->at - start == strlen(word.text) && !strpbrk(word.text, "\1\2");
    return word;
}

struct rb_shell_word rb_shell_read_heredoc(struct rb_shell_lexer *lexer, size_t end,
                                           bool quoted)
{
    size_t limit = lexer->end;
    struct rb_shell_writer writer, *outer = rb_shell_begin_word(lexer, &writer);
    lexer->end = end;
    while (lexer->at < end && !lexer->stopped) {
        char c = rb_shell_peek(lexer, 0);
        if (quoted && value_or_escape(lexer, RB_SHELL_QUOTED_HEREDOC))
            continue;
        if (!quoted && c == '\\')
            rb_shell_backslash(lexer, "$`\\\n");
        else if (!quoted && c == '$')
            rb_shell_dollar(lexer, RB_SHELL_HEREDOC);
        else if (!quoted && c == '`')
            rb_shell_backquoted(lexer, true);
        else
            rb_shell_take(lexer);
    }
    lexer->end = limit;
    if (lexer->stopped)
        lexer->at = limit;
    return rb_shell_end_word(lexer, outer);
}

struct rb_shell_word rb_shell_lex_text(struct rb_arena *arena, const char *text,
                                       size_t length, size_t base, struct rb_shell_lex *lex)
{
    struct rb_shell_lexer lexer = {
        .arena = arena, .lex = lex, .bytes = text, .end = length, .base = base};
    return rb_shell_read_heredoc(&lexer, length, true);
}
