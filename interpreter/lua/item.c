#include "lua/item.h"

#include <math.h>
#include <string.h>

#include "lua/clause.h"
#include "lua/convert.h"
#include "lua/quote.h"
#include "lua/secret.h"
#include "lua/verdict.h"

/* Results of a run on the stack: the value, then `false`'s reason or the operands. */
enum { VALUE = -3, REASON = -2, LEFT = -2, RIGHT = -1, RESULTS = 3 };
enum { SHORT_MAX = 48, SOURCE_MAX = 160 };

struct evaluation {
    struct rb_sandbox *sandbox;
    lua_State *L;
    const char *name, *kind, *source;
    size_t length;
    bool chunk;
    struct rb_clause clauses[RB_CLAUSE_MAX];
    const struct rb_clause *clause; /* that decided, with operands; or NULL */
    struct rb_error err;
};

static bool is(const struct evaluation *e, const char *kind)
{
    return strcmp(e->kind, kind) == 0;
}

/* What stands on the stack is not what the item asks for: an error with its place. */
__attribute__((format(printf, 2, 3))) static bool wrong(struct evaluation *e,
                                                        const char *format, ...)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    va_list args;
    va_start(args, format);
    rb_buf_vprintf(&text, format, args);
    va_end(args);
    return rb_fail(&e->err, RB_ERR_INVALID, "%s:%d: %s", e->sandbox->where,
                   e->sandbox->line, rb_buf_text(&text));
}

static bool run_whole(struct evaluation *e)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!e->chunk)
        rb_buf_puts(&text, "return ");
    rb_buf_append(&text, e->source, e->length);
    return rb_sandbox_run(e->sandbox, rb_buf_text(&text), text.length, 0, RESULTS, &e->err);
}

/* The operands are computed once, compared by Lua, and come back beside the result. */
static bool run_clause(struct evaluation *e, const struct rb_clause *clause)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    const char *op = clause->text + clause->op, *right = op + clause->op_length;
    const char *end = clause->text + clause->length;
    if (clause->op_length == 0) {
        rb_buf_puts(&text, "return (");
        rb_buf_append(&text, clause->text, clause->length);
        rb_buf_puts(&text, ")");
    } else {
        rb_buf_puts(&text, "local l,r=(");
        rb_buf_append(&text, clause->text, clause->op);
        rb_buf_puts(&text, "),(");
        rb_buf_append(&text, right, (size_t)(end - right));
        rb_buf_puts(&text, ") return l ");
        rb_buf_append(&text, op, clause->op_length);
        rb_buf_puts(&text, " r,l,r");
        e->clause = clause;
    }
    return rb_sandbox_run(e->sandbox, rb_buf_text(&text), text.length, clause->line,
                          RESULTS, &e->err);
}

static bool is_nan(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TNUMBER && isnan(lua_tonumber(L, index));
}

/* A comparison with NaN is false whatever is compared: not a verdict, but none. */
static bool compares_nan(struct evaluation *e)
{
    return e->clause && (is_nan(e->L, LEFT) || is_nan(e->L, RIGHT));
}

/* Lua finds a secret and a text different without asking anybody. */
static bool compares_secret(struct evaluation *e)
{
    return e->clause && (rb_secret_at(e->L, LEFT) || rb_secret_at(e->L, RIGHT));
}

static bool run(struct evaluation *e)
{
    bool condition = is(e, "verdict") || is(e, "truth");
    int count =
        condition && !e->chunk ? rb_clause_split(e->source, e->length, e->clauses) : 0;
    if (count == 0)
        return run_whole(e);
    for (int i = 0; i < count; i++) {
        e->clause = NULL;
        if (!run_clause(e, &e->clauses[i]))
            return false;
        if (compares_secret(e))
            return wrong(e, "a secret can't be compared");
        if (compares_nan(e))
            return wrong(e, "a number compared here is not a number (NaN)");
        if (!lua_toboolean(e->L, VALUE))
            return true;
    }
    return true;
}

static void trim(const char **text, size_t *length)
{
    static const char space[] = " \t\r\n";
    while (*length > 0 && memchr(space, (*text)[0], sizeof space - 1)) {
        ++*text;
        --*length;
    }
    while (*length > 0 && memchr(space, (*text)[*length - 1], sizeof space - 1))
        --*length;
}

static void operand(struct evaluation *e, const char *text, size_t length, const char *side,
                    int index, struct rb_buf *out)
{
    trim(&text, &length);
    if (length > SHORT_MAX || memchr(text, '\n', length))
        rb_buf_puts(out, side);
    else
        rb_quote_line(text, length, SHORT_MAX, out);
    rb_buf_puts(out, " is ");
    rb_quote_lua(e->L, index, out);
}

/* "result.exit == 0: result.exit is 3" */
static void explain_false(struct evaluation *e, struct rb_buf *out)
{
    const struct rb_clause *clause = e->clause;
    const char *text = clause ? clause->text : e->source;
    size_t length = clause ? clause->length : e->length;
    if (e->chunk) {
        rb_buf_puts(out, "it returned false");
        return;
    }
    trim(&text, &length);
    rb_quote_line(text, length, SOURCE_MAX, out);
    if (!clause || (clause->left_literal && clause->right_literal)) {
        rb_buf_puts(out, " is false");
        return;
    }
    rb_buf_puts(out, ": ");
    size_t right = clause->op + clause->op_length;
    if (!clause->left_literal)
        operand(e, clause->text, clause->op, "left", LEFT, out);
    if (!clause->left_literal && !clause->right_literal)
        rb_buf_puts(out, ", ");
    if (!clause->right_literal)
        operand(e, clause->text + right, clause->length - right, "right", RIGHT, out);
}

static const struct rb_value *verdict_false(struct evaluation *e)
{
    size_t length;
    if (!e->clause && lua_type(e->L, REASON) == LUA_TSTRING) {
        const char *why = lua_tolstring(e->L, REASON, &length);
        return rb_verdict_item(e->name, "fails", why, length);
    }
    RB_AUTO_BUF struct rb_buf why = {0};
    explain_false(e, &why);
    return rb_verdict_item(e->name, "fails", rb_buf_text(&why), why.length);
}

static const struct rb_value *neither(struct evaluation *e, const char *what)
{
    RB_AUTO_BUF struct rb_buf given = {0};
    rb_quote_lua(e->L, VALUE, &given);
    wrong(e, "a %s gives true or false, this one gives %s", what, rb_buf_text(&given));
    return rb_verdict_error(e->name, e->err.message);
}

static const struct rb_value *verdict(struct evaluation *e)
{
    if (lua_type(e->L, VALUE) == LUA_TBOOLEAN) {
        return lua_toboolean(e->L, VALUE) ? rb_verdict_item(e->name, "holds", NULL, 0)
                                          : verdict_false(e);
    }
    return neither(e, "check");
}

static const struct rb_value *truth(struct evaluation *e)
{
    if (lua_type(e->L, VALUE) != LUA_TBOOLEAN)
        return neither(e, "condition");
    bool holds = lua_toboolean(e->L, VALUE);
    RB_AUTO_BUF struct rb_buf why = {0};
    if (!holds)
        explain_false(e, &why);
    return rb_value_map(
        "name", rb_value_text(e->name), "value", rb_value_bool(holds), "why",
        holds ? NULL : rb_value_string(rb_buf_text(&why), why.length), NULL);
}

/* The outputs of a Lua step: a table of them, or nothing. */
static const struct rb_value *outputs(struct evaluation *e, const struct rb_value *owned)
{
    if (rb_value_is(owned, RB_LIST) && rb_value_count(owned) == 0) {
        rb_value_unref(owned);
        owned = rb_value_map(NULL);
    }
    if (rb_value_is(owned, RB_MAP))
        return owned;
    RB_AUTO_BUF struct rb_buf given = {0};
    rb_quote_value(owned, &given);
    wrong(e, "it returns %s; outputs are a table with names", rb_buf_text(&given));
    rb_value_unref(owned);
    return NULL;
}

static const struct rb_value *value(struct evaluation *e)
{
    const struct rb_value *result = NULL;
    struct rb_error why;
    bool optional = is(e, "optional");
    if (lua_isnil(e->L, VALUE) && !optional)
        wrong(e, "there is no value: it gives nil");
    else if (!lua_isnil(e->L, VALUE) &&
             !rb_convert(e->L, VALUE, RB_CONVERT_NO_SECRETS, &result, &why))
        wrong(e, "%s", why.message);
    else if (optional && result)
        result = outputs(e, result);
    if (*e->err.message)
        return rb_verdict_error(e->name, e->err.message);
    return rb_value_map("name", rb_value_text(e->name), "value", result, NULL);
}

static const struct rb_value *raised(struct evaluation *e)
{
    const struct rb_sandbox *sandbox = e->sandbox;
    if (sandbox->ruling != RB_RULING_NONE && !is(e, "verdict"))
        rb_error_prefix(&e->err, "%s:%d", sandbox->where, sandbox->line);
    if (sandbox->ruling == RB_RULING_NONE || !is(e, "verdict"))
        return rb_verdict_error(e->name, e->err.message);
    return rb_verdict_item(e->name,
                           sandbox->ruling == RB_RULING_FAILS ? "fails" : "unknown",
                           rb_buf_text(&sandbox->why), sandbox->why.length);
}

static const struct rb_value *judge(struct evaluation *e)
{
    if (!run(e))
        return raised(e);
    if (is(e, "verdict"))
        return verdict(e);
    return is(e, "truth") ? truth(e) : value(e);
}

/* What was compared on the way stands beside what came of it. */
static const struct rb_value *with_seen(struct rb_seen *seen, const struct rb_value *owned)
{
    RB_AUTO_VALUE const struct rb_value *item = owned;
    RB_AUTO_VALUE const struct rb_value *list = rb_list_end(&seen->list);
    if (rb_value_count(list) == 0)
        return rb_value_ref(item);
    RB_AUTO_VALUE const struct rb_value *more =
        rb_value_map("seen", rb_value_ref(list), "seen_more",
                     seen->more > 0 ? rb_value_int(seen->more) : NULL, NULL);
    return rb_value_merge(item, more);
}

const struct rb_value *rb_item_evaluate(struct rb_sandbox *sandbox,
                                        const struct rb_value *item)
{
    struct evaluation e = {.sandbox = sandbox,
                           .L = sandbox->L,
                           .name = rb_value_get_text(item, "name", ""),
                           .kind = rb_value_get_text(item, "kind", ""),
                           .source = rb_value_get_text(item, "source", ""),
                           .length = rb_value_length(rb_value_get(item, "source")),
                           .chunk = rb_value_get_bool(item, "chunk", false)};
    rb_sandbox_begin(sandbox, rb_value_get_text(item, "where", e.name),
                     (int)rb_value_get_int(item, "line", 1));
    return with_seen(&sandbox->seen, judge(&e));
}
