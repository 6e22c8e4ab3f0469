#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "parse/luascan.h"

struct fixture {
    struct rb_arena *arena;
    struct rb_diags diags;
    const struct rb_source *source;
    struct rb_lua_refs refs;
};

static struct rb_span place(const void *context, size_t offset, size_t length)
{
    const struct fixture *fixture = context;
    struct rb_span span = {.source = fixture->source};
    rb_source_locate(fixture->source, offset, &span.line, &span.column);
    rb_source_locate(fixture->source, offset + length, &span.end_line, &span.end_column);
    return span;
}

static bool scan(struct fixture *fixture, const char *text, bool chunk)
{
    fixture->arena = rb_arena_new();
    fixture->source = rb_source_new(fixture->arena, "test.lua", text, strlen(text));
    struct rb_lua_text lua = {.text = text,
                              .length = strlen(text),
                              .chunk = chunk,
                              .where = "step.when",
                              .context = fixture,
                              .place = place};
    return rb_lua_scan(fixture->arena, &lua, &fixture->diags, &fixture->refs);
}

static void done(struct fixture *fixture)
{
    rb_arena_free(fixture->arena);
    rb_diags_done(&fixture->diags);
}

/* The references as text: `a.b.c`, an assigned one with `=` behind it. */
static void expect_refs(const char *text, bool chunk, const char *expected)
{
    struct fixture fixture = {0};
    RB_AUTO_BUF struct rb_buf found = {0};
    assert_true(scan(&fixture, text, chunk));
    for (int i = 0; i < fixture.refs.count; i++) {
        const struct rb_lua_ref *ref = &fixture.refs.items[i];
        rb_buf_printf(&found, "%s%s", i ? " " : "", ref->root);
        for (int j = 0; j < ref->depth; j++)
            rb_buf_printf(&found, ".%s", ref->path[j]);
        rb_buf_puts(&found, ref->assigned ? "=" : "");
    }
    assert_string_equal(rb_buf_text(&found), expected);
    done(&fixture);
}

/* "line:column-end_column message" of the only diagnostic, or how that begins: the words are
 * Lua's and vary a little between its versions. */
static void expect_error(const char *text, bool chunk, const char *expected)
{
    struct fixture fixture = {0};
    RB_AUTO_BUF struct rb_buf found = {0};
    assert_false(scan(&fixture, text, chunk));
    assert_int_equal(fixture.diags.count, 1);
    const struct rb_diag *diag = fixture.diags.items;
    rb_buf_printf(&found, "%d:%d-%d %s", diag->span.line, diag->span.column,
                  diag->span.end_column, diag->message);
    if (strncmp(rb_buf_text(&found), expected, strlen(expected)) != 0)
        assert_string_equal(rb_buf_text(&found), expected);
    done(&fixture);
}

static void chains_of_globals_are_found_with_their_names(void **state)
{
    (void)state;
    expect_refs("steps.backup.outputs.file", false, "steps.backup.outputs.file");
    expect_refs("a.b + c['d'].e .. #f[\"g\"]", false, "a.b c.d.e f.g");
    expect_refs("not a and -b or ~c", false, "a b c");
    expect_refs("{a, b = c, [d] = e; f}", false, "a c d e f");
    expect_refs("a == 1 and 'b.c' or [[d.e]] .. 0x1p4 .. 1e-5 -- f", false, "a");
}

static void a_chain_ends_where_a_name_is_not_constant(void **state)
{
    (void)state;
    expect_refs("steps[x].outputs", false, "steps x");
    expect_refs("a.b[1].c", false, "a.b");
    expect_refs("a.b:upper().c", false, "a.b");
    expect_refs("a.b 'c'.d", false, "a.b");
    expect_refs("sh.exec{'df', params.path}.stdout", false, "sh.exec params.path");
    expect_refs("a['b\\n']", false, "a");
    expect_refs("(a.b).c", false, "a.b");
    expect_refs("a['b' .. c]", false, "a c");
}

static void locals_are_no_references(void **state)
{
    (void)state;
    expect_refs("local a = b return a.c, d", true, "b d");
    expect_refs("local a = a return a", true, "a");
    expect_refs("local a <const>, b <close> = c, d return a, b", true, "c d");
    expect_refs("local function f(x, ...) return f(x), y, ... end return f", true, "y");
    expect_refs("return function(x) return x end, x", true, "x");
    expect_refs(
        "local t = {} function t.f(a) return a, t end function t:g() return self end", true,
        "");
    expect_refs("local x x.y = 1 x['z'] = 2", true, "");
}

static void the_scope_of_a_local_ends_with_its_block(void **state)
{
    (void)state;
    expect_refs("do local a = 1 end return a", true, "a");
    expect_refs("if p then local a = 1 elseif a then local b else return b end return a",
                true, "p a b a");
    expect_refs("while p do local a = 1 end return a", true, "p a");
    expect_refs("for i = i, j do x(i) end return i", true, "i j x i");
    expect_refs("for k, v in pairs(k) do x(k, v) end return v", true, "pairs k x v");
    expect_refs("repeat local a = 1 until a > b return a", true, "b a");
    expect_refs("goto top do local a end ::top:: return a", true, "a");
}

static void assignments_to_globals_are_marked(void **state)
{
    (void)state;
    expect_refs("x = 1", true, "x=");
    expect_refs("a.b, c[d] = e, f", true, "a.b= c= d e f");
    expect_refs("function f.g() end function h() end", true, "f.g= h=");
    expect_refs("f().x = y", true, "f y");
    expect_refs("local _ENV = {} x = 1", true, "x=");
    expect_refs("return _ENV", true, "_ENV");
    expect_refs("local _ENV = {} return _ENV.x", true, "_ENV.x");
}

static void each_name_has_its_place(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    assert_true(scan(&fixture, "1 +\n  steps.backup['outputs']", false));
    const struct rb_lua_ref *ref = fixture.refs.items;
    assert_int_equal(ref->root_span.line, 2);
    assert_int_equal(ref->root_span.column, 3);
    assert_int_equal(ref->root_span.end_column, 8);
    assert_int_equal(ref->spans[0].column, 9);
    assert_int_equal(ref->spans[1].column, 16);
    assert_int_equal(ref->span.column, 3);
    assert_int_equal(ref->span.end_column, 25);
    done(&fixture);
}

static void a_syntax_error_stands_at_its_token(void **state)
{
    (void)state;
    expect_error("a and b b", false, "1:9-10 step.when: unexpected 'b'");
    expect_error("a == == b", false, "1:6-8 step.when: unexpected symbol near '=='");
    expect_error("(a", false,
                 "1:3-3 step.when: ')' expected (to close '(' at line 1) near <eof>");
    expect_error("f(a,\n  b c)", false,
                 "2:5-6 step.when: ')' expected (to close '(' at line 1) near 'c'");
    expect_error("a = 1", false, "1:3-4 step.when: unexpected '='");
    expect_error("x 'a", false, "1:3-5 step.when: unfinished string near ''a'");
    expect_error("x == [[a", false,
                 "1:6-9 step.when: unfinished long string (starting at line 1) near <eof>");
    expect_error("if a then\n  return\n", true,
                 "3:1-1 step.when: 'end' expected (to close 'if' at line 1) near <eof>");
    expect_error("a != b", false, "1:3-4 step.when: unexpected '!'");
    expect_error("{ a b }", false, "1:5-6 step.when: '}' expected near 'b'");
    expect_error("3x", false, "1:1-3 step.when: malformed number near '3x'");
    expect_error("do\n  break\nend", true, "2:3-8 step.when: break outside");
    expect_error("goto there", true, "1:1-5 step.when: no visible label 'there'");
}

static void what_an_error_quotes_is_the_author_s(void **state)
{
    (void)state;
    expect_error("\nx 'a at line 9", false,
                 "2:3-15 step.when: unfinished string near ''a at line 9'");
    expect_error("3 'x at line 99999999999999999999'", false,
                 "1:3-35 step.when: unexpected ''x at line 99999999999999999999''");
    expect_error(
        "while a do if b then break end\nreturn 1 goto c end", true,
        "2:10-14 step.when: 'end' expected (to close 'while' at line 1) near 'goto'");
}

static void an_expression_is_exactly_one(void **state)
{
    (void)state;
    expect_error("a, b", false,
                 "1:2-3 step.when: one expression is expected, and more follows here");
    expect_error("a;", false,
                 "1:2-3 step.when: one expression is expected, and more follows here");
    expect_error("a) or (b", false, "1:2-3 step.when: unexpected ')'");
    expect_error(" -- only words", false, "1:1-15 step.when: no expression");
}

static void expect_called(const char *text, const char *first, const char *connection)
{
    struct fixture fixture = {0};
    assert_true(scan(&fixture, text, false));
    const struct rb_lua_ref *ref = &fixture.refs.items[0];
    assert_string_equal(ref->first.text ? ref->first.text : "-", first);
    assert_string_equal(ref->connection.text ? ref->connection.text : "-", connection);
    done(&fixture);
}

static void what_a_call_is_given_is_known_where_it_is_written_out(void **state)
{
    (void)state;
    expect_called("pg.query('a', 'b')", "a", "-");
    expect_called("pg.query('a')", "a", "-");
    expect_called("pg.query('a' .. b)", "-", "-");
    expect_called("pg.query('a\\n', c)", "-", "-");
    expect_called("pg.query([[a]], c)", "-", "-");
    expect_called("pg.query(name, 'b')", "-", "-");
    expect_called("pg.query", "-", "-");
    expect_called("pg.query()('a')", "-", "-");
    expect_called("pg.query:with('a')", "-", "-");
    expect_called("http.get('/', {connection = 'b', timeout = '5s'})", "/", "b");
    expect_called("http.get('/' .. x, {timeout = '5s', connection = 'b'})", "-", "b");
    expect_called("http.get{connection = 'b'}", "-", "b");
    expect_called("http.get('/', {connection = 'b' .. c})", "/", "-");
    expect_called("http.get('/', {query = {connection = 'b'}})", "/", "-");
    expect_called("http.get('/', f{connection = 'b'})", "/", "-");
}

static void deep_nesting_is_an_error_and_no_crash(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf text = {0};
    for (int i = 0; i < 100000; i++)
        rb_buf_putc(&text, '(');
    struct fixture fixture = {0};
    assert_false(scan(&fixture, rb_buf_text(&text), false));
    assert_int_equal(fixture.diags.count, 1);
    done(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_of_globals_are_found_with_their_names),
        cmocka_unit_test(a_chain_ends_where_a_name_is_not_constant),
        cmocka_unit_test(locals_are_no_references),
        cmocka_unit_test(the_scope_of_a_local_ends_with_its_block),
        cmocka_unit_test(assignments_to_globals_are_marked),
        cmocka_unit_test(each_name_has_its_place),
        cmocka_unit_test(a_syntax_error_stands_at_its_token),
        cmocka_unit_test(what_an_error_quotes_is_the_author_s),
        cmocka_unit_test(an_expression_is_exactly_one),
        cmocka_unit_test(what_a_call_is_given_is_known_where_it_is_written_out),
        cmocka_unit_test(deep_nesting_is_an_error_and_no_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
