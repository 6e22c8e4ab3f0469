#!/bin/sh
# Plants a bug for each thing that random_rules.c and what it names hold of every run, and sees test_random find it.
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
    "if (early || rb_node_has_deadline(node)) {" "if (false) {"
plant "a time depends on where the state lies in memory" interpreter/core/apply_step.c \
    "node->active->due = event->mono + (at - event->utc);" \
    "node->active->due = event->mono + (at - event->utc) + (rb_time)((unsigned long)node >> 4) % 7;"
plant "fewer than have to sign are enough" interpreter/core/rule_approval.c \
    '(int64_t)rb_value_count(active->approvals) >= quorum' \
    '(int64_t)rb_value_count(active->approvals) + 1 >= quorum'
plant "one of several roles is enough" interpreter/core/rule_approval.c \
    'rb_value_get_int(active->question, "quorum", 0)' 'rb_value_get_int(active->question, "quorum", 1)'
plant "who rejects, approves" interpreter/core/rule_approval.c \
    'if (strcmp(rb_value_get_text(one, "answer", ""), "approve") != 0)' "if (false)"
plant "an approval that has expired passes" interpreter/core/rule_approval.c \
    "return active->expired && expired(state, ret);" \
    "return active->expired && (rb_value_count(active->approvals) > 0 ? rb_rule_pass(state, ret, NULL) : expired(state, ret));"
plant "what is signed too late counts" interpreter/core/rule_approval.c \
    "(state->utc >= expires || state->steady.elapsed >= active->late) &&" "state->utc < 0 &&"
plant "a signature that does not verify counts" interpreter/core/rule_approval.c \
    "return !sound && !rb_fail" "return sound && !sound && !rb_fail"
plant "what was signed for something else counts" interpreter/core/rule_approval.c \
    "i < RB_COUNT(bound)" "i > RB_COUNT(bound)"
plant "who runs the run approves it" interpreter/core/rule_approval.c \
    'is_user(rb_value_get_text(operator, "user", ""), who) ||' ""
plant "one person signs twice" interpreter/core/rule_approval.c \
    "if (strcmp(by, who) == 0)" "if (false)"
plant "an approval is skipped like any step that fails" interpreter/core/rule_failure.c \
    ': is_signed(rb_node_step(state, state->current)) ? "rejected"' \
    ': is_signed(rb_node_step(state, state->current)) ? "failure"'
plant "a step begins while its window is closed" interpreter/core/rule_enter.c \
    "if (view.says != RB_WINDOW_ADMITS)" \
    "if (view.says != RB_WINDOW_ADMITS && view.says != RB_WINDOW_CLOSED)"
plant "a step begins while nobody can say whether its window is open" interpreter/core/rule_enter.c \
    "if (view.says != RB_WINDOW_ADMITS)" \
    "if (view.says != RB_WINDOW_ADMITS && view.says != RB_WINDOW_UNKNOWN)"
plant "a window that was open stays open" interpreter/core/window.c \
    "window->since <= state->utc && state->utc < window->until" "window->since <= state->utc"
plant "of several windows the inner one counts" interpreter/core/window.c \
    "return owner < 0 ? RB_NO_WINDOW" "return owner < 0 || plan ? RB_NO_WINDOW"
plant "an override has no end" interpreter/core/window.c \
    '.until = rb_value_get_int(d, "until", INT64_MAX)' ".until = INT64_MAX"
plant "whoever is asked overrides the window of a role" interpreter/core/rule_enter.c \
    "role ? rb_value_list(rb_value_ref(role), NULL)" \
    "role && !state ? rb_value_list(rb_value_ref(role), NULL)"
plant "what is tried again by a person needs no window" interpreter/core/apply_step.c \
    "    rb_nodes_enter(state, node);" "    rb_nodes_admit(state, node);"
plant "what is held up begins though its window has closed" interpreter/core/apply_entry.c \
    "if (!is_before_its_beginning(&at) ||" "if (is_before_its_beginning(&at) || i >= 0 ||"
plant "what was let in before a break is let in after it" interpreter/core/apply_entry.c \
    "(begins && rb_nodes_has_entry" "(begins && node->step < 0 && rb_nodes_has_entry"
plant "what is old counts as young" interpreter/core/rule_fresh.c \
    "return fresh == 0 ||" "return fresh >= 0 ||"
plant "what was made for a step never grows old for it" interpreter/core/rule_fresh.c \
    "needed->ended >= rb_state_current(state)->active->entered" "needed->ended >= 0"
plant "what has failed counts as made" interpreter/core/rule_fresh.c \
    "return made_for(state, needed) ? NEED_FAILED : NEED_STALE;" \
    "return made_for(state, needed) ? NEED_MET : NEED_STALE;"
plant "what is in doubt is done again for what needs it" interpreter/core/rule_fresh.c \
    "return doubted && !is_decided(state)" "return doubted && !is_decided(state) && at < 0"
plant "a loop takes what it needs for an element that failed" interpreter/core/nodes.c \
    "if (!holder || !is_part(state, node))" "if (!holder || (!is_part(state, node) && node->step < 0))"
plant "a wait is over when its window opens" interpreter/core/apply.c \
    "node->phase = RB_PHASE_READY;" "node->phase = RB_PHASE_READY; node->active->waited = true;"
plant "the time of one wait ends the next as well" interpreter/core/apply.c \
    "node->active->due > event->mono)" "node->active->due > event->mono + 3 * RB_SEC)"
plant "what a guard has held up does not go on" interpreter/core/apply.c \
    "if (holds_up(state, at) != before)" "if (holds_up(state, at) > before)"
exit "$missed"
