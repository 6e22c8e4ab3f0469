#include "parse/endpoint.h"

#include <string.h>

#include "parse/leaf.h"
#include "parse/scalar.h"
#include "parse/web.h"
#include "plan/mail.h"

/* Who calls has read it. */
static void type(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    (void)c, (void)value, (void)into;
}

static void set(void *into, const char *name, const struct rb_value *owned)
{
    if (owned)
        rb_map_add(into, name, owned);
}

#define TEXT_FIELD(name, member, read)                                                    \
    static void name(struct rb_compiler *c, const struct rb_yaml_node *value, void *into) \
    {                                                                                     \
        set(into, member, read(c, value, rb_compiler_where(c, #name)));                   \
    }
TEXT_FIELD(host, "host", rb_leaf_text)
TEXT_FIELD(port, "port", rb_leaf_text)
TEXT_FIELD(user, "user", rb_leaf_secret)
TEXT_FIELD(password, "password", rb_leaf_credential)
TEXT_FIELD(ca, "ca", rb_leaf_text)
TEXT_FIELD(access_key, "key", rb_leaf_secret)
TEXT_FIELD(secret_key, "secret", rb_leaf_credential)
TEXT_FIELD(token, "token", rb_leaf_credential)
#undef TEXT_FIELD

static void need(struct rb_compiler *c, const struct rb_yaml_node *node, const char *what,
                 const char *key, const char *help)
{
    if (!rb_yaml_get(node, key))
        rb_fields_missing(c->diags, node, what, key, help);
}

static const char say_url[] = "say where it goes: `url: https://host`";

void rb_endpoint_web(struct rb_compiler *c, const struct rb_yaml_node *node,
                     struct rb_map_builder *map)
{
    static const struct rb_field fields[] = {
        {"type", type},        {"url", rb_web_base_url}, {"headers", rb_web_headers},
        {"auth", rb_web_auth}, {"tls", rb_web_tls},      {0}};
    if (rb_fields_read(c, node, "a connection", fields, map))
        need(c, node, "a connection", "url", say_url);
}

void rb_endpoint_webhook(struct rb_compiler *c, const struct rb_yaml_node *node,
                         struct rb_map_builder *map)
{
    static const struct rb_field fields[] = {
        {"type", type},        {"url", rb_web_secret_url}, {"headers", rb_web_headers},
        {"auth", rb_web_auth}, {"tls", rb_web_tls},        {0}};
    if (rb_fields_read(c, node, "a webhook connection", fields, map))
        need(c, node, "a webhook connection", "url", say_url);
}

void rb_endpoint_slack(struct rb_compiler *c, const struct rb_yaml_node *node,
                       struct rb_map_builder *map)
{
    static const struct rb_field fields[] = {
        {"type", type}, {"webhook", rb_web_secret_url}, {"tls", rb_web_tls}, {0}};
    if (rb_fields_read(c, node, "a slack connection", fields, map))
        need(c, node, "a slack connection", "webhook",
             "give its URL: `webhook: \"${{ secrets.NAME }}\"`");
}

/* An address that the file itself says is judged here, any other when the message is made. */
static const struct rb_value *address(struct rb_compiler *c,
                                      const struct rb_yaml_node *node, const char *where)
{
    const struct rb_value *text = rb_leaf_text(c, node, where);
    const char *written = rb_value_as_text(text, NULL);
    if (written && !rb_mail_is_address(written))
        rb_diag_help(
            rb_diag_add(c->diags, 234, node->span, "`%.80s` is no mail address", written),
            "write it like ops@example.org, without a name around it");
    return text;
}

static void from(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    set(into, "from", address(c, value, rb_compiler_where(c, "from")));
}

static void recipient(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    const struct rb_value *text = address(c, item, rb_compiler_where(c, "to"));
    if (text)
        rb_list_add(into, text);
}

static void to(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_list_builder list = {0};
    if (rb_fields_each(c, value, "to", true, recipient, &list) &&
        value->kind == RB_NODE_SEQUENCE && value->count == 0)
        rb_diag_help(rb_diag_add(c->diags, 218, value->span, "`to` is an empty list"),
                     "name who gets the mail: [ops@example.org]");
    set(into, "to", rb_list_end(&list));
}

static void tls(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    static const char *const words[] = {"starttls", "implicit", "none", NULL};
    int index;
    if (rb_scalar_word(value, "tls", words, c->diags, &index))
        set(into, "tls", rb_value_text(words[index]));
}

static void judge_sign_on(struct rb_compiler *c, const struct rb_yaml_node *node)
{
    const struct rb_yaml_node *user = rb_yaml_get(node, "user");
    const struct rb_yaml_node *password = rb_yaml_get(node, "password");
    const struct rb_yaml_node *tls = rb_yaml_get(node, "tls");
    if (!user && password)
        need(c, node, "an smtp connection with a password", "user",
             "it takes both, or none where the server asks for none");
    if (user && !password)
        need(c, node, "an smtp connection with a user", "password",
             "it takes both, or none where the server asks for none");
    if (password && tls && tls->kind == RB_NODE_SCALAR && strcmp(tls->text, "none") == 0)
        rb_diag_help(
            rb_diag_add(c->diags, 536, tls->span,
                        "the password would cross the network readable"),
            "leave `tls` out (STARTTLS), write `tls: implicit`, or sign on without "
            "a password");
}

void rb_endpoint_smtp(struct rb_compiler *c, const struct rb_yaml_node *node,
                      struct rb_map_builder *map)
{
    static const struct rb_field fields[] = {
        {"type", type}, {"host", host}, {"port", port},         {"from", from}, {"to", to},
        {"tls", tls},   {"user", user}, {"password", password}, {"ca", ca},     {0}};
    static const char what[] = "an smtp connection";
    if (!rb_fields_read(c, node, what, fields, map))
        return;
    need(c, node, what, "host",
         "say which server takes the mail: `host: mail.example.org`");
    need(c, node, what, "from", "say who sends it: `from: runbook@example.org`");
    need(c, node, what, "to", "say who gets it: `to: [ops@example.org]`");
    judge_sign_on(c, node);
}

struct s3 {
    struct rb_map_builder *map, sigv4;
};

static void s3_url(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    rb_web_base_url(c, value, ((struct s3 *)into)->map);
}

static void s3_region(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    rb_web_region(c, value, &((struct s3 *)into)->sigv4);
}

static void s3_tls(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    rb_web_tls(c, value, ((struct s3 *)into)->map);
}

#define SIGNED(name)                                                               \
    static void s3_##name(struct rb_compiler *c, const struct rb_yaml_node *value, \
                          void *into)                                              \
    {                                                                              \
        name(c, value, &((struct s3 *)into)->sigv4);                               \
    }
SIGNED(access_key)
SIGNED(secret_key)
SIGNED(token)
#undef SIGNED

/* One of the type http whose requests are signed for S3. */
void rb_endpoint_s3(struct rb_compiler *c, const struct rb_yaml_node *node,
                    struct rb_map_builder *map)
{
    static const struct rb_field fields[] = {{"type", type},
                                             {"url", s3_url},
                                             {"tls", s3_tls},
                                             {"region", s3_region},
                                             {"token", s3_token},
                                             {"access_key", s3_access_key},
                                             {"secret_key", s3_secret_key},
                                             {0}};
    static const char what[] = "an s3 connection";
    struct s3 s3 = {.map = map};
    rb_map_add(&s3.sigv4, "service", rb_value_text("s3"));
    if (rb_fields_read(c, node, what, fields, &s3)) {
        need(c, node, what, "url", say_url);
        need(c, node, what, "region", "say where the buckets are: `region: eu-central-1`");
        need(c, node, what, "access_key", "say whose key signs: `access_key: ...`");
        need(c, node, what, "secret_key",
             "give what it signs with: `secret_key: \"${{ secrets.NAME }}\"`");
    }
    rb_map_add(map, "auth", rb_value_map("sigv4", rb_map_end(&s3.sigv4), NULL));
}
