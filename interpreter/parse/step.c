#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/notify.h"
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

int rb_compiler_find(const struct rb_compiler *c, int book, const char *id)
{
    const struct rb_step_id *found;
    RB_AUTO_BUF struct rb_buf full = {0};
    rb_buf_printf(&full, "%s%s", c->books[book]->prefix, id);
    HASH_FIND_STR(c->ids, rb_buf_text(&full), found);
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
static void read_id(struct rb_compiler *c, struct rb_draft *draft, int index,
                    const char *given)
{
    const struct rb_yaml_node *id = rb_yaml_get(draft->node, "id");
    const char *text;
    draft->step.span = id ? id->span : draft->node->span;
    draft->step.id = given;
    if (given && id)
        rb_diag_help(rb_diag_add(c->diags, 212, id->span, "`id` has no meaning here"),
                     "take it out: this step is `%s`", given);
    else if (given)
        return;
    else if (!id)
        rb_fields_missing(c->diags, draft->node, "this step", "id",
                          "give it a short name that stays: `id: migrate`");
    else if (rb_scalar_text(id, "id", c->diags, &text) &&
             rb_scalar_name(id, RB_NAME_ID, "a step", c->diags)) {
        draft->step.id = rb_arena_printf(c->arena, "%s%s", c->book->prefix, text);
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
    const struct rb_yaml_node *first =
        draft->step.action == RB_ACTION_GUARD ? draft->node : NULL;
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
    if (draft->step.action == RB_ACTION_GATE && strcmp(key->text, "every") == 0)
        rb_diag_help(diag, "write it into the gate: `gate: {check: ..., every: ...}`");
    else
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
    bool harmless = (1u << draft->step.action & (RB_DOES_LUA | RB_TELLS)) ||
                    draft->step.idempotent || draft->step.probe >= 0;
    return draft->own.retry.attempts && (harmless || rb_yaml_get(draft->node, "retry"));
}

static void settle_times(struct rb_draft *draft)
{
    struct rb_step *step = &draft->step;
    if (!(1u << step->action & (RB_DOES_EFFECT | RB_TELLS | RB_DOES_LUA)))
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

/* Nothing that is inherited passes over a person's no, but that each of the last steps has its turn; and nothing
 * at all over an approval's. */
static bool is_optional(const struct rb_compiler *c, const struct rb_draft *draft)
{
    enum rb_action action = draft->step.action;
    bool asks = action == RB_ACTION_CONFIRM || action == RB_ACTION_MANUAL ||
                action == RB_ACTION_CHECKLIST;
    if (draft->own.on_failure != RB_FAIL_CONTINUE)
        return true;
    return action != RB_ACTION_APPROVE &&
           (!asks || c->rescue || rb_yaml_get(draft->node, "on_failure"));
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
    step->on_failure = is_optional(c, draft) ? draft->own.on_failure : RB_FAIL_STOP;
    step->tags = draft->own.tags;
    step->examine =
        rb_yaml_get(draft->node, "expect") || step->check >= 0 || step->output_count > 0;
    if (!rb_yaml_get(draft->node, "on_interrupt") && step->probe >= 0)
        step->on_interrupt = RB_INTERRUPT_PROBE;
    step->spec = rb_map_end(&draft->spec);
    if (draft->message)
        rb_notify_settle(draft);
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

/* The message of the group to one of its connections. */
static int read_copy(struct rb_compiler *c, const struct rb_draft *group, int parent,
                     int number)
{
    const char *name = rb_notify_target(group, number);
    int index = new_step(c, group->node);
    struct rb_draft draft = {
        .node = group->node, .step = group->step, .message = group->message};
    rb_inherit_copy(&draft.own, &group->own);
    draft.step.id = name ? rb_arena_printf(c->arena, "%s.%s", group->step.id, name)
                         : rb_arena_printf(c->arena, "#%d", index + 1);
    draft.step.action = RB_ACTION_NOTIFY;
    draft.step.parent = parent;
    draft.step.when = draft.step.for_each = draft.step.next = -1;
    rb_notify_fill(c, &draft, number);
    settle(c, &draft);
    rb_inherit_done(&draft.own);
    c->steps[index] = draft.step;
    return index;
}

/* Steps one after the other; -1: none. */
struct row {
    int first, last;
};

static void append(struct rb_compiler *c, struct row *row, int index)
{
    if (row->last < 0)
        row->first = index;
    else
        c->steps[row->last].next = index;
    row->last = index;
}

static int read_copies(struct rb_compiler *c, const struct rb_draft *group, int parent)
{
    struct row row = {-1, -1};
    for (int i = 0; i < rb_notify_count(group); i++)
        append(c, &row, read_copy(c, group, parent, i));
    return row.first;
}

/* `given`: its id, where it says none itself; else NULL. `action`: that of a guard, else manual. */
static int read_step(struct rb_compiler *c, const struct rb_yaml_node *node, int parent,
                     const struct rb_inherit *inherit, const char *given,
                     enum rb_action action)
{
    if (!rb_scalar_kind(node, RB_NODE_MAPPING, "a step", c->diags))
        return -1;
    int index = new_step(c, node);
    int loops = c->loop_count;
    struct rb_draft draft = {.node = node, .step = rb_step_blank(c->book_number, parent)};
    rb_inherit_copy(&draft.own, inherit);
    read_id(c, &draft, index, given);
    c->owner = draft.step.id;
    draft.step.action = action;
    choose_action(c, &draft);
    rb_loop_read(c, &draft);
    read_members(c, &draft);
    bool several = rb_notify_count(&draft) > 1;
    if (several) {
        draft.step.action = RB_ACTION_STEPS;
        rb_draft_set(&draft, "targets", rb_value_int(rb_notify_count(&draft)));
    } else if (draft.message)
        rb_notify_fill(c, &draft, 0);
    if (draft.file)
        rb_call_settle(c, &draft, index);
    settle(c, &draft);
    if (several)
        draft.step.first_child = read_copies(c, &draft, index);
    /* What it says of failures is about the loop as a whole: in it each one counts. */
    if (draft.step.max_failures)
        draft.own.on_failure = RB_FAIL_STOP;
    if (draft.children)
        draft.step.first_child = rb_steps_read(
            c, draft.children, rb_action_name(draft.step.action), index, &draft.own);
    rb_rescue_steps(c, &draft, index);
    rb_inherit_done(&draft.own);
    c->loop_count = loops;
    c->steps[index] = draft.step;
    return index;
}

int rb_step_read_as(struct rb_compiler *c, const struct rb_yaml_node *node, const char *id,
                    int parent, const struct rb_inherit *inherit)
{
    if (node->kind != RB_NODE_SEQUENCE)
        return read_step(c, node, parent, inherit, id, RB_ACTION_MANUAL);
    /* It says nothing of itself: as a mapping without members. */
    struct rb_yaml_node *silent = rb_arena_alloc(c->document->arena, sizeof *silent);
    *silent = (struct rb_yaml_node){.kind = RB_NODE_MAPPING, .span = node->span};
    int index = new_step(c, silent);
    struct rb_step group = rb_step_blank(c->book_number, parent);
    group.id = id;
    group.action = RB_ACTION_STEPS;
    group.span = node->span;
    group.spec = rb_value_map(NULL);
    group.on_failure = inherit->on_failure;
    group.tags = inherit->tags;
    group.first_child = rb_steps_read(c, node, id, index, inherit);
    c->steps[index] = group;
    return index;
}

int rb_steps_read(struct rb_compiler *c, const struct rb_yaml_node *list, const char *name,
                  int parent, const struct rb_inherit *inherit)
{
    if (!rb_scalar_field(list, RB_NODE_SEQUENCE, name, c->diags))
        return -1;
    if (list->count == 0)
        rb_diag_help(
            rb_diag_add(c->diags, 218, list->span, "there are no steps in `%s`", name),
            "a list of steps has at least one");
    struct row row = {-1, -1};
    for (int i = 0; i < list->count && !rb_diags_full(c->diags); i++) {
        int index = read_step(c, list->items[i], parent, inherit, NULL, RB_ACTION_MANUAL);
        if (index >= 0)
            append(c, &row, index);
    }
    return row.first;
}

int rb_guards_read(struct rb_compiler *c, const struct rb_yaml_node *list,
                   const struct rb_inherit *inherit)
{
    if (!rb_scalar_field(list, RB_NODE_SEQUENCE, "guards", c->diags))
        return -1;
    struct row row = {-1, -1};
    struct rb_inherit own;
    rb_inherit_copy(&own, inherit);
    own.on_failure = RB_FAIL_ASK;
    for (int i = 0; i < list->count && !rb_diags_full(c->diags); i++) {
        int index = read_step(c, list->items[i], -1, &own, NULL, RB_ACTION_GUARD);
        if (index < 0)
            continue;
        append(c, &row, index);
        if (!rb_yaml_get(list->items[i], "check"))
            rb_fields_missing(c->diags, list->items[i], "this guard", "check",
                              "say what has to hold: `check: Lua`");
    }
    rb_inherit_done(&own);
    return row.first;
}
