#include "parse/shell_lexer.h"

#include "base/mem.h"

/* Substitutions. */

/* What is outside of the commands of a substitution. */
struct outside {
    struct rb_shell_writer *writer;
    bool arithmetic;
};

static struct outside begin_commands(struct rb_shell_lexer *lexer)
{
    struct outside outside = {lexer->writer, lexer->arithmetic};
    rb_shell_put(lexer, RB_SHELL_EXPANSION);
    lexer->writer = NULL;
    lexer->arithmetic = false;
    lexer->level++;
    return outside;
}

static void end_commands(struct rb_shell_lexer *lexer, struct outside outside)
{
    lexer->writer = outside.writer;
    lexer->arithmetic = outside.arithmetic;
    lexer->level--;
}

/* `$(`, `<(` or `>(`. */
void rb_shell_substitution(struct rb_shell_lexer *lexer)
{
    size_t start = rb_shell_origin(lexer, lexer->at);
    lexer->at += 2;
    struct outside outside = begin_commands(lexer);
    if (rb_shell_read_commands(lexer, RB_SHELL_AT_PAREN) == RB_SHELL_AT_END)
        rb_shell_unclosed(lexer, start);
    end_commands(lexer, outside);
}

/* The text between backquotes without its backslashes, and where each byte stood. */
struct unescaped {
    struct rb_buf text;
    size_t *map;
    int count, capacity;
};

static void keep(struct rb_shell_lexer *lexer, struct unescaped *inside, size_t length)
{
    rb_buf_append(&inside->text, lexer->bytes + lexer->at, length);
    for (size_t i = 0; i < length; i++) {
        RB_GROW(inside->map, inside->count, inside->capacity);
        inside->map[inside->count++] = rb_shell_origin(lexer, lexer->at++);
    }
}

/* Up to the closing backquote; a value is kept whole, whatever is in it. */
static bool unescape(struct rb_shell_lexer *lexer, bool in_double, struct unescaped *inside)
{
    struct rb_braces braces;
    while (lexer->at < lexer->end && rb_shell_peek(lexer, 0) != '`') {
        char next = rb_shell_peek(lexer, 1);
        if (rb_shell_at_value(lexer, 0)) {
            bool whole = rb_braces_read(lexer->bytes, lexer->end, lexer->at, &braces);
            keep(lexer, inside, (whole ? braces.end : lexer->end) - lexer->at);
        } else if (rb_shell_peek(lexer, 0) != '\\' || lexer->at + 1 == lexer->end) {
            keep(lexer, inside, 1);
        } else if (!rb_shell_at_value(lexer, 1) &&
                   (next == '`' || next == '\\' || next == '$' ||
                    (in_double && next == '"'))) {
            lexer->at++;
            keep(lexer, inside, 1);
        } else {
            keep(lexer, inside, rb_shell_at_value(lexer, 1) ? 1 : 2);
        }
    }
    RB_GROW(inside->map, inside->count, inside->capacity);
    inside->map[inside->count] = rb_shell_origin(lexer, lexer->at);
    return lexer->at < lexer->end;
}

void rb_shell_backquoted(struct rb_shell_lexer *lexer, bool in_double)
{
    struct unescaped inside = {0};
    size_t start = rb_shell_origin(lexer, lexer->at++);
    bool closed = unescape(lexer, in_double, &inside);
    struct outside outside = begin_commands(lexer);
    struct rb_shell_lexer inner = *lexer;
    inner.bytes = rb_buf_text(&inside.text);
    inner.map = inside.map;
    inner.at = 0;
    inner.end = inside.text.length;
    inner.heredocs = NULL;
    inner.heredoc_count = inner.heredoc_capacity = 0;
    rb_shell_read_commands(&inner, RB_SHELL_AT_END);
    lexer->stopped = inner.stopped;
    if (lexer->stopped)
        lexer->at = lexer->end;
    else if (closed)
        lexer->at++;
    else
        rb_shell_unclosed(lexer, start);
    end_commands(lexer, outside);
    rb_buf_done(&inside.text);
    free(inside.map);
}

/* `${...}`. */

static void skip_name(struct rb_shell_lexer *lexer)
{
    while (rb_shell_is_letter(rb_shell_peek(lexer, 0)) ||
           rb_shell_is_digit(rb_shell_peek(lexer, 0)))
        lexer->at++;
}

/* The name in `${name...}`; its length, 0 when there is none. */
static size_t parameter(struct rb_shell_lexer *lexer)
{
    size_t start = lexer->at;
    char c = rb_shell_peek(lexer, 0);
    if (rb_shell_is_letter(c) || rb_shell_is_digit(c))
        skip_name(lexer);
    else if (c != '\0' && strchr("@*#?-$!", c) && !rb_shell_at_value(lexer, 0))
        lexer->at++;
    size_t length = lexer->at - start;
    if (length > 0)
        rb_shell_add_name(lexer, lexer->bytes + start, length);
    return length;
}

/* A name whose content bash reads as a name of its own: `${!name}`, `${name@P}`. */
static void indirect(struct rb_shell_lexer *lexer, size_t start)
{
    struct rb_shell_word *outer = &lexer->writer->word;
    struct rb_shell_word word = {.text = "",
                                 .offset = rb_shell_origin(lexer, start),
                                 .end = rb_shell_origin(lexer, lexer->at),
                                 .level = lexer->level};
    *RB_SHELL_ADD(lexer->arena, word.names, word.name_count, word.name_capacity) =
        outer->names[outer->name_count - 1];
    rb_shell_evaluated(lexer, word);
}

/* The word behind an operator, up to and with the `}`. */
static void brace_word(struct rb_shell_lexer *lexer, enum rb_shell_quoting quoting,
                       size_t start)
{
    while (lexer->at < lexer->end) {
        char c = rb_shell_peek(lexer, 0);
        if (c == '}') {
            lexer->at++;
            return;
        }
        if (quoting == RB_SHELL_PLAIN)
            rb_shell_plain_part(lexer);
        else if (c == '"')
            rb_shell_double_quoted(lexer);
        else if (c == '\\')
            rb_shell_backslash(lexer, "$`\"\\\n}");
        else if (c == '$')
            rb_shell_dollar(lexer, quoting);
        else if (c == '`')
            rb_shell_backquoted(lexer, quoting == RB_SHELL_DOUBLE);
        else
            rb_shell_take(lexer);
    }
    rb_shell_unclosed(lexer, start);
}

/* What stands behind the name. */
static void operation(struct rb_shell_lexer *lexer, enum rb_shell_quoting quoting,
                      size_t start)
{
    char c = rb_shell_peek(lexer, 0), next = rb_shell_peek(lexer, 1);
    bool colon = c == ':';
    if (colon && (next == '\0' || !strchr("-=?+", next))) {
        lexer->at++;
        rb_shell_read_arithmetic(lexer, '}');
        return;
    }
    if (c == '@' && next == 'P')
        indirect(lexer, start);
    bool pattern = c != '\0' && strchr("#%/^,", c);
    bool word = colon || pattern || (c != '\0' && strchr("-=?+", c));
    if (word)
        lexer->at += colon ? 2 : 1;
    brace_word(lexer, pattern ? RB_SHELL_PLAIN : quoting, rb_shell_origin(lexer, start));
}

static void braced(struct rb_shell_lexer *lexer, enum rb_shell_quoting quoting)
{
    size_t start = lexer->at;
    lexer->at += 2;
    char prefix = rb_shell_peek(lexer, 0), next = rb_shell_peek(lexer, 1);
    bool prefixed =
        (prefix == '!' || prefix == '#') && next != '}' && !rb_shell_at_value(lexer, 1) &&
        (rb_shell_is_letter(next) || rb_shell_is_digit(next) || strchr("@*#?-$!", next));
    if (prefixed)
        lexer->at++;
    rb_shell_put(lexer, RB_SHELL_EXPANSION);
    if (parameter(lexer) == 0) {
        if (rb_shell_at_value(lexer, 0))
            rb_shell_take_value(lexer, RB_SHELL_NO_WORD);
        brace_word(lexer, quoting, rb_shell_origin(lexer, start));
        return;
    }
    if (prefixed && prefix == '!')
        indirect(lexer, start);
    if (rb_shell_peek(lexer, 0) == '[') {
        lexer->at++;
        rb_shell_read_arithmetic(lexer, ']');
    }
    if (rb_shell_at_value(lexer, 0))
        rb_shell_take_value(lexer, RB_SHELL_NO_WORD);
    operation(lexer, quoting, start);
}

/* `$` and what it begins. */

static void simple_parameter(struct rb_shell_lexer *lexer)
{
    size_t start = lexer->at;
    if (rb_shell_is_letter(rb_shell_peek(lexer, 0)))
        skip_name(lexer);
    else
        lexer->at++;
    rb_shell_add_name(lexer, lexer->bytes + start, lexer->at - start);
    rb_shell_put(lexer, RB_SHELL_EXPANSION);
}

void rb_shell_dollar(struct rb_shell_lexer *lexer, enum rb_shell_quoting quoting)
{
    char next = rb_shell_peek(lexer, 1), after = rb_shell_peek(lexer, 2);
    if (!rb_shell_enter(lexer))
        return;
    if (rb_shell_at_value(lexer, 0)) {
        rb_shell_take_value(lexer, quoting);
    } else if (rb_shell_at_value(lexer, 1)) {
        rb_shell_take(lexer);
        rb_shell_take_value(lexer, RB_SHELL_NO_WORD);
    } else if (next == '(' && after == '(' &&
               rb_shell_is_arithmetic(lexer, lexer->at + 3)) {
        lexer->at += 3;
        rb_shell_put(lexer, RB_SHELL_EXPANSION);
        rb_shell_read_arithmetic(lexer, ')');
    } else if (next == '(') {
        rb_shell_substitution(lexer);
    } else if (next == '{') {
        braced(lexer, quoting);
    } else if (next == '[') {
        lexer->at += 2;
        rb_shell_put(lexer, RB_SHELL_EXPANSION);
        rb_shell_read_arithmetic(lexer, ']');
    } else if (next == '\'' && quoting == RB_SHELL_PLAIN) {
        rb_shell_ansi_quoted(lexer);
    } else if (next == '"' && quoting == RB_SHELL_PLAIN) {
        lexer->at++;
        rb_shell_double_quoted(lexer);
    } else if (rb_shell_is_letter(next) || rb_shell_is_digit(next) ||
               (next != '\0' && strchr("@*#?$!-", next))) {
        lexer->at++;
        simple_parameter(lexer);
    } else {
        rb_shell_take(lexer);
    }
    rb_shell_leave(lexer);
}

/* Arithmetic. */

/* Past quotes and values; true at a parenthesis or at an ordinary byte. */
static bool step_arithmetic(struct rb_shell_lexer *lexer)
{
    struct rb_braces braces;
    char c = rb_shell_peek(lexer, 0);
    if (rb_shell_at_value(lexer, 0) &&
        rb_braces_read(lexer->bytes, lexer->end, lexer->at, &braces)) {
        lexer->at = braces.end;
    } else if (c == '\\') {
        lexer->at += 2;
    } else if (c == '\'' || c == '"') {
        const char *begin = lexer->bytes + lexer->at + 1;
        const char *close = memchr(begin, c, (size_t)(lexer->bytes + lexer->end - begin));
        lexer->at = close ? (size_t)(close - lexer->bytes) + 1 : lexer->end;
    } else {
        return true;
    }
    return false;
}

bool rb_shell_is_arithmetic(const struct rb_shell_lexer *lexer, size_t at)
{
    struct rb_shell_lexer ahead = *lexer;
    int depth = 0;
    for (ahead.at = at; ahead.at < ahead.end;) {
        if (!step_arithmetic(&ahead))
            continue;
        char c = ahead.bytes[ahead.at++];
        if (c == ')' && depth == 0)
            return rb_shell_peek(&ahead, 0) == ')';
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
    return false;
}

void rb_shell_evaluated(struct rb_shell_lexer *lexer, struct rb_shell_word word)
{
    struct rb_shell_lex *lex = lexer->lex;
    *RB_SHELL_ADD(lexer->arena, lex->evaluated, lex->evaluated_count,
                  lex->evaluated_capacity) = word;
}

/* One piece of arithmetic; quotes have no meaning of their own there. */
static void arithmetic_part(struct rb_shell_lexer *lexer)
{
    char c = rb_shell_peek(lexer, 0);
    if (c == '$') {
        rb_shell_dollar(lexer, RB_SHELL_ARITHMETIC);
    } else if (c == '`') {
        rb_shell_backquoted(lexer, true);
    } else if (rb_shell_is_letter(c)) {
        size_t start = lexer->at;
        skip_name(lexer);
        rb_shell_add_name(lexer, lexer->bytes + start, lexer->at - start);
        rb_buf_append(&lexer->writer->text, lexer->bytes + start, lexer->at - start);
    } else {
        rb_shell_take(lexer);
    }
}

void rb_shell_read_arithmetic(struct rb_shell_lexer *lexer, char closer)
{
    char opener = closer == ')' ? '(' : closer == ']' ? '[' : '{';
    size_t start = rb_shell_origin(lexer, lexer->at);
    struct rb_shell_writer writer, *outer = rb_shell_begin_word(lexer, &writer);
    bool inside = lexer->arithmetic, closed = false;
    int depth = 0;
    lexer->arithmetic = true;
    while (lexer->at < lexer->end && !closed) {
        char c = rb_shell_peek(lexer, 0);
        closed = c == closer && depth == 0;
        depth += c == opener ? 1 : c == closer ? -1 : 0;
        if (!closed)
            arithmetic_part(lexer);
    }
    rb_shell_evaluated(lexer, rb_shell_end_word(lexer, outer));
    lexer->arithmetic = inside;
    if (closed)
        lexer->at += closer == ')' ? 2 : 1;
    else
        rb_shell_unclosed(lexer, start);
}
