#include "parse/roles.h"

#include "parse/fields.h"
#include "parse/scalar.h"

/* What the signers file has as a principal: no list, no pattern, no space (ssh-keygen(1),
 * ALLOWED SIGNERS). */
static bool is_person(const struct rb_yaml_node *node, struct rb_diags *diags)
{
    const char *text = node->text;
    bool plain = *text && text[0] != '!' && text[0] != '#';
    for (; plain && *text; text++)
        plain = *text > ' ' && *text < 0x7f && !strchr("*?,\"", *text);
    if (!plain)
        rb_diag_help(
            rb_diag_add(diags, 704, node->span, "`%.80s` names no one person", node->text),
            "write the name that the person has in the file of signers: "
            "po@example.org");
    return plain;
}

static void add_person(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    const char *text;
    if (rb_scalar_text(item, "a role", c->diags, &text) && is_person(item, c->diags))
        rb_list_add(into, rb_value_text(text));
}

static const struct rb_value *roles_of(struct rb_compiler *c,
                                       const struct rb_yaml_node *node)
{
    struct rb_map_builder map = {0};
    if (!node || !rb_scalar_field(node, RB_NODE_MAPPING, "roles", c->diags))
        return rb_map_end(&map);
    for (int i = 0; i < node->count; i++) {
        const struct rb_yaml_node *key = node->keys[i], *people = node->items[i];
        struct rb_list_builder list = {0};
        rb_scalar_name(key, RB_NAME_ID, "a role", c->diags);
        if (rb_fields_each(c, people, key->text, true, add_person, &list) &&
            people->kind == RB_NODE_SEQUENCE && people->count == 0)
            rb_diag_help(rb_diag_add(c->diags, 218, people->span,
                                     "nobody is in the role `%s`", key->text),
                         "name the people who may sign for it: [po@example.org]");
        rb_map_add(&map, key->text, rb_list_end(&list));
    }
    return rb_map_end(&map);
}

/* Who may sign in a run is said by the file that is run, and by one that it calls only where that says
 * nothing. */
static void take(const struct rb_value **slot, const struct rb_value *lower,
                 const struct rb_value *upper)
{
    RB_AUTO_VALUE const struct rb_value *both = rb_value_merge(lower, upper);
    const struct rb_value *before = *slot;
    *slot = rb_value_merge(both, before);
    rb_value_unref(before);
}

void rb_layer_roles(struct rb_compiler *c, const struct rb_layer *base,
                    const struct rb_layer *over)
{
    RB_AUTO_VALUE const struct rb_value *lower = roles_of(c, base->roles),
                                        *upper = roles_of(c, over->roles);
    if (!c->dry)
        take(&c->plan->roles, lower, upper);
}

struct signers {
    const struct rb_value *file, *revoked;
};

static void path(struct rb_compiler *c, const struct rb_yaml_node *node, const char *what,
                 const struct rb_value **slot)
{
    const char *text;
    if (rb_scalar_text(node, what, c->diags, &text)) {
        rb_value_unref(*slot);
        *slot = rb_value_text(text);
    }
}

static void file(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    path(c, value, "file", &((struct signers *)into)->file);
}

static void revoked(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    path(c, value, "revoked", &((struct signers *)into)->revoked);
}

static const struct rb_value *signers_of(struct rb_compiler *c,
                                         const struct rb_yaml_node *node)
{
    static const struct rb_field fields[] = {{"file", file}, {"revoked", revoked}, {0}};
    struct signers signers = {0};
    if (node && node->kind != RB_NODE_MAPPING)
        path(c, node, "signers", &signers.file);
    else if (node && rb_fields_read(c, node, "`signers`", fields, &signers) &&
             !rb_yaml_get(node, "file"))
        rb_fields_missing(c->diags, node, "`signers`", "file",
                          "say where people's keys are: `file: allowed_signers`");
    return rb_value_map("file", signers.file, "revoked", signers.revoked, NULL);
}

void rb_layer_signers(struct rb_compiler *c, const struct rb_layer *base,
                      const struct rb_layer *over)
{
    RB_AUTO_VALUE const struct rb_value *lower = signers_of(c, base->signers),
                                        *upper = signers_of(c, over->signers);
    if (!c->dry && rb_value_count(c->plan->signers) == 0)
        take(&c->plan->signers, lower, upper);
}

const struct rb_value *rb_role_read(struct rb_compiler *c, const struct rb_yaml_node *node)
{
    const char *text;
    return rb_scalar_text(node, "role", c->diags, &text) ? rb_value_text(text) : NULL;
}
