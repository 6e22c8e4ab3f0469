#include "parse/shell_lexer.h"

#include "base/mem.h"

#define DEPTH_LIMIT 100

void *rb_shell_room(struct rb_arena *arena, void *items, int count, int *capacity,
                    size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 4;
    void *bigger = rb_arena_alloc(arena, (size_t)*capacity * size);
    if (count > 0)
        memcpy(bigger, items, (size_t)count * size);
    return bigger;
}

bool rb_shell_enter(struct rb_shell_lexer *lexer)
{
    if (++lexer->depth <= DEPTH_LIMIT)
        return true;
    lexer->lex->too_deep = rb_shell_origin(lexer, lexer->at);
    lexer->stopped = true;
    lexer->at = lexer->end;
    return false;
}

void rb_shell_leave(struct rb_shell_lexer *lexer)
{
    lexer->depth--;
}

void rb_shell_unclosed(struct rb_shell_lexer *lexer, size_t origin)
{
    if (!lexer->stopped && lexer->lex->unclosed == SIZE_MAX)
        lexer->lex->unclosed = origin;
}

/* The list of commands that is being read. */
struct list {
    struct rb_shell_lexer *lexer;
    enum rb_shell_closer closer;
    int command;    /* being read, -1: none yet */
    int element;    /* the last one that was read, -1: none */
    int piped_from; /* whose output the next one reads, -1: none */
    bool condition; /* the next one is behind `!`, `if`, `while` */
};

static struct rb_shell_command *current(struct list *list)
{
    struct rb_shell_lexer *lexer = list->lexer;
    struct rb_shell_lex *lex = lexer->lex;
    if (list->command < 0) {
        list->command = list->element = lex->command_count;
        struct rb_shell_command *command = RB_SHELL_ADD(
            lexer->arena, lex->commands, lex->command_count, lex->command_capacity);
        *command = (struct rb_shell_command){.piped_from = list->piped_from,
                                             .level = lexer->level,
                                             .condition = list->condition};
        list->piped_from = -1;
    }
    return &lex->commands[list->command];
}

static void add_word(struct list *list, struct rb_shell_word word)
{
    struct rb_shell_command *command = current(list);
    *RB_SHELL_ADD(list->lexer->arena, command->words, command->word_count,
                  command->word_capacity) = word;
}

static void assign(struct list *list, const char *name, struct rb_shell_word value)
{
    struct rb_shell_command *command = current(list);
    *RB_SHELL_ADD(list->lexer->arena, command->assigned, command->assigned_count,
                  command->assigned_capacity) = (struct rb_shell_assignment){name, value};
}

/* At `;`, `&`, `&&`, `||` or a newline. */
static void end_command(struct list *list, bool tested)
{
    if (tested && list->element >= 0)
        list->lexer->lex->commands[list->element].condition = true;
    list->command = -1;
    list->element = list->piped_from = -1;
    list->condition = false;
}

/* Spaces. */

static void skip_blanks(struct rb_shell_lexer *lexer)
{
    for (;;) {
        char c = rb_shell_peek(lexer, 0);
        if (c == '\\' && rb_shell_peek(lexer, 1) == '\n')
            lexer->at += 2;
        else if (c == ' ' || c == '\t')
            lexer->at++;
        else
            return;
    }
}

static void skip_comment(struct rb_shell_lexer *lexer)
{
    while (lexer->at < lexer->end && rb_shell_peek(lexer, 0) != '\n')
        lexer->at++;
}

/* Where the line of the delimiter begins and the line behind it; false when there is none. */
static bool find_delimiter(const struct rb_shell_lexer *lexer,
                           const struct rb_shell_heredoc *heredoc, size_t *ret_line,
                           size_t *ret_after)
{
    size_t length = strlen(heredoc->delimiter.text);
    for (size_t line = lexer->at; line < lexer->end;) {
        const char *newline = memchr(lexer->bytes + line, '\n', lexer->end - line);
        size_t after = newline ? (size_t)(newline - lexer->bytes) : lexer->end,
               start = line;
        while (heredoc->tabs && start < after && lexer->bytes[start] == '\t')
            start++;
        if (after - start == length &&
            memcmp(lexer->bytes + start, heredoc->delimiter.text, length) == 0) {
            *ret_line = line;
            *ret_after = newline ? after + 1 : after;
            return true;
        }
        line = after + 1;
    }
    return false;
}

static void read_heredocs(struct rb_shell_lexer *lexer)
{
    int count = lexer->heredoc_count;
    lexer->heredoc_count = 0;
    for (int i = 0; i < count; i++) {
        struct rb_shell_heredoc heredoc = lexer->heredocs[i];
        size_t line = lexer->end, after = lexer->end;
        if (!find_delimiter(lexer, &heredoc, &line, &after))
            rb_shell_unclosed(lexer, heredoc.delimiter.offset);
        struct rb_shell_word body = rb_shell_read_heredoc(lexer, line, heredoc.quoted);
        struct rb_shell_command *command = &lexer->lex->commands[heredoc.command];
        *RB_SHELL_ADD(lexer->arena, command->inputs, command->input_count,
                      command->input_capacity) = body;
        if (!lexer->stopped)
            lexer->at = after;
    }
}

static void skip_lines(struct rb_shell_lexer *lexer)
{
    for (;;) {
        skip_blanks(lexer);
        char c = rb_shell_peek(lexer, 0);
        if (c == '#') {
            skip_comment(lexer);
        } else if (c == '\n') {
            lexer->at++;
            read_heredocs(lexer);
        } else {
            return;
        }
    }
}

/* Values in this word can't be references. */
static void forbid_values(struct rb_shell_lexer *lexer, struct rb_shell_word word)
{
    struct rb_shell_lex *lex = lexer->lex;
    for (int i = lex->place_count - 1; i >= 0; i--) {
        if (lex->places[i].braces.begin < word.offset)
            break;
        lex->places[i].quoting = RB_SHELL_NO_WORD;
    }
}

/* Redirections. */

static void redirect(struct list *list)
{
    struct rb_shell_lexer *lexer = list->lexer;
    current(list);
    size_t start = lexer->at;
    while (lexer->at < lexer->end && lexer->at - start < 3 &&
           strchr("<>&|", rb_shell_peek(lexer, 0)))
        lexer->at++;
    size_t length = lexer->at - start;
    bool document = length >= 2 && memcmp(lexer->bytes + start, "<<", 2) == 0;
    bool string = document && length == 3 && lexer->bytes[start + 2] == '<';
    bool tabs = document && !string && rb_shell_peek(lexer, 0) == '-';
    lexer->at = document && !string ? start + 2 + tabs : lexer->at;
    skip_blanks(lexer);
    bool literal;
    struct rb_shell_word word = rb_shell_read_word(lexer, &literal);
    struct rb_shell_command *command = current(list);
    if (string) {
        *RB_SHELL_ADD(lexer->arena, command->inputs, command->input_count,
                      command->input_capacity) = word;
    } else if (!document && lexer->bytes[start] == '<') {
        *RB_SHELL_ADD(lexer->arena, command->reads, command->read_count,
                      command->read_capacity) = word;
    } else if (!document) {
        *RB_SHELL_ADD(lexer->arena, command->writes, command->write_count,
                      command->write_capacity) = word;
    } else {
        forbid_values(lexer, word);
        *RB_SHELL_ADD(lexer->arena, lexer->heredocs, lexer->heredoc_count,
                      lexer->heredoc_capacity) =
            (struct rb_shell_heredoc){word, !literal, tabs, list->command};
    }
}

/* Compound commands. */

static enum rb_shell_closer group(struct list *list, enum rb_shell_closer closer,
                                  size_t start)
{
    struct rb_shell_lex *lex = list->lexer->lex;
    current(list);
    int begin = lex->command_count;
    enum rb_shell_closer found = rb_shell_read_commands(list->lexer, closer);
    if (found == RB_SHELL_AT_END)
        rb_shell_unclosed(list->lexer, start);
    current(list)->body_begin = begin;
    current(list)->body_end = lex->command_count;
    return found;
}

/* `for name in words`, up to its body. */
static void for_header(struct list *list)
{
    struct rb_shell_lexer *lexer = list->lexer;
    current(list);
    skip_blanks(lexer);
    if (rb_shell_peek(lexer, 0) == '(' && rb_shell_peek(lexer, 1) == '(') {
        lexer->at += 2;
        rb_shell_read_arithmetic(lexer, ')');
        return;
    }
    struct rb_shell_word name = rb_shell_read_word(lexer, NULL);
    forbid_values(lexer, name);
    skip_lines(lexer);
    if (rb_shell_peek(lexer, 0) != 'i' || rb_shell_peek(lexer, 1) != 'n' ||
        !strchr(" \t\n;", rb_shell_peek(lexer, 2)))
        return;
    lexer->at += 2;
    for (;;) {
        skip_blanks(lexer);
        size_t start = lexer->at;
        struct rb_shell_word word = rb_shell_read_word(lexer, NULL);
        if (lexer->at == start)
            return;
        assign(list, name.text, word);
    }
}

/* The patterns of one clause: RB_SHELL_AT_PAREN past their `)`, or how the whole of it ends. */
static enum rb_shell_closer case_patterns(struct rb_shell_lexer *lexer)
{
    bool first = true;
    skip_lines(lexer);
    if (rb_shell_peek(lexer, 0) == '(')
        lexer->at++;
    while (lexer->at < lexer->end) {
        bool literal;
        skip_lines(lexer);
        struct rb_shell_word word = rb_shell_read_word(lexer, &literal);
        if (first && literal && strcmp(word.text, "esac") == 0)
            return RB_SHELL_AT_ESAC;
        first = false;
        skip_blanks(lexer);
        if (lexer->at < lexer->end && lexer->bytes[lexer->at++] == ')')
            return RB_SHELL_AT_PAREN;
    }
    return RB_SHELL_AT_END;
}

static void case_command(struct list *list, size_t start)
{
    struct rb_shell_lexer *lexer = list->lexer;
    current(list);
    skip_blanks(lexer);
    rb_shell_read_word(lexer, NULL);
    skip_lines(lexer);
    rb_shell_read_word(lexer, NULL);
    int begin = lexer->lex->command_count;
    enum rb_shell_closer found;
    do {
        found = case_patterns(lexer);
        if (found == RB_SHELL_AT_PAREN)
            found = rb_shell_read_commands(lexer, RB_SHELL_AT_CLAUSE);
    } while (found == RB_SHELL_AT_CLAUSE);
    if (found == RB_SHELL_AT_END)
        rb_shell_unclosed(lexer, start);
    current(list)->body_begin = begin;
    current(list)->body_end = lexer->lex->command_count;
}

/* `[[ ... ]]`: its operators are words here. */
static void condition(struct list *list)
{
    struct rb_shell_lexer *lexer = list->lexer;
    while (lexer->at < lexer->end) {
        skip_lines(lexer);
        size_t start = lexer->at;
        struct rb_shell_word word = rb_shell_read_word(lexer, NULL);
        if (lexer->at == start) {
            if (start < lexer->end)
                lexer->at++;
            continue;
        }
        add_word(list, word);
        if (strcmp(word.text, "]]") == 0)
            return;
    }
}

/* Words. */

static bool is(const struct rb_shell_word *word, const char *text)
{
    return strcmp(word->text, text) == 0;
}

/* Reserved words that only go before a command. */
static bool is_prefix(const struct rb_shell_word *word)
{
    return is(word, "then") || is(word, "do") || is(word, "else") || is(word, "elif") ||
           is(word, "!") || is(word, "time") || is(word, "coproc");
}

/* The closer that the word is in this list, or RB_SHELL_AT_END. */
static enum rb_shell_closer closes(const struct list *list,
                                   const struct rb_shell_word *word)
{
    enum rb_shell_closer closer = is(word, "fi")     ? RB_SHELL_AT_FI
                                  : is(word, "done") ? RB_SHELL_AT_DONE
                                  : is(word, "}")    ? RB_SHELL_AT_BRACE
                                                     : RB_SHELL_AT_END;
    if (list->closer == RB_SHELL_AT_CLAUSE && is(word, "esac"))
        return RB_SHELL_AT_ESAC;
    return closer == list->closer ? closer : RB_SHELL_AT_END;
}

static void define_function(struct list *list, const char *name)
{
    struct rb_shell_lex *lex = list->lexer->lex;
    *RB_SHELL_ADD(list->lexer->arena, lex->functions, lex->function_count,
                  lex->function_capacity) = name;
}

/* `()` behind the name of a function. */
static bool accept_parentheses(struct rb_shell_lexer *lexer)
{
    struct rb_shell_lexer ahead = *lexer;
    skip_blanks(&ahead);
    if (rb_shell_peek(&ahead, 0) != '(')
        return false;
    ahead.at++;
    skip_blanks(&ahead);
    if (rb_shell_peek(&ahead, 0) != ')')
        return false;
    lexer->at = ahead.at + 1;
    return true;
}

/* Begins what a reserved word at the beginning of a command begins. */
static bool begin_compound(struct list *list, const struct rb_shell_word *word)
{
    struct rb_shell_lexer *lexer = list->lexer;
    if (is_prefix(word)) {
        list->condition = is(word, "!") || is(word, "elif");
    } else if (is(word, "{")) {
        group(list, RB_SHELL_AT_BRACE, word->offset);
    } else if (is(word, "if")) {
        group(list, RB_SHELL_AT_FI, word->offset);
    } else if (is(word, "while") || is(word, "until")) {
        group(list, RB_SHELL_AT_DONE, word->offset);
    } else if (is(word, "for") || is(word, "select")) {
        for_header(list);
        group(list, RB_SHELL_AT_DONE, word->offset);
    } else if (is(word, "case")) {
        case_command(list, word->offset);
    } else if (is(word, "[[")) {
        add_word(list, *word);
        condition(list);
    } else if (is(word, "function")) {
        skip_blanks(lexer);
        define_function(list, rb_shell_read_word(lexer, NULL).text);
        accept_parentheses(lexer);
    } else {
        return false;
    }
    return true;
}

/* Notes `name=`, `name+=` and `name[subscript]=` at the beginning of a command. */
static bool is_assignment(struct list *list, const struct rb_shell_word *word)
{
    size_t name = strcspn(word->text, "[+=");
    const char *rest = word->text + name;
    if (!rb_shell_is_name(word->text, name))
        return false;
    if (*rest == '[') {
        const char *close = strchr(rest, ']');
        if (!close)
            return false;
        struct rb_shell_word subscript = *word;
        subscript.text =
            rb_arena_strndup(list->lexer->arena, rest + 1, (size_t)(close - rest) - 1);
        rest = close + 1;
        if (*rest == '=' || strncmp(rest, "+=", 2) == 0)
            rb_shell_evaluated(list->lexer, subscript);
    }
    if (*rest != '=' && strncmp(rest, "+=", 2) != 0)
        return false;
    assign(list, rb_arena_strndup(list->lexer->arena, word->text, name), *word);
    return true;
}

static bool is_descriptor(const struct rb_shell_lexer *lexer,
                          const struct rb_shell_word *word)
{
    char next = rb_shell_peek(lexer, 0);
    return (next == '<' || next == '>') &&
           word->text[strspn(word->text, "0123456789")] == '\0';
}

static enum rb_shell_closer take_word(struct list *list)
{
    struct rb_shell_lexer *lexer = list->lexer;
    bool first = list->command < 0, literal;
    struct rb_shell_word word = rb_shell_read_word(lexer, &literal);
    if (literal && is_descriptor(lexer, &word))
        return RB_SHELL_AT_END;
    if (first && literal) {
        enum rb_shell_closer closer = closes(list, &word);
        if (closer != RB_SHELL_AT_END)
            return closer;
        if (begin_compound(list, &word))
            return RB_SHELL_AT_END;
        if (accept_parentheses(lexer)) {
            define_function(list, word.text);
            return RB_SHELL_AT_END;
        }
    }
    if ((first || current(list)->word_count == 0) && is_assignment(list, &word))
        return RB_SHELL_AT_END;
    add_word(list, word);
    return RB_SHELL_AT_END;
}

/* Operators. */

static void open_parenthesis(struct list *list)
{
    struct rb_shell_lexer *lexer = list->lexer;
    size_t start = rb_shell_origin(lexer, lexer->at++);
    if (list->command >= 0)
        return;
    if (rb_shell_peek(lexer, 0) == '(' && rb_shell_is_arithmetic(lexer, lexer->at + 1)) {
        lexer->at++;
        current(list);
        rb_shell_read_arithmetic(lexer, ')');
    } else {
        group(list, RB_SHELL_AT_PAREN, start);
    }
}

static void pipe_operator(struct list *list)
{
    struct rb_shell_lexer *lexer = list->lexer;
    lexer->at += rb_shell_peek(lexer, 1) == '&' ? 2 : 1;
    list->command = -1;
    list->piped_from = list->element;
}

/* Reads one thing more; tells what closed the list, RB_SHELL_AT_END: nothing yet. */
static enum rb_shell_closer take_item(struct list *list)
{
    struct rb_shell_lexer *lexer = list->lexer;
    char c = rb_shell_peek(lexer, 0), next = rb_shell_peek(lexer, 1);
    if (c == '#') {
        skip_comment(lexer);
    } else if (c == '\n') {
        if (list->command >= 0 || list->piped_from < 0)
            end_command(list, false);
        skip_lines(lexer);
    } else if (c == ';' && list->closer == RB_SHELL_AT_CLAUSE &&
               (next == ';' || next == '&')) {
        lexer->at += next == ';' && rb_shell_peek(lexer, 2) == '&' ? 3 : 2;
        return RB_SHELL_AT_CLAUSE;
    } else if (c == '|' && next != '|') {
        pipe_operator(list);
    } else if (c == ';' || c == '|' || (c == '&' && next != '>')) {
        bool doubled = c == next && c != ';';
        lexer->at += doubled ? 2 : 1;
        end_command(list, doubled);
    } else if (c == ')') {
        lexer->at++;
        return list->closer == RB_SHELL_AT_PAREN ? RB_SHELL_AT_PAREN : RB_SHELL_AT_END;
    } else if (c == '(') {
        open_parenthesis(list);
    } else if (c == '&' || ((c == '<' || c == '>') && next != '(')) {
        redirect(list);
    } else {
        return take_word(list);
    }
    return RB_SHELL_AT_END;
}

enum rb_shell_closer rb_shell_read_commands(struct rb_shell_lexer *lexer,
                                            enum rb_shell_closer closer)
{
    struct list list = {.lexer = lexer,
                        .closer = closer,
                        .command = -1,
                        .element = -1,
                        .piped_from = -1,
                        .condition =
                            closer == RB_SHELL_AT_FI || closer == RB_SHELL_AT_DONE};
    enum rb_shell_closer found = RB_SHELL_AT_END;
    if (!rb_shell_enter(lexer))
        return found;
    skip_blanks(lexer);
    while (found == RB_SHELL_AT_END && lexer->at < lexer->end) {
        found = take_item(&list);
        if (found == RB_SHELL_AT_END)
            skip_blanks(lexer);
    }
    rb_shell_leave(lexer);
    return found;
}

void rb_shell_lex(struct rb_arena *arena, const char *text, size_t length,
                  struct rb_shell_lex *ret_lex)
{
    *ret_lex = (struct rb_shell_lex){
        .unclosed = SIZE_MAX, .unclosed_braces = SIZE_MAX, .too_deep = SIZE_MAX};
    struct rb_shell_lexer lexer = {
        .arena = arena, .lex = ret_lex, .bytes = text, .end = length};
    rb_shell_read_commands(&lexer, RB_SHELL_AT_END);
    if (lexer.heredoc_count > 0)
        rb_shell_unclosed(&lexer, lexer.heredocs[0].delimiter.offset);
}
