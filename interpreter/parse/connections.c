#include "parse/connections.h"

#include "base/text.h"
#include "parse/leaf.h"
#include "parse/scalar.h"
#include "parse/web.h"

/* The other end of a connection. */
static const char *const types[] = {"http", "prometheus", "postgres", NULL};

static void type(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    int index;
    if (rb_scalar_word(value, "type", types, c->diags, &index))
        rb_map_add(into, "type", rb_value_text(types[index]));
}

static void read_only(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    bool flag;
    if (rb_scalar_bool(value, "read_only", c->diags, &flag))
        rb_map_add(into, "read_only", rb_value_bool(flag));
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

static const struct rb_value *keyword(struct rb_compiler *c, const char *name,
                                      const struct rb_yaml_node *value)
{
    const char *where = rb_compiler_where(c, name);
    return strcmp(name, "password") == 0 ? rb_leaf_secret(c, value, where)
                                         : rb_leaf_text(c, value, where);
}

static void postgres_key(struct rb_compiler *c, const struct rb_yaml_node *key,
                         const struct rb_yaml_node *value, struct rb_map_builder *map,
                         struct rb_map_builder *params)
{
    const char *known[RB_COUNT(keywords) + 2] = {"type", "read_only"};
    const struct rb_value *text;
    if (strcmp(key->text, "type") == 0) {
        type(c, value, map);
    } else if (strcmp(key->text, "read_only") == 0) {
        read_only(c, value, map);
    } else if (!is_keyword(key->text)) {
        memcpy(known + 2, keywords, sizeof keywords);
        rb_fields_unknown(c->diags, key, "a postgres connection", known);
    } else if ((text = keyword(c, key->text, value))) {
        rb_map_add(params, key->text, text);
    }
}

static const struct rb_value *read_postgres(struct rb_compiler *c,
                                            const struct rb_yaml_node *node)
{
    struct rb_map_builder map = {0}, params = {0};
    for (int i = 0; i < node->count && !rb_diags_full(c->diags); i++)
        postgres_key(c, node->keys[i], node->items[i], &map, &params);
    if (!rb_yaml_get(node, "dbname"))
        rb_fields_missing(c->diags, node, "a postgres connection", "dbname",
                          "say which database: `dbname: NAME`");
    rb_map_add(&map, "params", rb_map_end(&params));
    return rb_map_end(&map);
}

static const struct rb_value *read_web(struct rb_compiler *c,
                                       const struct rb_yaml_node *node)
{
    static const struct rb_field fields[] = {
        {"type", type},        {"url", rb_web_url}, {"headers", rb_web_headers},
        {"auth", rb_web_auth}, {"tls", rb_web_tls}, {0}};
    struct rb_map_builder map = {0};
    if (rb_fields_read(c, node, "a connection", fields, &map) && !rb_yaml_get(node, "url"))
        rb_fields_missing(c->diags, node, "a connection", "url",
                          "say where it goes: `url: https://host`");
    return rb_map_end(&map);
}

static const struct rb_value *read_one(struct rb_compiler *c,
                                       const struct rb_yaml_node *node)
{
    const struct rb_yaml_node *word =
        node->kind == RB_NODE_MAPPING ? rb_yaml_get(node, "type") : NULL;
    if (node->kind == RB_NODE_MAPPING && !word)
        rb_fields_missing(c->diags, node, "a connection", "type",
                          "say what is at its other end: `type: http`");
    return word && strcmp(word->text, "postgres") == 0 ? read_postgres(c, node)
                                                       : read_web(c, node);
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

static void undeclared(struct rb_compiler *c, struct rb_span span, const char *name)
{
    const struct rb_value *all = c->plan->connections;
    const char **names = rb_alloc((rb_value_count(all) + 1) * sizeof *names);
    for (size_t i = 0; i < rb_value_count(all); i++)
        names[i] = rb_value_as_text(rb_value_key_at(all, i), "");
    const char *near = rb_text_nearest(name, names);
    struct rb_diag *diag =
        rb_diag_add(c->diags, 420, span, "there is no connection `%.80s`", name);
    if (near)
        rb_diag_help(diag, "did you mean `%s`?", near);
    else
        rb_diag_help(diag, "declare it: connections: {%.80s: {type: http, url: ...}}",
                     name);
    free(names);
}

/* Is it a connection that this action can go over? */
static bool fits(enum rb_action action, const struct rb_value *connection)
{
    bool postgres = strcmp(rb_value_get_text(connection, "type", ""), "postgres") == 0;
    return (action == RB_ACTION_SQL) == postgres;
}

static void resolve(struct rb_compiler *c, const struct rb_step *step,
                    const struct rb_yaml_node *node)
{
    const char *name = rb_value_get_text(step->spec, "connection", NULL);
    const struct rb_value *connection =
        rb_value_get(c->plan->connections, name ? name : "");
    if (!name || !node)
        return;
    if (!connection)
        undeclared(c, node->span, name);
    else if (!fits(step->action, connection))
        rb_diag_help(
            rb_diag_add(c->diags, 421, node->span,
                        "`%s` is a connection of the type %s, and this step does `%s`",
                        name, rb_value_get_text(connection, "type", ""),
                        rb_action_name(step->action)),
            "name a connection of the type %s",
            step->action == RB_ACTION_SQL ? "postgres" : "http");
}

void rb_connections_resolve(struct rb_compiler *c)
{
    for (int i = 0; i < c->step_count; i++)
        resolve(c, &c->steps[i], rb_yaml_get(c->step_nodes[i], "connection"));
}
