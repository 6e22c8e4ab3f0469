/* Zones that this machine knows, and results that are to be young. */

#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "check/rules.h"
#include "plan/rescue.h"

/* Of a window or a wait: `mapping` is what `tz` stands in. */
static void zone(const struct rb_check *check, const struct rb_yaml_node *mapping)
{
    const struct rb_yaml_node *tz =
        mapping && mapping->kind == RB_NODE_MAPPING ? rb_yaml_get(mapping, "tz") : NULL;
    if (!tz || tz->kind != RB_NODE_SCALAR || !rb_zone_is_name(tz->text) ||
        rb_zone_find(tz->text) != RB_ZONE_NOT_THERE)
        return;
    static const char *const usual[] = {"Europe/Berlin",
                                        "Europe/London",
                                        "Europe/Paris",
                                        "Europe/Zurich",
                                        "Europe/Vienna",
                                        "Europe/Madrid",
                                        "Europe/Rome",
                                        "Europe/Amsterdam",
                                        "America/New_York",
                                        "America/Chicago",
                                        "America/Denver",
                                        "America/Los_Angeles",
                                        "America/Sao_Paulo",
                                        "Asia/Kolkata",
                                        "Asia/Tokyo",
                                        "Asia/Singapore",
                                        "Asia/Shanghai",
                                        "Asia/Dubai",
                                        "Australia/Sydney",
                                        "UTC",
                                        NULL};
    struct rb_diag *diag = rb_diag_add(check->diags, 261, tz->span,
                                       "there is no time zone `%s` here", tz->text);
    rb_check_did_you_mean(diag, tz->text, usual,
                          "`timedatectl list-timezones` lists those of this machine");
}

static void zones(const struct rb_check *check)
{
    const struct rb_yaml_node *root = check->document->root;
    const struct rb_yaml_node *environments = rb_yaml_get(root, "environments");
    zone(check, rb_yaml_get(root, "window"));
    for (int i = 0; environments && i < environments->count; i++) {
        if (environments->kind == RB_NODE_MAPPING &&
            environments->items[i]->kind == RB_NODE_MAPPING)
            zone(check, rb_yaml_get(environments->items[i], "window"));
    }
    for (int i = 0; i < check->plan->step_count; i++) {
        zone(check, rb_check_value(check, i, "window"));
        zone(check, rb_check_value(check, i, "wait"));
    }
}

/* The innermost loop around a step; -1: none. Its own does not count: what a loop needs is made
 * once for all of its elements. */
static int loop_around(const struct rb_plan *plan, int step)
{
    for (int at = plan->steps[step].parent; at >= 0; at = plan->steps[at].parent) {
        if (plan->steps[at].for_each >= 0)
            return at;
    }
    return -1;
}

/* Branches that run side by side, each of which might run it again, are between the two. */
static bool branches_between(const struct rb_plan *plan, int index, int holder)
{
    for (int at = plan->steps[index].parent; at >= 0; at = plan->steps[at].parent) {
        if (plan->steps[at].action == RB_ACTION_PARALLEL)
            return true;
        if (at == holder)
            break;
    }
    return false;
}

/* Why `needed` can't be needed by `index`; NULL: it can. */
static const char *obstacle(const struct rb_plan *plan, int index, int needed)
{
    if (needed == index)
        return "is this step itself";
    if (needed > index)
        return "comes after this step";
    int holder = plan->steps[needed].parent;
    if (rb_check_within(plan, needed, index))
        return "is what this step stands in";
    if (holder >= 0 && !rb_check_within(plan, holder, plan->steps[index].parent))
        return "is a part of another group";
    if (branches_between(plan, index, holder))
        return "stands outside of the branch that this step is in";
    if (loop_around(plan, needed) != loop_around(plan, index))
        return "stands outside of a loop that this step is in";
    return NULL;
}

/* What puts right, takes back or comes last begins whatever it finds. */
static bool begins_anyway(const struct rb_plan *plan, int index)
{
    return rb_plan_is_rescue(plan, index) || rb_plan_is_last(plan, index);
}

static struct rb_span place_of(const struct rb_check *check, int index, size_t number)
{
    const struct rb_yaml_node *list = rb_check_value(check, index, "needs");
    return list && list->kind == RB_NODE_SEQUENCE && (size_t)list->count > number
               ? list->items[number]->span
               : rb_check_key(check, index, "needs");
}

static void not_there(const struct rb_check *check, struct rb_span span, int index,
                      const char *id)
{
    const char **names = rb_alloc((size_t)(check->plan->step_count + 1) * sizeof *names);
    for (int i = 0; i < index; i++)
        names[i] = check->plan->steps[i].id;
    rb_check_did_you_mean(
        rb_diag_add(check->diags, 460, span, "there is no step `%s` to need", id), id,
        names, "name a step before this one by its id");
    free(names);
}

static void need(const struct rb_check *check, int index, size_t number, bool *needed)
{
    const struct rb_plan *plan = check->plan;
    const struct rb_value *needs = rb_value_get(plan->steps[index].spec, "needs");
    const char *id = rb_value_as_text(rb_value_at(needs, number), "");
    int at = rb_plan_find(plan, id);
    struct rb_span span = place_of(check, index, number);
    const char *why = at < 0 ? NULL : obstacle(plan, index, at);
    if (at < 0)
        not_there(check, span, index, id);
    else if (begins_anyway(plan, index))
        rb_diag_help(rb_diag_add(check->diags, 460, span,
                                 "nothing is made again for a step of `undo`, "
                                 "`on_failure` or `finally`"),
                     "it begins whatever it finds: take `needs` out, or write what `%s` "
                     "does before it",
                     id);
    else if (why)
        rb_diag_help(rb_diag_add(check->diags, 460, span, "`%s` %s", id, why),
                     "what is needed stands before, in the same list or in one around it; "
                     "or say `needs` at the group or loop");
    else if (!rb_value_get(plan->steps[at].spec, "fresh_us"))
        rb_diag_help(rb_diag_add(check->diags, 560, span, "`%s` never grows old", id),
                     "say there for how long it counts: fresh_for: 15m");
    if (at >= 0)
        needed[at] = true;
}

void rb_check_time(const struct rb_check *check)
{
    const struct rb_plan *plan = check->plan;
    RB_AUTO_FREE bool *needed = rb_alloc((size_t)plan->step_count + 1);
    zones(check);
    for (int i = 0; i < plan->step_count; i++) {
        const struct rb_value *needs = rb_value_get(plan->steps[i].spec, "needs");
        for (size_t k = 0; k < rb_value_count(needs); k++)
            need(check, i, k, needed);
    }
    for (int i = 0; i < plan->step_count; i++) {
        if (!needed[i] && rb_value_get(plan->steps[i].spec, "fresh_us"))
            rb_diag_help(rb_diag_add(check->diags, 561, rb_check_key(check, i, "fresh_for"),
                                     "nothing asks how old `%s` is", plan->steps[i].id),
                         "say so in a step that relies on it: needs: [%s]",
                         plan->steps[i].id);
    }
}
