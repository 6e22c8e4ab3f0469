#!/bin/sh
# Plants a bug for each thing that random_rules.c holds of every run, and sees test_random find it.
#   planted.sh FOLDER      an empty folder to copy and build in
set -eu
target=tests/unit/core/test_random

seek() {
    ! build/tests/unit/core/test_random >build/out 2>&1 || return 1
    books=$(sed -n 's/^the last one was RANDOM_SEED=//p' build/out)
    echo "at book ${books:-1}: $(sed -n 's/^ERROR: //p' build/out | head -n 1)"
}

. "$(dirname "$0")/../../tools/plant.sh"

plant "what was not started is taken back" interpreter/core/rollback.c \
    "return at->started && " "return "
plant "what was taken back is taken back again" interpreter/core/nodes.c \
    "state->rollback_from = parent;" \
    "state->rollback_from = parent + (state->nodes[state->node_count - 1].earlier < 0);"
plant "what is in doubt is taken back without a decision" interpreter/core/rollback.c \
    "return at->active && state->plan" "return false && at->active && state->plan"
plant "what is unknown rolls back without a person" interpreter/core/rule_failure.c \
    "((back || guard) && unknown)" "(guard && unknown)"
plant "the oldest is taken back first" interpreter/core/rollback.c \
    "return state->rollback ? next_before(state, state->rollback_from) : -1;" \
    "int at = state->rollback_from == state->node_count ? 0 : state->rollback_from + 1; while (at < state->node_count && !is_to_be_undone(state, at)) at++; return state->rollback && at < state->node_count ? at : -1;"
plant "one of two is left as it is" interpreter/core/rollback.c \
    "int at = node - 1;" "int at = node - 2;"
plant "steps go on after a rollback has begun" interpreter/core/apply.c \
    "state->next_step = -1;" ""
plant "a rollback begins beside what still runs" interpreter/core/rollback.c \
    "if (rb_front_is_alone(state))" "if (true)"
plant "steps begin while a guard can't tell" interpreter/core/rule_guard.c \
    "verdict == RB_UNKNOWN || (active" "(active"
plant "the last steps come after half a rollback" interpreter/core/rules.c \
    'bool last = !state->last && strcmp(status, "incomplete") != 0 &&' "bool last = !state->last &&"
plant "a run that fails has no last steps" interpreter/core/rules.c \
    "if (last && rb_plan_first_last" "if (last && succeeded && rb_plan_first_last"
plant "a last step runs twice" interpreter/core/nodes.c \
    "state->next_step = step->next;" \
    "state->next_step = state->last && state->nodes[state->node_count - 1].earlier < 0 ? index : step->next;"
plant "a run never comes to its end" interpreter/core/rules.c \
    "bool last = !state->last && " "bool last = "
plant "nothing wakes a run that waits" interpreter/core/wanted.c \
    "if (rb_node_has_deadline(node)) {" "if (false) {"
plant "a time depends on where the state lies in memory" interpreter/core/apply_step.c \
    "node->active->due = event->mono + (at - event->utc);" \
    "node->active->due = event->mono + (at - event->utc) + (rb_time)((unsigned long)node >> 4) % 7;"
exit "$missed"
