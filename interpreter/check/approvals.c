/* Whether what has to be signed can be: by declared roles, by enough different people. */

#include "check/rules.h"

static void unknown(const struct rb_check *check, struct rb_span span, const char *what,
                    const char *role)
{
    const struct rb_value *roles = check->plan->roles;
    size_t count = rb_value_count(roles);
    struct rb_diag *diag =
        rb_diag_add(check->diags, 701, span, "`%s`: there is no role `%.80s`", what, role);
    RB_AUTO_FREE const char **names = rb_alloc((count + 1) * sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = rb_value_as_text(rb_value_key_at(roles, i), "");
    rb_check_did_you_mean(diag, role, names,
                          "declare it under `roles:`, with the people who may sign for it");
}

static bool is_known(const struct rb_check *check, int index, const char *key,
                     const struct rb_value *role)
{
    const char *name = rb_value_as_text(role, "");
    if (rb_value_get(check->plan->roles, name))
        return true;
    unknown(check, rb_check_key(check, index, key), check->plan->steps[index].id, name);
    return false;
}

static void add_people(struct rb_map_builder *people, const struct rb_value *list)
{
    for (size_t i = 0; i < rb_value_count(list); i++)
        rb_map_add(people, rb_value_as_text(rb_value_at(list, i), ""), rb_value_null());
}

static void approval(const struct rb_check *check, int index)
{
    const struct rb_value *spec = check->plan->steps[index].spec;
    const struct rb_value *roles = rb_value_get(spec, "roles");
    struct rb_map_builder map = {0};
    bool known = true;
    for (size_t i = 0; i < rb_value_count(roles); i++) {
        const struct rb_value *role = rb_value_at(roles, i);
        known &= is_known(check, index, "approve", role);
        add_people(&map, rb_value_get(check->plan->roles, rb_value_as_text(role, "")));
    }
    RB_AUTO_VALUE const struct rb_value *people = rb_map_end(&map);
    long long have = (long long)rb_value_count(people);
    long long need = rb_value_get_int(spec, "quorum", (int64_t)rb_value_count(roles));
    if (!known || !check->whole || need <= have)
        return;
    struct rb_diag *diag =
        rb_diag_add(check->diags, 702, rb_check_key(check, index, "approve"),
                    "%lld different people have to sign, and there are %lld", need, have);
    rb_diag_help(diag,
                 "nobody signs twice: name more people in `roles:`, or ask for fewer");
}

static void answers(const struct rb_check *check, int index)
{
    const struct rb_step *step = &check->plan->steps[index];
    const struct rb_value *own = rb_value_get(step->spec, "role");
    const struct rb_value *items = rb_value_get(step->spec, "items");
    const char *key = rb_check_value(check, index, "role") ? "role" : "confirm";
    const struct rb_value *window = rb_value_get(step->spec, "window");
    const struct rb_value *overrides = rb_value_get(window, "override");
    if (own)
        is_known(check, index, key, own);
    if (overrides)
        is_known(check, index, "window", overrides);
    for (size_t i = 0; i < rb_value_count(items); i++) {
        const struct rb_value *role = rb_value_get(rb_value_at(items, i), "role");
        if (role)
            is_known(check, index, "checklist", role);
    }
}

/* Inherited from a group or `defaults` it has no meaning for an approval (parse/step.c). */
static void goes_on(const struct rb_check *check, int index)
{
    const struct rb_yaml_node *policy = rb_check_value(check, index, "on_failure");
    if (!policy || !policy->text || strcmp(policy->text, "continue") != 0)
        return;
    struct rb_diag *diag =
        rb_diag_add(check->diags, 703, policy->span,
                    "`%s` would go on without its approval", check->plan->steps[index].id);
    rb_diag_help(diag, "take `on_failure` out; `when:` says when no approval is needed");
}

/* That of the run stands at the top, or in the environment. */
static void override(const struct rb_check *check)
{
    const char *role = rb_value_get_text(check->plan->window, "override", NULL);
    const struct rb_yaml_node *own = rb_yaml_get(check->document->root, "window");
    const struct rb_yaml_node *layers = rb_yaml_get(check->document->root, "environments");
    const struct rb_yaml_node *node = own ? own : layers;
    if (role && node && !rb_value_get(check->plan->roles, role))
        unknown(check, node->span, "window", role);
}

void rb_check_approvals(const struct rb_check *check)
{
    for (int i = 0; i < check->plan->step_count; i++) {
        answers(check, i);
        if (check->plan->steps[i].action != RB_ACTION_APPROVE)
            continue;
        approval(check, i);
        goes_on(check, i);
    }
    override(check);
}
