#include "check/check.h"

#include <string.h>

#include "base/text.h"
#include "check/rules.h"
#include "plan/template.h"

struct rb_span rb_check_key(const struct rb_check *check, int step, const char *key)
{
    const struct rb_yaml_node *node = check->document->step_nodes[step];
    for (int i = 0; i < node->count; i++) {
        if (strcmp(node->keys[i]->text, key) == 0)
            return node->keys[i]->span;
    }
    return check->plan->steps[step].span;
}

const struct rb_yaml_node *rb_check_value(const struct rb_check *check, int step,
                                          const char *key)
{
    return rb_yaml_get(check->document->step_nodes[step], key);
}

bool rb_check_within(const struct rb_plan *plan, int step, int inner)
{
    while (inner >= 0 && inner != step)
        inner = plan->steps[inner].parent;
    return inner >= 0;
}

void rb_check_did_you_mean(struct rb_diag *diag, const char *word, const char *const *names,
                           const char *otherwise)
{
    const char *nearest = rb_text_nearest(word, names);
    if (nearest)
        rb_diag_help(diag, "did you mean `%s`?", nearest);
    else if (otherwise)
        rb_diag_help(diag, "%s", otherwise);
}

static void put(struct rb_site *sites, int expr, struct rb_site site)
{
    if (expr >= 0)
        sites[expr] = site;
}

static void put_value(struct rb_site *sites, const struct rb_value *value,
                      struct rb_site site)
{
    int *items = NULL, count = 0, capacity = 0;
    rb_template_exprs(value, &items, &count, &capacity);
    for (int i = 0; i < count; i++)
        put(sites, items[i], site);
    free(items);
}

/* The checks of a gate, and those of a checklist's items. */
static void put_members(struct rb_site *sites, const struct rb_value *list,
                        const char *member, struct rb_site site)
{
    for (size_t i = 0; i < rb_value_count(list); i++)
        put(sites, (int)rb_value_get_int(rb_value_at(list, i), member, -1), site);
}

/* `sql.ident(...)` in the text of a statement. */
static void put_names(const struct rb_value *statement, struct rb_site *sites)
{
    const struct rb_value *text = rb_value_get(statement, "text");
    for (size_t i = 0; i < rb_value_count(text); i++) {
        const struct rb_value *name = rb_value_get(rb_value_at(text, i), "ident");
        int64_t expr = rb_value_get_int(name, "$expr", -1);
        if (expr >= 0) /* one that is no Lua has none */
            sites[expr].names = true;
    }
}

static void put_step(const struct rb_plan *plan, int index, struct rb_site *sites)
{
    const struct rb_step *step = &plan->steps[index];
    const struct rb_site before = {RB_AT_WHEN, index, -1, false};
    const struct rb_site during = {RB_AT_STEP, index, -1, false};
    const struct rb_site after = {RB_AT_RESULT, index, -1, false};
    put(sites, step->when, before);
    put(sites, step->for_each, before);
    put_value(sites, step->spec, during);
    const struct rb_value *statements = rb_value_get(step->spec, "statements");
    for (size_t i = 0; i < rb_value_count(statements); i++)
        put_names(rb_value_at(statements, i), sites);
    put_names(rb_value_get(rb_value_get(step->spec, "review"), "query"), sites);
    put(sites, (int)rb_value_get_int(step->spec, "chunk", -1), during);
    put_members(sites, rb_value_get(step->spec, "checks"), "expr", during);
    put_members(sites, rb_value_get(step->spec, "items"), "check", during);
    put(sites, step->probe, during);
    put(sites, step->check, step->action == RB_ACTION_GUARD ? during : after);
    put(sites, step->retry.when, after);
    for (int i = 0; i < step->output_count; i++)
        put(sites, step->outputs[i].expr, after);
}

static void put_all(const struct rb_plan *plan, struct rb_site *sites)
{
    for (int i = 0; i < plan->books[0]->var_count; i++)
        put_value(sites, plan->books[0]->vars[i].value,
                  (struct rb_site){RB_AT_START, -1, i, false});
    put_value(sites, plan->books[0]->env, (struct rb_site){RB_AT_START, -1, -1, false});
    put_value(sites, plan->books[0]->connections,
              (struct rb_site){RB_AT_START, -1, -1, false});
    put_value(sites, plan->locks, (struct rb_site){RB_AT_START, -1, -1, false});
    for (int i = 0; i < plan->books[0]->output_count; i++)
        put(sites, plan->books[0]->outputs[i].expr,
            (struct rb_site){RB_AT_END, -1, -1, false});
    for (int i = 0; i < plan->step_count; i++)
        put_step(plan, i, sites);
}

/* Findings of other files may be among them. */
static bool is_whole(const struct rb_document *document, const struct rb_diags *diags)
{
    for (int i = 0; i < diags->count; i++) {
        if (diags->items[i].severity == RB_DIAG_ERROR &&
            diags->items[i].span.source == document->source)
            return false;
    }
    return true;
}

static void (*const families[])(const struct rb_check *check) = {
    rb_check_references, rb_check_connections, rb_check_order,   rb_check_comparisons,
    rb_check_flow,       rb_check_unused,      rb_check_safety,  rb_check_lookalikes,
    rb_check_shell_text, rb_check_sources,     rb_check_secrets, rb_check_time,
    rb_check_approvals,  rb_check_statements,
};

void rb_check_document(const struct rb_document *document, struct rb_diags *diags)
{
    if (!document->plan)
        return;
    const struct rb_plan *plan = document->plan;
    RB_AUTO_FREE struct rb_site *sites =
        rb_alloc((size_t)(plan->expr_count + 1) * sizeof *sites);
    put_all(plan, sites);
    const struct rb_check check = {.document = document,
                                   .plan = plan,
                                   .diags = diags,
                                   .sites = sites,
                                   .whole = is_whole(document, diags)};
    for (size_t i = 0; i < RB_COUNT(families) && !rb_diags_full(diags); i++)
        families[i](&check);
}

void rb_check_whole(const struct rb_document *document, struct rb_diags *diags)
{
    const struct rb_check check = {
        .document = document, .plan = document->plan, .diags = diags};
    if (document->plan)
        rb_check_ways_back(&check, 1);
}
