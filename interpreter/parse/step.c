#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/scalar.h"
#include "plan/template.h"

static int new_step(struct rb_compiler *c, const struct rb_yaml_node *node)
{
    RB_GROW(c->steps, c->step_count, c->step_capacity);
    if (c->nodes_capacity < c->step_capacity) {
        c->nodes_capacity = c->step_capacity;
        c->step_nodes =
            rb_realloc(c->step_nodes, (size_t)c->nodes_capacity, sizeof *c->step_nodes);
    }
    c->step_nodes[c->step_count] = node;
    return c->step_count++;
}

int rb_compiler_find(const struct rb_compiler *c, const char *id)
{
    const struct rb_step_id *found;
    HASH_FIND_STR(c->ids, id, found);
    return found ? found->step : -1;
}

static void remember(struct rb_compiler *c, struct rb_step *step, int index)
{
    const struct rb_step_id *first;
    HASH_FIND_STR(c->ids, step->id, first);
    if (first) {
        const struct rb_yaml_node *id = rb_yaml_get(c->step_nodes[first->step], "id");
        struct rb_diag *diag =
            rb_diag_add(c->diags, 210, step->span, "two steps have the id `%s`", step->id);
        rb_diag_help(diag, "give each step an id of its own, in groups as well");
        rb_diag_also(diag, id->span, "the first one");
        return;
    }
    struct rb_step_id *entry = rb_arena_alloc(c->document->arena, sizeof *entry);
    entry->id = step->id;
    entry->step = index;
    HASH_ADD_KEYPTR(hh, c->ids, entry->id, strlen(entry->id), entry);
}

/* A step without a usable id is read all the same, under a name that no id can be. */
static void read_id(struct rb_compiler *c, struct rb_draft *draft, int index)
{
    const struct rb_yaml_node *id = rb_yaml_get(draft->node, "id");
    const char *text;
    draft->step.span = id ? id->span : draft->node->span;
    if (!id)
        rb_fields_missing(c->diags, draft->node, "this step", "id",
                          "give it a short name that stays: `id: migrate`");
    else if (rb_scalar_text(id, "id", c->diags, &text) &&
             rb_scalar_name(id, RB_NAME_ID, "a step", c->diags)) {
        draft->step.id = rb_arena_strdup(c->arena, text);
        remember(c, &draft->step, index);
    }
    if (!draft->step.id)
        draft->step.id = rb_arena_printf(c->arena, "#%d", index + 1);
}

static enum rb_action find_action(const char *name)
{
    for (int i = 0; i < RB_ACTION_COUNT; i++) {
        if (rb_action_members[i].name && strcmp(rb_action_members[i].name, name) == 0)
            return (enum rb_action)i;
    }
    return RB_ACTION_MANUAL;
}

static void choose_action(struct rb_compiler *c, struct rb_draft *draft)
{
    const struct rb_yaml_node *first = NULL;
    for (int i = 0; i < draft->node->count; i++) {
        const struct rb_yaml_node *key = draft->node->keys[i];
        enum rb_action action = find_action(key->text);
        if (action == RB_ACTION_MANUAL)
            continue;
        if (!first) {
            first = key;
            draft->step.action = action;
            continue;
        }
        struct rb_diag *diag = rb_diag_add(c->diags, 211, key->span,
                                           "`%s` is a second action in the step `%s`",
                                           key->text, draft->step.id);
        rb_diag_help(diag, "a step does one thing: make two steps of it");
        rb_diag_also(diag, first->span, "the first action");
    }
}

static void no_meaning(struct rb_compiler *c, const struct rb_yaml_node *key,
                       const struct rb_draft *draft)
{
    bool manual = draft->step.action == RB_ACTION_MANUAL;
    struct rb_diag *diag =
        rb_diag_add(c->diags, 212, key->span, "`%s` has no meaning for a step %s%s%s",
                    key->text, manual ? "that has no action" : "with `",
                    manual ? "" : rb_action_name(draft->step.action), manual ? "" : "`");
    rb_diag_help(diag, "take it out, or give the step the action it was meant for");
}

static void unknown(struct rb_compiler *c, const struct rb_yaml_node *key)
{
    const char *known[64];
    int count = 0;
    for (const struct rb_member *m = rb_modifier_members; m->name; m++)
        known[count++] = m->name;
    for (const struct rb_inherit_field *f = rb_inherit_fields; f->name; f++)
        known[count++] = f->name;
    for (int i = 0; i < RB_ACTION_COUNT; i++) {
        if (rb_action_members[i].name)
            known[count++] = rb_action_members[i].name;
    }
    known[count] = NULL;
    rb_fields_unknown(c->diags, key, "a step", known);
}

static const struct rb_member *find_modifier(const char *name)
{
    const struct rb_member *member = rb_modifier_members;
    while (member->name && strcmp(member->name, name) != 0)
        member++;
    return member->name ? member : NULL;
}

static const struct rb_inherit_field *find_inherited(const char *name)
{
    const struct rb_inherit_field *field = rb_inherit_fields;
    while (field->name && strcmp(field->name, name) != 0)
        field++;
    return field->name ? field : NULL;
}

static void read_modifier(struct rb_compiler *c, const struct rb_yaml_node *key,
                          const struct rb_yaml_node *value, struct rb_draft *draft)
{
    const struct rb_member *own = find_modifier(key->text);
    const struct rb_inherit_field *inherited = own ? NULL : find_inherited(key->text);
    if (!own && !inherited) {
        draft->unknown_keys++;
        unknown(c, key);
    } else if (!((own ? own->actions : inherited->actions) & 1u << draft->step.action)) {
        no_meaning(c, key, draft);
    } else if (inherited) {
        inherited->read(c, value, &draft->own);
    } else if (own->read) {
        own->read(c, value, draft);
    }
}

static void read_member(struct rb_compiler *c, const struct rb_yaml_node *key,
                        const struct rb_yaml_node *value, struct rb_draft *draft)
{
    enum rb_action action = find_action(key->text);
    if (action == RB_ACTION_MANUAL)
        read_modifier(c, key, value, draft);
    else if (action == draft->step.action)
        rb_action_members[action].read(c, value, draft);
}

/* A retry that was not asked for here is only taken where nothing can happen twice. */
static bool takes_retry(const struct rb_draft *draft)
{
    bool harmless = (1u << draft->step.action & RB_DOES_LUA) || draft->step.idempotent ||
                    draft->step.probe >= 0;
    return draft->own.retry.attempts && (harmless || rb_yaml_get(draft->node, "retry"));
}

static void settle_times(struct rb_draft *draft)
{
    struct rb_step *step = &draft->step;
    if (!(1u << step->action & (RB_DOES_EFFECT | RB_DOES_LUA)))
        return;
    step->within = draft->own.within;
    if (step->action != RB_ACTION_GATE)
        step->timeout = draft->own.timeout;
    else if (draft->own.timeout)
        rb_draft_set(draft, "timeout_us", rb_value_int(draft->own.timeout));
    if (takes_retry(draft))
        step->retry = draft->own.retry;
}

static void settle_place(struct rb_draft *draft)
{
    const struct rb_inherit *own = &draft->own;
    if (1u << draft->step.action & RB_HAS_PLACE) {
        rb_draft_set(draft, "env", rb_value_ref(own->env));
        rb_draft_set(draft, "cwd", rb_value_ref(own->cwd));
    }
    if (draft->step.action == RB_ACTION_RUN)
        rb_draft_set(draft, "shell", rb_value_ref(own->shell));
}

static void settle(struct rb_compiler *c, struct rb_draft *draft)
{
    struct rb_step *step = &draft->step;
    if (step->action == RB_ACTION_MANUAL && draft->unknown_keys == 0 &&
        !rb_yaml_get(draft->node, "title"))
        rb_fields_missing(c->diags, draft->node, "a step without an action", "title",
                          "its title is the text that a person confirms");
    settle_times(draft);
    settle_place(draft);
    step->on_failure = draft->own.on_failure;
    step->tags = draft->own.tags;
    step->examine =
        rb_yaml_get(draft->node, "expect") || step->check >= 0 || step->output_count > 0;
    if (!rb_yaml_get(draft->node, "on_interrupt") && step->probe >= 0)
        step->on_interrupt = RB_INTERRUPT_PROBE;
    step->spec = rb_map_end(&draft->spec);
    int *prepare = NULL, count = 0, capacity = 0;
    rb_template_exprs(step->spec, &prepare, &count, &capacity);
    step->prepare = rb_compiler_keep(c->arena, prepare, count, sizeof *prepare);
    step->prepare_count = count;
}

static void read_members(struct rb_compiler *c, struct rb_draft *draft)
{
    for (int i = 0; i < draft->node->count && !rb_diags_full(c->diags); i++)
        read_member(c, draft->node->keys[i], draft->node->items[i], draft);
}

static int read_step(struct rb_compiler *c, const struct rb_yaml_node *node, int parent,
                     const struct rb_inherit *inherit)
{
    if (!rb_scalar_kind(node, RB_NODE_MAPPING, "a step", c->diags))
        return -1;
    int index = new_step(c, node);
    int loops = c->loop_count;
    struct rb_draft draft = {.node = node,
                             .step = {.parent = parent,
                                      .first_child = -1,
                                      .next = -1,
                                      .when = -1,
                                      .for_each = -1,
                                      .check = -1,
                                      .probe = -1,
                                      .retry = {.attempts = 1, .when = -1}}};
    rb_inherit_copy(&draft.own, inherit);
    read_id(c, &draft, index);
    c->owner = draft.step.id;
    choose_action(c, &draft);
    rb_loop_read(c, &draft);
    read_members(c, &draft);
    settle(c, &draft);
    if (draft.children)
        draft.step.first_child = rb_steps_read(c, draft.children, index, &draft.own);
    rb_inherit_done(&draft.own);
    c->loop_count = loops;
    c->steps[index] = draft.step;
    return index;
}

int rb_steps_read(struct rb_compiler *c, const struct rb_yaml_node *list, int parent,
                  const struct rb_inherit *inherit)
{
    if (!rb_scalar_field(list, RB_NODE_SEQUENCE, "steps", c->diags))
        return -1;
    if (list->count == 0)
        rb_diag_help(
            rb_diag_add(c->diags, 218, list->span, "there are no steps in `steps`"),
            "a list of steps has at least one");
    int first = -1, before = -1;
    for (int i = 0; i < list->count && !rb_diags_full(c->diags); i++) {
        int index = read_step(c, list->items[i], parent, inherit);
        if (index < 0)
            continue;
        if (before < 0)
            first = index;
        else
            c->steps[before].next = index;
        before = index;
    }
    return first;
}
