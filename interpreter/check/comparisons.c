/* Comparisons with a text that the other side can never be. */

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "check/rules.h"
#include "parse/luatoken.h"
#include "plan/globals.h"

#define QUOTED(name) name,
static const char *const status_names[] = {RB_STATUS_NAMES(QUOTED) NULL};

/* A chain of names and a text, with `==` or `~=` between them. */
struct comparison {
    const struct rb_lua_ref *ref;
    const char *text;
    size_t length;
};

static bool among(const struct comparison *comparison, const char *const *words)
{
    for (; *words; words++) {
        if (strlen(*words) == comparison->length &&
            memcmp(*words, comparison->text, comparison->length) == 0)
            return true;
    }
    return false;
}

/* `words` ends with NULL and is all that the chain can be. */
static void judge_words(const struct rb_check *check, const struct comparison *comparison,
                        const char *const *words)
{
    if (among(comparison, words))
        return;
    RB_AUTO_BUF struct rb_buf list = {0};
    RB_AUTO_FREE char *text = rb_strndup(comparison->text, comparison->length);
    for (int i = 0; words[i]; i++)
        rb_buf_printf(&list, "%s%s", i ? ", " : "it can be ", words[i]);
    struct rb_diag *diag =
        rb_diag_add(check->diags, 511, comparison->ref->span, "this is never `%s`", text);
    rb_check_did_you_mean(diag, text, words,
                          words[0] ? rb_buf_text(&list)
                                   : "this runbook has no environments");
}

static void judge_environment(const struct rb_check *check,
                              const struct comparison *comparison)
{
    int count = check->document->environment_count;
    RB_AUTO_FREE const char **names = rb_alloc((size_t)(count + 1) * sizeof *names);
    for (int i = 0; i < count; i++)
        names[i] = check->document->environments[i]->text;
    judge_words(check, comparison, names);
}

static void judge_param(const struct rb_check *check, const struct comparison *comparison)
{
    const struct rb_plan *plan = check->plan;
    for (int i = 0; i < plan->books[0]->param_count; i++) {
        const struct rb_value *values = plan->books[0]->params[i].values;
        size_t count = rb_value_count(values);
        if (count == 0 || plan->books[0]->params[i].type != RB_PARAM_STRING ||
            strcmp(plan->books[0]->params[i].name, comparison->ref->path[0]) != 0)
            continue;
        RB_AUTO_FREE const char **words = rb_alloc((count + 1) * sizeof *words);
        for (size_t k = 0; k < count; k++)
            words[k] = rb_value_as_text(rb_value_at(values, k), "");
        judge_words(check, comparison, words);
    }
}

static void judge(const struct rb_check *check, const struct comparison *comparison)
{
    const struct rb_lua_ref *ref = comparison->ref;
    if (strcmp(ref->root, "environment") == 0 && ref->depth == 0)
        judge_environment(check, comparison);
    else if (strcmp(ref->root, "params") == 0 && ref->depth == 1)
        judge_param(check, comparison);
    else if (strcmp(ref->root, "steps") == 0 && ref->depth == 2 &&
             strcmp(ref->path[1], "status") == 0)
        judge_words(check, comparison, status_names);
}

/* Reading `a.b == "text"` and `"text" == a.b`. */
struct reader {
    const struct rb_expr *expr;
    const struct rb_lua_refs *refs;
    int next; /* the reference to look at first: they come in the order of the text */
    struct rb_lua_lexer lexer;
    struct rb_lua_token token;
};

static bool at(const struct reader *reader, const char *symbol)
{
    return reader->token.kind == RB_LUA_SYMBOL && reader->token.length == strlen(symbol) &&
           memcmp(reader->expr->source + reader->token.offset, symbol, strlen(symbol)) == 0;
}

static void advance(struct reader *reader)
{
    reader->token = rb_lua_next(&reader->lexer);
}

/* The reference with these names: root.path joined by dots. */
static const struct rb_lua_ref *find_ref(struct reader *reader, const char *chain)
{
    for (int i = reader->next; i < reader->refs->count; i++) {
        const struct rb_lua_ref *ref = &reader->refs->items[i];
        RB_AUTO_BUF struct rb_buf name = {0};
        rb_buf_puts(&name, ref->root);
        for (int k = 0; k < ref->depth; k++)
            rb_buf_printf(&name, ".%s", ref->path[k]);
        if (strcmp(rb_buf_text(&name), chain) == 0) {
            reader->next = i + 1;
            return ref;
        }
    }
    return NULL;
}

/* Reads a chain of names, or else one token. */
static const struct rb_lua_ref *read_chain(struct reader *reader)
{
    RB_AUTO_BUF struct rb_buf chain = {0};
    bool name = reader->token.kind == RB_LUA_NAME;
    while (reader->token.kind == RB_LUA_NAME) {
        rb_buf_append(&chain, reader->expr->source + reader->token.offset,
                      reader->token.length);
        advance(reader);
        if (!at(reader, "."))
            break;
        rb_buf_putc(&chain, '.');
        advance(reader);
    }
    if (!name)
        advance(reader);
    return name ? find_ref(reader, rb_buf_text(&chain)) : NULL;
}

static bool read_text(struct reader *reader, struct comparison *ret)
{
    const char *text = reader->expr->source + reader->token.offset;
    if (reader->token.kind != RB_LUA_STRING || text[0] == '[' ||
        memchr(text, '\\', reader->token.length))
        return false;
    ret->text = text + 1;
    ret->length = reader->token.length - 2;
    return true;
}

static bool read_sign(struct reader *reader)
{
    if (!at(reader, "==") && !at(reader, "~="))
        return false;
    advance(reader);
    return true;
}

static void judge_expr(const struct rb_check *check, int index)
{
    const struct rb_expr *expr = &check->plan->exprs[index];
    struct reader reader = {.expr = expr, .refs = &check->document->refs[index]};
    reader.lexer =
        (struct rb_lua_lexer){.text = expr->source, .length = strlen(expr->source)};
    advance(&reader);
    while (reader.token.kind != RB_LUA_END) {
        struct comparison comparison = {0};
        if (read_text(&reader, &comparison)) {
            advance(&reader);
            if (read_sign(&reader))
                comparison.ref = read_chain(&reader);
        } else {
            comparison.ref = read_chain(&reader);
            if (!comparison.ref || !read_sign(&reader) || !read_text(&reader, &comparison))
                continue;
        }
        if (comparison.ref)
            judge(check, &comparison);
    }
}

void rb_check_comparisons(const struct rb_check *check)
{
    for (int i = 0; i < check->plan->expr_count; i++) {
        const char *source = check->plan->exprs[i].source;
        if (strstr(source, "==") || strstr(source, "~="))
            judge_expr(check, i);
    }
}
