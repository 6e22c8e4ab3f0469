#pragma once
/* The steps for when it goes wrong, and the way back of the others. */

#include "plan/plan.h"

/* Does the step, or one in it, have an undo? */
bool rb_plan_has_undo(const struct rb_plan *plan, int step);
/* The first of the steps that run at the end of a run, -1: there are none. */
int rb_plan_first_last(const struct rb_plan *plan, bool succeeded);
/* Is the step one of the run's last: of its `on_failure` or `finally`, or in one of these? */
bool rb_plan_is_last(const struct rb_plan *plan, int step);

/* Does the step only run when something went wrong: is it, or does it stand in, an undo or a step of
 * an `on_failure`? */
bool rb_plan_is_rescue(const struct rb_plan *plan, int step);

/* Can a run of it be rolled back: does a step have an undo, or fail with `rollback`? */
bool rb_plan_can_roll_back(const struct rb_plan *plan);
/* Was the environment `production` chosen for it? */
bool rb_plan_is_for_production(const struct rb_plan *plan);
/* Is it told which of its steps have no way back: could a rollback leave them, or is it for production? */
bool rb_plan_tells_ways_back(const struct rb_plan *plan);
/* Does the step write, and would a rollback leave that in place, without the runbook saying so? */
bool rb_plan_lacks_undo(const struct rb_plan *plan, int step);
