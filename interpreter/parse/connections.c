#include "parse/connections.h"

#include "base/text.h"
#include "parse/endpoint.h"
#include "parse/leaf.h"
#include "parse/scalar.h"
#include "plan/origin.h"

static void read_only(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    bool flag;
    if (rb_scalar_bool(value, "read_only", c->diags, &flag))
        rb_map_add(into, "read_only", rb_value_bool(flag));
}

/* Steps are read later. */
static void made_by(struct rb_compiler *c, const struct rb_yaml_node *value,
                    struct rb_map_builder *map)
{
    const char *id;
    if (!rb_scalar_text(value, "made_by", c->diags, &id))
        return;
    rb_map_add(map, "made_by", rb_value_text(id));
    RB_GROW(c->made_by, c->made_by_count, c->made_by_capacity);
    c->made_by[c->made_by_count++] = (struct rb_step_name){value, c->book_number};
}

/* Keywords of libpq (PostgreSQL's documentation, section 34.1.2) under their own names. */
static const char *const keywords[] = {
    "host",        "hostaddr", "port",   "dbname",           "user", "password", "sslmode",
    "sslrootcert", "sslcert",  "sslkey", "application_name", NULL};

static bool is_keyword(const char *name)
{
    for (const char *const *at = keywords; *at; at++) {
        if (strcmp(*at, name) == 0)
            return true;
    }
    return false;
}

/* One for each of several hosts, with commas between; an empty one is the usual. */
static void judge_ports(struct rb_compiler *c, const struct rb_yaml_node *value,
                        const char *text)
{
    for (size_t length = 0;; text += length + 1) {
        length = strcspn(text, ",");
        const char *one = rb_arena_printf(c->arena, "%.*s", (int)length, text);
        int64_t port = 0;
        if (*one && (!rb_scalar_parse_int(one, &port) || port < 1 || port > UINT16_MAX))
            rb_diag_help(rb_diag_add(c->diags, 217, value->span,
                                     "`%.80s` is no port of a postgres server", one),
                         "write a number of 1 to 65535, usually 5432");
        if (text[length] == '\0')
            return;
    }
}

/* What the file itself says; libpq would say it when the step begins. */
static void judge_keyword(struct rb_compiler *c, const char *name,
                          const struct rb_yaml_node *value, const char *text)
{
    static const char *const modes[] = {"disable",   "allow",       "prefer", "require",
                                        "verify-ca", "verify-full", NULL};
    int index;
    if (strcmp(name, "port") == 0)
        judge_ports(c, value, text);
    else if (strcmp(name, "sslmode") == 0)
        (void)!rb_scalar_word(value, name, modes, c->diags, &index);
}

static const struct rb_value *keyword(struct rb_compiler *c, const char *name,
                                      const struct rb_yaml_node *value)
{
    const char *where = rb_compiler_where(c, name);
    const struct rb_value *text = strcmp(name, "password") == 0
                                      ? rb_leaf_credential(c, value, where)
                                      : rb_leaf_text(c, value, where);
    if (rb_value_is(text, RB_STRING))
        judge_keyword(c, name, value, rb_value_as_text(text, ""));
    return text;
}

static void postgres_key(struct rb_compiler *c, const struct rb_yaml_node *key,
                         const struct rb_yaml_node *value, struct rb_map_builder *map,
                         struct rb_map_builder *params)
{
    const char *known[RB_COUNT(keywords) + 3] = {"type", "read_only", "made_by"};
    const struct rb_value *text;
    if (strcmp(key->text, "type") == 0)
        return;
    if (strcmp(key->text, "read_only") == 0) {
        read_only(c, value, map);
    } else if (strcmp(key->text, "made_by") == 0) {
        made_by(c, value, map);
    } else if (!is_keyword(key->text)) {
        memcpy(known + 3, keywords, sizeof keywords);
        rb_fields_unknown(c->diags, key, "a postgres connection", known);
    } else if ((text = keyword(c, key->text, value))) {
        rb_map_add(params, key->text, text);
    }
}

static void read_postgres(struct rb_compiler *c, const struct rb_yaml_node *node,
                          struct rb_map_builder *map)
{
    struct rb_map_builder params = {0};
    for (int i = 0; i < node->count && !rb_diags_full(c->diags); i++)
        postgres_key(c, node->keys[i], node->items[i], map, &params);
    if (!rb_yaml_get(node, "dbname"))
        rb_fields_missing(c->diags, node, "a postgres connection", "dbname",
                          "say which database: `dbname: NAME`");
    rb_map_add(map, "params", rb_map_end(&params));
}

/* What can be at the other end; one that is none of them is read as the first. */
static const char *const types[] = {"http",    "prometheus", "postgres", "slack",
                                    "webhook", "smtp",       "s3",       NULL};
static rb_endpoint_read *const readers[] = {
    rb_endpoint_web,     rb_endpoint_web,  read_postgres, rb_endpoint_slack,
    rb_endpoint_webhook, rb_endpoint_smtp, rb_endpoint_s3};

static const struct rb_value *read_one(struct rb_compiler *c,
                                       const struct rb_yaml_node *node)
{
    struct rb_map_builder map = {0};
    const struct rb_yaml_node *word =
        node->kind == RB_NODE_MAPPING ? rb_yaml_get(node, "type") : NULL;
    int index = 0;
    if (node->kind == RB_NODE_MAPPING && !word)
        rb_fields_missing(c->diags, node, "a connection", "type",
                          "say what is at its other end: `type: http`");
    if (word && rb_scalar_word(word, "type", types, c->diags, &index))
        rb_map_add(&map, "type", rb_value_text(types[index]));
    readers[index](c, node, &map);
    return rb_map_end(&map);
}

const struct rb_value *rb_connections_read(struct rb_compiler *c,
                                           const struct rb_yaml_node *node)
{
    if (!rb_scalar_field(node, RB_NODE_MAPPING, "connections", c->diags))
        return NULL;
    struct rb_map_builder map = {0};
    for (int i = 0; i < node->count && !rb_diags_full(c->diags); i++) {
        const struct rb_yaml_node *key = node->keys[i];
        c->owner = rb_arena_printf(c->arena, "connections.%s", key->text);
        bool named = rb_scalar_name(key, RB_NAME_LUA, "a connection", c->diags);
        const struct rb_value *one = read_one(c, node->items[i]);
        if (named)
            rb_map_add(&map, key->text, one);
        else
            rb_value_unref(one);
    }
    c->owner = NULL;
    return rb_map_end(&map);
}

static void undeclared(struct rb_compiler *c, struct rb_span span, const char *name,
                       enum rb_action action)
{
    const struct rb_value *all = c->book->connections;
    const char **names = rb_alloc((rb_value_count(all) + 1) * sizeof *names);
    for (size_t i = 0; i < rb_value_count(all); i++)
        names[i] = rb_value_as_text(rb_value_key_at(all, i), "");
    const char *near = rb_text_nearest(name, names);
    struct rb_diag *diag =
        rb_diag_add(c->diags, 420, span, "there is no connection `%.80s`", name);
    if (near)
        rb_diag_help(diag, "did you mean `%s`?", near);
    else
        rb_diag_help(diag, "declare it: connections: {%.80s: {type: %s, ...}}", name,
                     action == RB_ACTION_SQL      ? "postgres"
                     : action == RB_ACTION_NOTIFY ? "slack"
                                                  : "http");
    free(names);
}

/* The types that each action can go over, in words and by name. */
static const struct {
    enum rb_action action;
    const char *words;
    const char *const types[5];
} ways[] = {
    {RB_ACTION_HTTP, "http, prometheus or s3", {"http", "prometheus", "s3"}},
    {RB_ACTION_SQL, "postgres", {"postgres"}},
    {RB_ACTION_NOTIFY, "slack, webhook or smtp", {"slack", "webhook", "smtp"}},
};

static void misfit(struct rb_compiler *c, struct rb_span span, const char *name,
                   const char *type, enum rb_action action, const char *words)
{
    rb_diag_help(rb_diag_add(c->diags, 421, span,
                             "`%s` is a connection of the type %s, and this step does `%s`",
                             name, type, rb_action_name(action)),
                 "name a connection of the type %s", words);
}

void rb_connections_judge(struct rb_compiler *c, struct rb_span span, const char *name,
                          enum rb_action action)
{
    const struct rb_value *connection = rb_value_get(c->book->connections, name);
    const char *type = rb_value_get_text(connection, "type", "");
    if (!connection) {
        undeclared(c, span, name, action);
        return;
    }
    for (size_t i = 0; i < RB_COUNT(ways); i++) {
        bool fits = false;
        for (const char *const *one = ways[i].types; *one; one++)
            fits |= strcmp(*one, type) == 0;
        if (ways[i].action == action && !fits)
            misfit(c, span, name, type, action, ways[i].words);
    }
}

static void resolve_made_by(struct rb_compiler *c)
{
    for (int i = 0; i < c->made_by_count; i++) {
        const struct rb_yaml_node *node = c->made_by[i].node;
        if (rb_compiler_find(c, c->made_by[i].book, node->text) < 0)
            rb_diag_help(rb_diag_add(c->diags, 401, node->span, "there is no step `%.80s`",
                                     node->text),
                         "name the step that makes the database by its `id`");
    }
}

/* Where a step and its connection both say it in the file. */
static void judge_way(struct rb_compiler *c, const struct rb_step *step,
                      const struct rb_yaml_node *http, const char *name)
{
    const struct rb_yaml_node *node =
        http && http->kind == RB_NODE_MAPPING ? rb_yaml_get(http, "url") : http;
    const struct rb_value *connection =
        rb_value_get(c->book->connections, name ? name : "");
    const char *url = rb_origin_written(rb_value_get(step->spec, "url"));
    const char *home = rb_origin_written(rb_value_get(connection, "url"));
    struct rb_error err = {0};
    if (!node || !url)
        return;
    if (url[0] == '/' && !name)
        rb_diag_help(
            rb_diag_add(c->diags, 230, node->span,
                        "the URL is a path and there is no connection"),
            "write https://host/path, or name a `connection` whose URL it follows");
    else if (url[0] != '/' && home && !rb_origin_is_home(url, home, name, &err) &&
             err.code == RB_ERR_REFUSED)
        rb_diag_help(rb_diag_add(c->diags, 423, node->span, "%s", err.message),
                     "leave `connection` out, or write the path alone");
}

void rb_connections_resolve(struct rb_compiler *c)
{
    struct rb_book *run = c->book;
    for (int i = 0; i < c->step_count; i++) {
        const struct rb_yaml_node *node = rb_yaml_get(c->step_nodes[i], "connection");
        const char *name = rb_value_get_text(c->steps[i].spec, "connection", NULL);
        c->book = c->books[c->steps[i].book];
        if (name && node)
            rb_connections_judge(c, node->span, name, c->steps[i].action);
        if (c->steps[i].action == RB_ACTION_HTTP)
            judge_way(c, &c->steps[i], rb_yaml_get(c->step_nodes[i], "http"), name);
    }
    c->book = run;
    resolve_made_by(c);
}
