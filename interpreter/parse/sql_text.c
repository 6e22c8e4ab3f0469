#include "parse/sql_text.h"

#include "parse/braces.h"
#include "parse/expr.h"
#include "parse/luatoken.h"
#include "parse/scalar.h"
#include "plan/sql_lexer.h"
#include "plan/sql_name.h"

static void misplaced(struct rb_compiler *c, struct rb_span span, enum rb_sql_within within)
{
    static const char *const places[] = {[RB_SQL_IN_TEXT] = "a quoted text",
                                         [RB_SQL_IN_NAME] = "a quoted name",
                                         [RB_SQL_IN_DOLLARS] = "a quoted text",
                                         [RB_SQL_IN_LINE_COMMENT] = "a comment",
                                         [RB_SQL_IN_BLOCK_COMMENT] = "a comment"};
    struct rb_diag *diag = rb_diag_add(c->diags, 305, span,
                                       "a value can't stand in %s of SQL", places[within]);
    if (within == RB_SQL_IN_NAME)
        rb_diag_help(
            diag,
            "take the quotes off and write ${{ sql.ident(...) }}: the value is quoted "
            "as a name");
    else if (within == RB_SQL_IN_TEXT || within == RB_SQL_IN_DOLLARS)
        rb_diag_help(diag,
                     "take the quotes off: the value is bound as a parameter, and with "
                     "more text around it written as 'text' || ${{ ... }}");
    else
        rb_diag_help(diag, "take it out of the comment");
}

/* Without names in it, `text` is all of it. */
struct statement {
    struct rb_buf text; /* since the last name */
    struct rb_list_builder parts, params;
    bool failed;
};

static void end_text(struct statement *statement)
{
    if (statement->text.length > 0)
        rb_list_add(&statement->parts,
                    rb_value_string(rb_buf_text(&statement->text), statement->text.length));
    rb_buf_clear(&statement->text);
}

static bool is_token(struct rb_lua_lexer *lexer, const char *text)
{
    struct rb_lua_token token = rb_lua_next(lexer);
    return token.kind != RB_LUA_END && token.kind != RB_LUA_STRING &&
           token.length == strlen(text) &&
           memcmp(lexer->text + token.offset, text, token.length) == 0;
}

/* Is all of the expression one `sql.ident(...)`? */
static bool is_name(const char *text, const struct rb_braces *braces)
{
    struct rb_lua_lexer lexer = {
        .text = text, .at = braces->expr, .length = braces->expr + braces->expr_length};
    if (!is_token(&lexer, "sql") || !is_token(&lexer, ".") || !is_token(&lexer, "ident"))
        return false;
    int depth = 0;
    do {
        struct rb_lua_token token = rb_lua_next(&lexer);
        if (token.kind == RB_LUA_END)
            return false;
        if (token.kind == RB_LUA_SYMBOL && token.length == 1)
            depth += (text[token.offset] == '(') - (text[token.offset] == ')');
    } while (depth > 0);
    return rb_lua_next(&lexer).kind == RB_LUA_END;
}

static void add_name(struct rb_compiler *c, const struct rb_yaml_node *scalar,
                     const struct rb_braces *braces, int expr, struct statement *statement)
{
    const char *text = scalar->text;
    char before = braces->begin > 0 ? text[braces->begin - 1] : '\0';
    if (rb_sql_name_touches(before, text[braces->end])) {
        rb_diag_help(
            rb_diag_add(c->diags, 305,
                        rb_yaml_span_in(scalar, braces->begin, braces->end - braces->begin),
                        "a name can't stand in the middle of another"),
            "put it together in Lua: ${{ sql.ident(\"log_\" .. ...) }}");
        statement->failed = true;
    }
    end_text(statement);
    rb_list_add(
        &statement->parts,
        rb_value_map("ident", rb_value_map("$expr", rb_value_int(expr), NULL), NULL));
}

static void add_value(struct rb_compiler *c, const struct rb_yaml_node *scalar,
                      struct rb_sql_lexer *lexer, const char *where,
                      struct statement *statement)
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
    if (lexer->within != RB_SQL_IN_PLAIN) {
        misplaced(c, rb_yaml_span_in(scalar, at, braces.end - at), lexer->within);
        statement->failed = true;
        return;
    }
    int expr = rb_expr_add(c, scalar, braces.expr, braces.expr_length, where);
    statement->failed |= expr < 0;
    if (is_name(scalar->text, &braces)) {
        add_name(c, scalar, &braces, expr, statement);
        return;
    }
    if (expr >= 0)
        rb_list_add(&statement->params, rb_value_map("$expr", rb_value_int(expr), NULL));
    rb_buf_printf(&statement->text, "$%zu", statement->params.count);
}

/* What the author numbers and what we number would be two of the same. */
static void numbered(struct rb_compiler *c, const struct rb_yaml_node *scalar,
                     const struct rb_sql_lexer *lexer, struct statement *statement)
{
    const char *at = lexer->text + lexer->at;
    if (lexer->within != RB_SQL_IN_PLAIN || at[0] != '$' || at[1] < '0' || at[1] > '9')
        return;
    rb_diag_help(rb_diag_add(c->diags, 305, rb_yaml_span_in(scalar, lexer->at, 2),
                             "a parameter by number has no value here"),
                 "write the value where it belongs: ${{ ... }}");
    statement->failed = true;
}

static const struct rb_value *text_of(struct statement *statement)
{
    if (statement->parts.count > 0)
        end_text(statement);
    const struct rb_value *parts = rb_list_end(&statement->parts);
    if (rb_value_count(parts) == 0) {
        rb_value_unref(parts);
        parts = rb_value_string(rb_buf_text(&statement->text), statement->text.length);
    }
    rb_buf_done(&statement->text);
    return parts;
}

const struct rb_value *rb_sql_text(struct rb_compiler *c, const struct rb_yaml_node *scalar,
                                   const char *where)
{
    if (!rb_scalar_field(scalar, RB_NODE_SCALAR, where, c->diags))
        return NULL;
    struct rb_sql_lexer lexer = {.text = scalar->text, .length = scalar->length};
    struct statement statement = {0};
    while (lexer.at < lexer.length) {
        if (rb_braces_at(scalar->text, scalar->length, lexer.at)) {
            add_value(c, scalar, &lexer, where, &statement);
            continue;
        }
        size_t from = lexer.at;
        numbered(c, scalar, &lexer, &statement);
        rb_sql_lexer_step(&lexer);
        rb_buf_append(&statement.text, scalar->text + from, lexer.at - from);
    }
    RB_AUTO_VALUE const struct rb_value *params = rb_list_end(&statement.params);
    RB_AUTO_VALUE const struct rb_value *text = text_of(&statement);
    const char *whole = rb_value_as_text(text, "x");
    if (whole[strspn(whole, " \t\r\n;")] == '\0' && !statement.failed)
        rb_diag_help(
            rb_diag_add(c->diags, 218, scalar->span, "`%s` has no statement", where),
            "write one: select ...");
    return rb_value_map("text", rb_value_ref(text), "params", rb_value_ref(params), NULL);
}
