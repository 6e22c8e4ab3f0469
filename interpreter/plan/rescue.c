#include "plan/rescue.h"

#include <string.h>

#include "plan/http.h"

bool rb_plan_has_undo(const struct rb_plan *plan, int step)
{
    const struct rb_step *at = &plan->steps[step];
    bool has = at->undo >= 0;
    for (int child = at->first_child; !has && child >= 0; child = plan->steps[child].next)
        has = rb_plan_has_undo(plan, child);
    return has;
}

int rb_plan_first_last(const struct rb_plan *plan, bool succeeded)
{
    return succeeded || plan->first_on_failure < 0 ? plan->first_finally
                                                   : plan->first_on_failure;
}

bool rb_plan_is_last(const struct rb_plan *plan, int step)
{
    int top = step;
    while (plan->steps[top].parent >= 0)
        top = plan->steps[top].parent;
    return (plan->first_on_failure >= 0 && top >= plan->first_on_failure) ||
           (plan->first_finally >= 0 && top >= plan->first_finally);
}

bool rb_plan_is_rescue(const struct rb_plan *plan, int step)
{
    int top = step;
    for (int at = step; at >= 0; at = plan->steps[at].parent) {
        int parent = plan->steps[at].parent;
        if (plan->steps[at].undoes >= 0 ||
            (parent >= 0 && plan->steps[parent].handler == at))
            return true;
        top = at;
    }
    return plan->first_on_failure >= 0 && top >= plan->first_on_failure &&
           (plan->first_finally < 0 || top < plan->first_finally);
}

bool rb_plan_can_roll_back(const struct rb_plan *plan)
{
    for (int i = 0; i < plan->step_count; i++) {
        if (plan->steps[i].undo >= 0 || plan->steps[i].on_failure == RB_FAIL_ROLLBACK)
            return true;
    }
    return false;
}

bool rb_plan_is_for_production(const struct rb_plan *plan)
{
    return plan->environment && strcmp(plan->environment, "production") == 0;
}

bool rb_plan_tells_ways_back(const struct rb_plan *plan)
{
    return rb_plan_can_roll_back(plan) || rb_plan_is_for_production(plan);
}

/* What a program does nobody can know from here. */
static bool writes(const struct rb_plan *plan, int index)
{
    const struct rb_step *step = &plan->steps[index];
    const struct rb_value *connection = rb_plan_connection(plan, index);
    if (step->action == RB_ACTION_HTTP)
        return !rb_http_is_read(rb_http_method(step->spec));
    if (step->action == RB_ACTION_SQL)
        return !rb_value_get_bool(connection, "read_only", false) &&
               !rb_value_get_bool(step->spec, "read_only", false);
    return rb_action_is_effect(step->action) && step->action != RB_ACTION_NOTIFY;
}

bool rb_plan_lacks_undo(const struct rb_plan *plan, int step)
{
    if (!writes(plan, step) || rb_plan_is_rescue(plan, step) || rb_plan_is_last(plan, step))
        return false;
    for (int at = step; at >= 0; at = plan->steps[at].parent) {
        if (plan->steps[at].undo >= 0 || plan->steps[at].no_undo)
            return false;
    }
    return true;
}
