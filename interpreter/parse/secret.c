#include "parse/secret.h"

#include "parse/fields.h"
#include "parse/scalar.h"

static const char sources[] =
    "write {env: NAME}, {file: PATH}, {command: [prog, arg]} or {prompt: \"text\"}";

struct reading {
    struct rb_map_builder source;
    bool unmasked, failed;
};

static void add_text(struct rb_compiler *c, const struct rb_yaml_node *node,
                     const char *name, struct reading *reading)
{
    const char *text;
    bool good = rb_scalar_text(node, name, c->diags, &text);
    if (good && node->length == 0) {
        rb_diag_help(rb_diag_add(c->diags, 203, node->span, "`%s` is empty", name), "%s",
                     sources);
        good = false;
    }
    if (good)
        rb_map_add(&reading->source, name, rb_value_string(text, node->length));
    reading->failed |= !good;
}

static void env(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct reading *reading = into;
    if (value->kind == RB_NODE_SCALAR &&
        !rb_scalar_name(value, RB_NAME_ENV, "an environment variable", c->diags))
        reading->failed = true;
    else
        add_text(c, value, "env", reading);
}

static void file(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    add_text(c, value, "file", into);
}

static void prompt(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    add_text(c, value, "prompt", into);
}

static void command(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct reading *reading = into;
    struct rb_list_builder argv = {0};
    const char *const *texts = rb_fields_texts(c, value, "command", false);
    for (; *texts; texts++)
        rb_list_add(&argv, rb_value_text(*texts));
    if (argv.count == 0) {
        reading->failed = true;
        if (value->kind == RB_NODE_SEQUENCE && value->count == 0)
            rb_diag_help(rb_diag_add(c->diags, 218, value->span, "`command` is empty"),
                         "write [prog, arg, ...]; what it prints is the secret");
    }
    rb_map_add(&reading->source, "command", rb_list_end(&argv));
}

static void unmasked(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct reading *reading = into;
    rb_scalar_bool(value, "unmasked", c->diags, &reading->unmasked);
}

bool rb_secret_read(struct rb_compiler *c, const struct rb_yaml_node *name,
                    const struct rb_yaml_node *value, struct rb_plan_secret *ret_secret)
{
    static const struct rb_field fields[] = {{"env", env},           {"file", file},
                                             {"command", command},   {"prompt", prompt},
                                             {"unmasked", unmasked}, {0}};
    struct reading reading = {0};
    bool named = rb_scalar_name(name, RB_NAME_LUA, "a secret", c->diags);
    bool read = rb_fields_read(c, value, "a secret", fields, &reading);
    RB_AUTO_VALUE const struct rb_value *source = rb_map_end(&reading.source);
    if (read && !reading.failed && rb_value_count(source) != 1) {
        struct rb_diag *diag =
            rb_diag_add(c->diags, 225, rb_value_count(source) ? value->span : name->span,
                        rb_value_count(source) ? "the secret `%s` has more than one source"
                                               : "the secret `%s` has no source",
                        name->text);
        rb_diag_help(diag, "%s", sources);
    }
    if (!named || !read || reading.failed || rb_value_count(source) != 1)
        return false;
    *ret_secret = (struct rb_plan_secret){rb_arena_strdup(c->arena, name->text),
                                          rb_value_ref(source), reading.unmasked};
    return true;
}
