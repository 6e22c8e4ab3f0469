#include "parse/params.h"

#include "base/text.h"
#include "parse/param_value.h"
#include "parse/scalar.h"

/* The declaration, if there is one: the second place of what is said about a value. */
static const struct rb_param *declared(const struct rb_plan *plan, const char *name)
{
    for (int i = 0; i < plan->books[0]->param_count; i++) {
        if (strcmp(plan->books[0]->params[i].name, name) == 0)
            return &plan->books[0]->params[i];
    }
    return NULL;
}

static void unknown(const struct rb_plan *plan, const struct rb_param_text *given,
                    struct rb_diags *diags)
{
    const char **names =
        rb_alloc((size_t)(plan->books[0]->param_count + 1) * sizeof *names);
    for (int i = 0; i < plan->books[0]->param_count; i++)
        names[i] = plan->books[0]->params[i].name;
    const char *near = rb_text_nearest(given->name, names);
    struct rb_diag *diag =
        rb_diag_add(diags, 602, (struct rb_span){0},
                    "%s: the runbook has no parameter `%s`", given->origin, given->name);
    if (near)
        rb_diag_help(diag, "did you mean `%s`?", near);
    else if (plan->books[0]->param_count == 0)
        rb_diag_help(diag, "it has no parameters at all");
    else
        rb_diag_help(diag, "`runbook plan` shows those it has; the first is `%s`",
                     names[0]);
    free(names);
}

static bool read(const struct rb_param *param, const struct rb_param_text *given,
                 struct rb_diags *diags, const struct rb_value **ret_value)
{
    bool good = given->items ? rb_param_parse_list(param, given->items, ret_value)
                             : rb_param_parse(param, given->text, ret_value);
    if (good)
        return true;
    RB_AUTO_BUF struct rb_buf kind = {0};
    rb_param_describe(param, &kind);
    struct rb_diag *diag = rb_diag_add(
        diags, 604, param->span, "%s: parameter `%s` has to be %s%s%s%s", given->origin,
        param->name, rb_buf_text(&kind), given->items ? "" : ", not `",
        given->items ? "" : given->text, given->items ? "" : "`");
    if (param->help)
        rb_diag_help(diag, "%s", param->help);
    return false;
}

static bool fits(const struct rb_param *param, const struct rb_param_text *given,
                 const struct rb_value *value, struct rb_diags *diags)
{
    RB_AUTO_BUF struct rb_buf why = {0}, help = {0};
    int code = rb_param_misfit(param, value, &why, &help);
    if (code)
        rb_diag_help(rb_diag_add(diags, code, param->span, "%s: parameter `%s`: %s",
                                 given->origin, param->name, rb_buf_text(&why)),
                     "%s", rb_buf_text(&help));
    return code == 0;
}

/* The one that counts. */
static const struct rb_param_text *last_of(const char *name,
                                           const struct rb_param_text *given, int count)
{
    for (int i = count; i-- > 0;) {
        if (strcmp(given[i].name, name) == 0)
            return &given[i];
    }
    return NULL;
}

static void settle(const struct rb_param *param, const struct rb_param_text *given,
                   int count, struct rb_diags *diags, struct rb_map_builder *map)
{
    const struct rb_param_text *chosen = last_of(param->name, given, count);
    const struct rb_value *value;
    if (!chosen && param->fallback) {
        rb_map_add(map, param->name, rb_value_ref(param->fallback));
    } else if (!chosen) {
        struct rb_diag *diag =
            rb_diag_add(diags, 603, param->span,
                        "parameter `%s` has no default and was not given", param->name);
        rb_diag_help(diag, "give it: -p %s=...%s%s", param->name, param->help ? ": " : "",
                     param->help ? param->help : "");
    } else if (read(param, chosen, diags, &value)) {
        if (fits(param, chosen, value, diags))
            rb_map_add(map, param->name, value);
        else
            rb_value_unref(value);
    }
}

bool rb_params_resolve(const struct rb_plan *plan, const struct rb_param_text *given,
                       int count, struct rb_diags *diags,
                       const struct rb_value **ret_params)
{
    int before = diags->errors;
    for (int i = 0; i < count; i++) {
        if (!declared(plan, given[i].name)) {
            unknown(plan, &given[i], diags);
            continue;
        }
        const struct rb_param_text *earlier = last_of(given[i].name, given, i);
        if (earlier && strcmp(earlier->origin, given[i].origin) == 0)
            rb_diag_help(rb_diag_add(diags, 607, (struct rb_span){0},
                                     "%s: parameter `%s` is given twice", given[i].origin,
                                     given[i].name),
                         "keep one of the two");
    }
    struct rb_map_builder map = {0};
    for (int i = 0; i < plan->books[0]->param_count; i++)
        settle(&plan->books[0]->params[i], given, count, diags, &map);
    const struct rb_value *params = rb_map_end(&map);
    bool good = diags->errors == before;
    if (good)
        *ret_params = params;
    else
        rb_value_unref(params);
    return good;
}

static const char *const *texts_of(struct rb_arena *arena, const struct rb_yaml_node *list,
                                   struct rb_diags *diags)
{
    const char **items = rb_arena_alloc(arena, ((size_t)list->count + 1) * sizeof *items);
    int count = 0;
    for (int i = 0; i < list->count; i++) {
        if (rb_scalar_text(list->items[i], "an element", diags, &items[count]))
            count++;
    }
    return items;
}

bool rb_params_read(struct rb_arena *arena, const char *path, const char *text,
                    size_t length, struct rb_diags *diags, struct rb_param_text **ret_given,
                    int *ret_count)
{
    int before = diags->errors, count = 0;
    const struct rb_source *source = rb_source_new(arena, path, text, length);
    const struct rb_yaml_node *root = rb_yaml_read(arena, source, diags);
    if (!root || !rb_scalar_kind(root, RB_NODE_MAPPING, "a file of parameters", diags))
        return false;
    struct rb_param_text *given =
        rb_arena_alloc(arena, (size_t)root->count * sizeof *given);
    for (int i = 0; i < root->count; i++) {
        const struct rb_yaml_node *key = root->keys[i], *value = root->items[i];
        struct rb_param_text *one = &given[count++];
        one->name = key->text;
        one->origin = rb_arena_printf(arena, "%s:%d", path, key->span.line);
        if (value->kind == RB_NODE_SEQUENCE)
            one->items = texts_of(arena, value, diags);
        else if (!rb_scalar_text(value, key->text, diags, &one->text))
            count--;
    }
    if (diags->errors > before)
        return false;
    *ret_given = given;
    *ret_count = count;
    return true;
}
