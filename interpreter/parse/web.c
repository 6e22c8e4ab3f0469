#include "parse/web.h"

#include "base/text.h"
#include "parse/draft.h"
#include "parse/leaf.h"
#include "parse/scalar.h"
#include "plan/http.h"
#include "plan/origin.h"

static void set(void *into, const char *name, const struct rb_value *owned)
{
    if (owned)
        rb_map_add(into, name, owned);
}

#define TEXT_FIELD(name, where, read)                                                     \
    static void name(struct rb_compiler *c, const struct rb_yaml_node *value, void *into) \
    {                                                                                     \
        set(into, #name, read(c, value, rb_compiler_where(c, where)));                    \
    }
TEXT_FIELD(bearer, "auth", rb_leaf_credential)
TEXT_FIELD(user, "auth", rb_leaf_secret)
TEXT_FIELD(password, "auth", rb_leaf_credential)
TEXT_FIELD(service, "service", rb_leaf_text)
TEXT_FIELD(key, "auth", rb_leaf_secret)
TEXT_FIELD(secret, "auth", rb_leaf_credential)
TEXT_FIELD(token, "auth", rb_leaf_credential)
TEXT_FIELD(ca, "ca", rb_leaf_text)
TEXT_FIELD(cert, "cert", rb_leaf_text)
TEXT_FIELD(body, "body", rb_leaf_text)
TEXT_FIELD(file, "file", rb_leaf_text)
TEXT_FIELD(to, "to", rb_leaf_text)
#undef TEXT_FIELD

static const struct rb_value *header_value(struct rb_compiler *c,
                                           const struct rb_yaml_node *key,
                                           const struct rb_yaml_node *value)
{
    RB_AUTO_VALUE const struct rb_value *name = rb_value_text(key->text);
    const struct rb_value *text = rb_leaf_secret(c, value, rb_compiler_where(c, "headers"));
    bool written = rb_value_is(text, RB_STRING);
    struct rb_error err;
    if (!rb_http_is_token(name))
        rb_diag_help(rb_diag_add(c->diags, 209, key->span,
                                 "`%.80s` can't be the name of a header", key->text),
                     "a name is made of letters, digits and -");
    else if (!rb_http_header_check(name, written ? text : NULL, &err))
        rb_diag_help(rb_diag_add(c->diags, 231, key->span, "%s", err.message),
                     "leave it out, or write a value of one line");
    return text;
}

static const struct rb_value *texts(struct rb_compiler *c, const struct rb_yaml_node *map,
                                    const char *name, bool headers)
{
    if (!rb_scalar_field(map, RB_NODE_MAPPING, name, c->diags))
        return NULL;
    struct rb_map_builder builder = {0};
    for (int i = 0; i < map->count && !rb_diags_full(c->diags); i++) {
        const struct rb_yaml_node *key = map->keys[i];
        set(&builder, key->text,
            headers ? header_value(c, key, map->items[i])
                    : rb_leaf_text(c, map->items[i], rb_compiler_where(c, name)));
    }
    return rb_map_end(&builder);
}

void rb_web_headers(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    set(into, "headers", texts(c, value, "headers", true));
}

static void query(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    set(into, "query", texts(c, value, "query", false));
}

static void form(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    set(into, "form", texts(c, value, "form", false));
}

static void need(struct rb_compiler *c, const struct rb_yaml_node *map, const char *what,
                 const char *const *names)
{
    for (; *names; names++) {
        if (!rb_yaml_get(map, *names))
            rb_diag_help(
                rb_diag_add(c->diags, 202, map->span, "%s has no `%s`", what, *names),
                "it takes all of what it is made of");
    }
}

/* It is a part of what is signed. */
void rb_web_region(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    const struct rb_value *text = rb_leaf_text(c, value, rb_compiler_where(c, "region"));
    if (strcmp(rb_value_as_text(text, "?"), "") == 0)
        rb_diag_help(rb_diag_add(c->diags, 218, value->span, "`region` is empty"),
                     "say where the buckets are: eu-central-1; who serves them himself has "
                     "a name for it as well, often us-east-1");
    set(into, "region", text);
}

static void sigv4(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    static const struct rb_field fields[] = {
        {"region", rb_web_region}, {"service", service}, {"key", key},
        {"secret", secret},        {"token", token},     {0}};
    static const char *const needed[] = {"region", "service", "key", "secret", NULL};
    struct rb_map_builder map = {0};
    if (rb_fields_read(c, value, "`sigv4`", fields, &map))
        need(c, value, "`sigv4`", needed);
    set(into, "sigv4", rb_map_end(&map));
}

void rb_web_auth(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    static const struct rb_field fields[] = {
        {"bearer", bearer}, {"user", user}, {"password", password}, {"sigv4", sigv4}, {0}};
    static const char *const basic[] = {"user", "password", NULL};
    struct rb_map_builder map = {0};
    if (rb_fields_read(c, value, "`auth`", fields, &map)) {
        bool named = rb_yaml_get(value, "user") || rb_yaml_get(value, "password");
        int ways = named + !!rb_yaml_get(value, "bearer") + !!rb_yaml_get(value, "sigv4");
        if (named)
            need(c, value, "`auth`", basic);
        if (ways != 1)
            rb_diag_help(
                rb_diag_add(c->diags, 222, value->span, "`auth` takes one way to sign on"),
                "write {bearer: ...}, {user: ..., password: ...} or {sigv4: {...}}");
    }
    set(into, "auth", rb_map_end(&map));
}

static void key_file(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    set(into, "key", rb_leaf_text(c, value, rb_compiler_where(c, "key")));
}

static void verify(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    bool flag;
    if (rb_scalar_bool(value, "verify", c->diags, &flag))
        set(into, "verify", rb_value_bool(flag));
}

void rb_web_tls(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    static const struct rb_field fields[] = {
        {"verify", verify}, {"ca", ca}, {"cert", cert}, {"key", key_file}, {0}};
    struct rb_map_builder map = {0};
    rb_fields_read(c, value, "`tls`", fields, &map);
    set(into, "tls", rb_map_end(&map));
}

/* What the file itself says of where it goes has to be HTTP, or follow a connection's URL. */
static void judge_start(struct rb_compiler *c, const struct rb_yaml_node *value,
                        const struct rb_value *parts)
{
    const char *text = value->text, *written = rb_origin_written(parts);
    struct rb_origin origin;
    struct rb_error err;
    if (rb_text_starts(text, "https://") || rb_text_starts(text, "http://") ||
        rb_text_starts(text, "/") || rb_text_starts(text, "${{")) {
        if (!written || written[0] == '/')
            return;
        if (rb_origin_read(written, &origin, &err))
            rb_origin_done(&origin);
        else
            rb_diag_help(rb_diag_add(c->diags, 230, value->span, "%s", err.message),
                         "write https://host/path or https://host:port/path");
        return;
    }
    rb_diag_help(rb_diag_add(c->diags, 230, value->span, "`%.80s` is no HTTP URL", text),
                 "write https://host/path, or /path beside a `connection`");
}

/* Takes over `owned`, NULL: there was none to read. */
static const struct rb_value *parts_of(struct rb_compiler *c,
                                       const struct rb_yaml_node *value,
                                       const struct rb_value *owned)
{
    RB_AUTO_VALUE const struct rb_value *text = owned;
    if (!text)
        return NULL;
    const struct rb_value *parts = rb_value_get(text, "$text");
    parts = parts ? rb_value_ref(parts) : rb_value_list(rb_value_ref(text), NULL);
    judge_start(c, value, parts);
    return parts;
}

void rb_web_url(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    set(into, "url",
        parts_of(c, value, rb_leaf_text(c, value, rb_compiler_where(c, "url"))));
}

void rb_web_base_url(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    const struct rb_value *parts =
        parts_of(c, value, rb_leaf_text(c, value, rb_compiler_where(c, "url")));
    struct rb_error err;
    bool good = rb_text_starts(rb_value_as_text(rb_value_at(parts, 0), ""), "/")
                    ? rb_fail(&err, RB_ERR_INVALID, "the URL of a connection is a path")
                    : true;
    for (size_t i = 0; good && i < rb_value_count(parts); i++)
        good = rb_origin_is_base(rb_value_as_text(rb_value_at(parts, i), ""), &err);
    if (!good)
        rb_diag_help(rb_diag_add(c->diags, 230, value->span, "%s", err.message),
                     "write https://host/path, which the paths of the requests follow; "
                     "what stands behind a `?` belongs in their `query`");
    set(into, "url", parts);
}

void rb_web_secret_url(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    set(into, "url",
        parts_of(c, value, rb_leaf_secret(c, value, rb_compiler_where(c, "url"))));
}

static void json(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    set(into, "json", rb_leaf_value(c, value, rb_compiler_where(c, "json")));
}

/* Methods are many (RFC 9110, 16.1), and case counts. Two of them ask for no answer of the service:
 * CONNECT is for proxies, and TRACE says again what it was sent, credentials too. */
static bool is_method(const char *text)
{
    RB_AUTO_VALUE const struct rb_value *word = rb_value_text(text);
    bool capital = text[strcspn(text, "abcdefghijklmnopqrstuvwxyz")] == '\0';
    return capital && rb_http_is_token(word) && strcmp(text, "CONNECT") != 0 &&
           strcmp(text, "TRACE") != 0;
}

static void method(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    const char *text;
    if (!rb_scalar_text(value, "method", c->diags, &text))
        return;
    if (is_method(text))
        set(into, "method", rb_value_text(text));
    else
        rb_diag_help(
            rb_diag_add(c->diags, 207, value->span, "`method` can't be `%.80s`", text),
            "write GET, POST, PUT, PATCH, DELETE or another method of HTTP in capitals, "
            "but neither CONNECT nor TRACE");
}

static void follow(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    int64_t most;
    if (rb_scalar_int(value, "follow", 0, 20, c->diags, &most))
        set(into, "follow", rb_value_int(most));
}

static void max_bytes(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    int64_t most;
    if (rb_scalar_int(value, "max_bytes", 1, INT64_C(1) << 50, c->diags, &most))
        set(into, "max_bytes", rb_value_int(most));
}

/* The members that each say what is sent. */
static const char *const contents[] = {"json", "form", "body", "file"};

static int content_count(const struct rb_yaml_node *value)
{
    int count = 0;
    for (size_t i = 0; i < RB_COUNT(contents); i++)
        count += rb_yaml_get(value, contents[i]) != NULL;
    return count;
}

/* What streams into a file is looked at by nobody on its way. */
static void judge_to(struct rb_compiler *c, const struct rb_yaml_node *value,
                     const struct rb_draft *draft)
{
    static const char *const looks[] = {"body", "json"};
    const struct rb_yaml_node *expect = rb_yaml_get(draft->node, "expect");
    if (!rb_yaml_get(value, "to") || !expect || expect->kind != RB_NODE_MAPPING)
        return;
    for (size_t i = 0; i < RB_COUNT(looks); i++) {
        const struct rb_yaml_node *look = rb_yaml_get(expect, looks[i]);
        if (look)
            rb_diag_help(rb_diag_add(c->diags, 222, look->span,
                                     "`expect.%s` looks at nothing beside `to`", looks[i]),
                         "look at the file, in `check` with fs.read or in a step of its "
                         "own, or leave `to` out");
    }
}

/* To ask again what only reads does no harm. */
static void judge_method(struct rb_compiler *c, const struct rb_yaml_node *value,
                         struct rb_draft *draft)
{
    const struct rb_yaml_node *method = rb_yaml_get(value, "method");
    bool reads = method ? rb_http_is_read(method->text) : content_count(value) == 0;
    bool bodies = content_count(value) > 0 || rb_yaml_get(value, "to");
    struct rb_error err;
    if (method && !rb_http_body_check(method->text, bodies, &err))
        rb_diag_help(rb_diag_add(c->diags, 222, method->span, "%s", err.message),
                     "write another method, or leave out what is sent or saved");
    if (reads && !rb_yaml_get(draft->node, "idempotent"))
        draft->step.idempotent = true;
}

void rb_web_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_draft *draft)
{
    static const struct rb_field fields[] = {{"method", method},
                                             {"url", rb_web_url},
                                             {"query", query},
                                             {"headers", rb_web_headers},
                                             {"json", json},
                                             {"form", form},
                                             {"body", body},
                                             {"file", file},
                                             {"to", to},
                                             {"auth", rb_web_auth},
                                             {"tls", rb_web_tls},
                                             {"follow", follow},
                                             {"max_bytes", max_bytes},
                                             {0}};
    if (value->kind == RB_NODE_SCALAR) {
        rb_web_url(c, value, &draft->spec);
        draft->step.idempotent = true;
        return;
    }
    if (!rb_fields_read(c, value, "`http`", fields, &draft->spec))
        return;
    if (!rb_yaml_get(value, "url"))
        rb_fields_missing(c->diags, value, "`http`", "url",
                          "say what is asked: `url: https://host/path`");
    if (content_count(value) > 1)
        rb_diag_help(rb_diag_add(c->diags, 222, value->span,
                                 "`http` says more than once what is sent"),
                     "keep one of `json`, `form`, `body` and `file`");
    judge_method(c, value, draft);
    judge_to(c, value, draft);
}
