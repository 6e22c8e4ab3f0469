/* Connections that Lua names by a text that is written out. */

#include <string.h>

#include "base/mem.h"
#include "check/rules.h"
#include "plan/origin.h"

/* What takes a connection, and where: as its first argument, or as the member of its options. */
static const struct taker {
    const char *module;
    bool first;
    const char *words;
    const char *const types[4]; /* ends with NULL; the first is what is declared for it */
} takers[] = {
    {"pg", true, "postgres", {"postgres"}},
    {"prom", true, "prometheus", {"prometheus"}},
    {"http", false, "http, prometheus or s3", {"http", "prometheus", "s3"}},
};

static const struct taker *find(const struct rb_lua_ref *ref)
{
    for (size_t i = 0; i < RB_COUNT(takers); i++) {
        if (ref->depth == 1 && strcmp(takers[i].module, ref->root) == 0)
            return &takers[i];
    }
    return NULL;
}

static void undeclared(const struct rb_check *check, const struct taker *taker,
                       const struct rb_lua_literal *name)
{
    const struct rb_value *all = check->plan->books[0]->connections;
    RB_AUTO_FREE const char **names = rb_alloc((rb_value_count(all) + 1) * sizeof *names);
    RB_AUTO_BUF struct rb_buf otherwise = {0};
    for (size_t i = 0; i < rb_value_count(all); i++)
        names[i] = rb_value_as_text(rb_value_key_at(all, i), "");
    rb_buf_printf(&otherwise, "declare it: connections: {%.80s: {type: %s, ...}}",
                  name->text, taker->types[0]);
    rb_check_did_you_mean(rb_diag_add(check->diags, 420, name->span,
                                      "there is no connection `%.80s`", name->text),
                          name->text, names, rb_buf_text(&otherwise));
}

static void misfit(const struct rb_check *check, const struct taker *taker,
                   const struct rb_lua_ref *ref, const struct rb_lua_literal *name,
                   const char *type)
{
    rb_diag_help(rb_diag_add(check->diags, 421, name->span,
                             "`%s` is a connection of the type %s, and this is `%s.%s`",
                             name->text, type, ref->root, ref->path[0]),
                 "name a connection of the type %s", taker->words);
}

static void judge_way(const struct rb_check *check, const struct rb_lua_ref *ref,
                      const struct rb_value *connection)
{
    const char *url = ref->first.text;
    const char *home = rb_origin_written(rb_value_get(connection, "url"));
    struct rb_error err = {0};
    if (url && home && url[0] != '/' &&
        !rb_origin_is_home(url, home, ref->connection.text, &err))
        rb_diag_help(rb_diag_add(check->diags, err.code == RB_ERR_REFUSED ? 423 : 230,
                                 ref->first.span, "%s", err.message),
                     "leave `connection` out, or write the path alone");
}

static void judge(const struct rb_check *check, const struct rb_lua_ref *ref)
{
    const struct taker *taker = find(ref);
    if (!taker)
        return;
    const struct rb_lua_literal *name = taker->first ? &ref->first : &ref->connection;
    if (!name->text)
        return;
    const struct rb_value *connection =
        rb_value_get(check->plan->books[0]->connections, name->text);
    const char *type = rb_value_get_text(connection, "type", "");
    bool fits = false;
    for (const char *const *one = taker->types; *one; one++)
        fits |= strcmp(*one, type) == 0;
    if (!connection)
        undeclared(check, taker, name);
    else if (!fits && *type)
        misfit(check, taker, ref, name, type);
    else if (!taker->first)
        judge_way(check, ref, connection);
}

void rb_check_connections(const struct rb_check *check)
{
    for (int i = 0; i < check->plan->expr_count; i++) {
        const struct rb_lua_refs *refs = &check->document->refs[i];
        for (int k = 0; k < refs->count && check->sites[i].moment != RB_AT_NO_TIME; k++)
            judge(check, &refs->items[k]);
    }
}
