#include "parse/sql_text.h"

#include "parse/braces.h"
#include "parse/expr.h"
#include "parse/scalar.h"

/* What a place in the text is inside of (PostgreSQL's documentation, section 4.1). */
enum within { PLAIN, QUOTED, NAMED, DOLLARS, LINE_COMMENT, BLOCK_COMMENT };

struct lexer {
    const char *text;
    size_t at, length;
    enum within within;
    bool escapes;           /* of QUOTED: a backslash takes the next character with it */
    int depth;              /* of BLOCK_COMMENT: they nest */
    size_t tag, tag_length; /* of DOLLARS: with both dollars */
};

static char peek(const struct lexer *lexer, size_t ahead)
{
    size_t at = lexer->at + ahead;
    return at < lexer->length ? lexer->text[at] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* Does a dollar quote begin here? $$ or $tag$, and not within a name. */
static bool dollar_quote(struct lexer *lexer)
{
    size_t end = lexer->at + 1;
    if (lexer->at > 0 && is_name(lexer->text[lexer->at - 1]))
        return false;
    if (end < lexer->length && is_digit(lexer->text[end]))
        return false;
    while (end < lexer->length && is_name(lexer->text[end]))
        end++;
    if (end >= lexer->length || lexer->text[end] != '$')
        return false;
    lexer->tag = lexer->at;
    lexer->tag_length = end + 1 - lexer->at;
    lexer->within = DOLLARS;
    lexer->at = end + 1;
    return true;
}

static void begin(struct lexer *lexer, enum within within, size_t length)
{
    lexer->within = within;
    lexer->at += length;
}

static void step_plain(struct lexer *lexer)
{
    char c = peek(lexer, 0), next = peek(lexer, 1);
    if (c == '\'') {
        char before = lexer->at > 0 ? lexer->text[lexer->at - 1] : ' ';
        char one_before = lexer->at > 1 ? lexer->text[lexer->at - 2] : ' ';
        lexer->escapes = (before == 'e' || before == 'E') && !is_name(one_before);
        begin(lexer, QUOTED, 1);
    } else if (c == '"') {
        begin(lexer, NAMED, 1);
    } else if (c == '-' && next == '-') {
        begin(lexer, LINE_COMMENT, 2);
    } else if (c == '/' && next == '*') {
        lexer->depth = 1;
        begin(lexer, BLOCK_COMMENT, 2);
    } else if (c != '$' || !dollar_quote(lexer)) {
        lexer->at++;
    }
}

static void step_comment(struct lexer *lexer)
{
    char c = peek(lexer, 0), next = peek(lexer, 1);
    if (c == '/' && next == '*') {
        lexer->depth++;
        lexer->at += 2;
    } else if (c == '*' && next == '/') {
        lexer->at += 2;
        if (--lexer->depth == 0)
            lexer->within = PLAIN;
    } else {
        lexer->at++;
    }
}

/* A quote that stands twice is one of the text: its second half begins it anew. */
static void step_quoted(struct lexer *lexer, char quote)
{
    if (lexer->within == QUOTED && lexer->escapes && peek(lexer, 0) == '\\')
        lexer->at++;
    else if (peek(lexer, 0) == quote)
        lexer->within = PLAIN;
    lexer->at++;
}

static void step(struct lexer *lexer)
{
    switch (lexer->within) {
    case PLAIN:
        step_plain(lexer);
        break;
    case QUOTED:
        step_quoted(lexer, '\'');
        break;
    case NAMED:
        step_quoted(lexer, '"');
        break;
    case LINE_COMMENT:
        if (peek(lexer, 0) == '\n')
            lexer->within = PLAIN;
        lexer->at++;
        break;
    case BLOCK_COMMENT:
        step_comment(lexer);
        break;
    case DOLLARS:
        if (strncmp(lexer->text + lexer->at, lexer->text + lexer->tag, lexer->tag_length) ==
            0) {
            lexer->within = PLAIN;
            lexer->at += lexer->tag_length;
        } else {
            lexer->at++;
        }
        break;
    }
}

static void misplaced(struct rb_compiler *c, struct rb_span span, enum within within)
{
    static const char *const places[] = {[QUOTED] = "a quoted text",
                                         [NAMED] = "a quoted name",
                                         [DOLLARS] = "a quoted text",
                                         [LINE_COMMENT] = "a comment",
                                         [BLOCK_COMMENT] = "a comment"};
    struct rb_diag *diag = rb_diag_add(c->diags, 305, span,
                                       "a value can't stand in %s of SQL", places[within]);
    if (within == NAMED)
        rb_diag_help(diag,
                     "a name can't be a parameter: write the statement for each name");
    else if (within == QUOTED || within == DOLLARS)
        rb_diag_help(diag,
                     "take the quotes off: the value is bound as a parameter, and with "
                     "more text around it written as 'text' || ${{ ... }}");
    else
        rb_diag_help(diag, "take it out of the comment");
}

struct statement {
    struct rb_buf text;
    struct rb_list_builder params;
    bool failed;
};

static void add_value(struct rb_compiler *c, const struct rb_yaml_node *scalar,
                      struct lexer *lexer, const char *where, struct statement *statement)
{
    struct rb_braces braces;
    size_t at = lexer->at;
    if (!rb_braces_read(scalar->text, scalar->length, at, &braces)) {
        rb_braces_unclosed(c->diags, rb_yaml_span_in(scalar, at, 3),
                           strstr(scalar->text + at, "}}"));
        statement->failed = true;
        lexer->at = lexer->length;
        return;
    }
    lexer->at = braces.end;
    if (lexer->within != PLAIN) {
        misplaced(c, rb_yaml_span_in(scalar, at, braces.end - at), lexer->within);
        statement->failed = true;
        return;
    }
    int expr = rb_expr_add(c, scalar, braces.expr, braces.expr_length, where);
    statement->failed |= expr < 0;
    if (expr >= 0)
        rb_list_add(&statement->params, rb_value_map("$expr", rb_value_int(expr), NULL));
    rb_buf_printf(&statement->text, "$%zu", statement->params.count);
}

/* What the author numbers and what we number would be two of the same. */
static void numbered(struct rb_compiler *c, const struct rb_yaml_node *scalar,
                     const struct lexer *lexer, struct statement *statement)
{
    if (lexer->within != PLAIN || peek(lexer, 0) != '$' || !is_digit(peek(lexer, 1)))
        return;
    rb_diag_help(rb_diag_add(c->diags, 305, rb_yaml_span_in(scalar, lexer->at, 2),
                             "a parameter by number has no value here"),
                 "write the value where it belongs: ${{ ... }}");
    statement->failed = true;
}

const struct rb_value *rb_sql_text(struct rb_compiler *c, const struct rb_yaml_node *scalar,
                                   const char *where)
{
    if (!rb_scalar_field(scalar, RB_NODE_SCALAR, where, c->diags))
        return NULL;
    struct lexer lexer = {.text = scalar->text, .length = scalar->length};
    struct statement statement = {0};
    while (lexer.at < lexer.length) {
        if (rb_braces_at(scalar->text, scalar->length, lexer.at)) {
            add_value(c, scalar, &lexer, where, &statement);
            continue;
        }
        size_t from = lexer.at;
        numbered(c, scalar, &lexer, &statement);
        step(&lexer);
        if (lexer.at > lexer.length)
            lexer.at = lexer.length;
        rb_buf_append(&statement.text, scalar->text + from, lexer.at - from);
    }
    RB_AUTO_VALUE const struct rb_value *params = rb_list_end(&statement.params);
    const struct rb_value *text =
        rb_value_string(rb_buf_text(&statement.text), statement.text.length);
    bool empty = strspn(rb_buf_text(&statement.text), " \t\r\n;") == statement.text.length;
    rb_buf_done(&statement.text);
    if (empty && !statement.failed)
        rb_diag_help(
            rb_diag_add(c->diags, 218, scalar->span, "`%s` has no statement", where),
            "write one: select ...");
    return rb_value_map("text", text, "params", rb_value_ref(params), NULL);
}
