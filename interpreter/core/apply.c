#include "core/apply.h"

#include <string.h>

#include "core/book.h"
#include "core/container.h"
#include "core/front.h"
#include "core/nodes.h"
#include "core/obligation.h"
#include "core/rules.h"
#include "core/window.h"
#include "plan/rescue.h"

void rb_apply_duties(struct rb_state *state, const struct rb_event *event)
{
    RB_AUTO_VALUE const struct rb_value *open = rb_obligation_after(state->duties, event);
    rb_value_put(&state->duties, open);
}

static void add_operator(struct rb_state *state, const struct rb_value *operator)
{
    for (size_t i = 0; i < rb_value_count(state->operators); i++) {
        if (rb_value_equal(rb_value_at(state->operators, i), operator))
            return;
    }
    if (operator)
        rb_value_append(&state->operators, operator);
}

/* Whoever goes on with a run runs it as well. */
void rb_apply_operator(struct rb_state *state, const struct rb_event *event)
{
    add_operator(state, rb_value_get(event->d, "operator"));
}

/* And so does whoever it was given to. */
static void hand_over(struct rb_state *state, const struct rb_event *event)
{
    const struct rb_value *to = rb_value_get(event->d, "to");
    rb_value_put(&state->operator_now, to);
    RB_AUTO_VALUE const struct rb_value *operator=
        rb_value_map("user", rb_value_ref(to), NULL);
    add_operator(state, operator);
}

static void take_timer(struct rb_state *state, const struct rb_event *event)
{
    for (int i = 0; i < state->active_count; i++) {
        struct rb_node *node = &state->nodes[state->active[i]];
        if (!rb_node_has_deadline(node) || node->active->due > event->mono)
            continue;
        if (rb_node_expires(node)) {
            node->active->expired = true;
            rb_nodes_touch(state, state->active[i]);
            continue;
        }
        node->phase = RB_PHASE_READY;
        if (node->active->entering)
            rb_nodes_enter(state, node);
        rb_nodes_touch(state, state->active[i]);
    }
}

static void begin_run(struct rb_state *state, const struct rb_event *event)
{
    rb_value_put(&state->created, event->d);
    state->created_utc = event->utc;
    rb_apply_operator(state, event);
    state->interactive = rb_value_get_bool(event->d, "interactive", false);
    state->stay = rb_value_get_int(event->d, "stay_us", -1);
    state->phase = RB_RUN_STARTING;
    rb_value_put(&state->main.params, rb_value_get(event->d, "params"));
    rb_book_advance(state, -1);
}

/* Where a person stopped the run, or it has failed, it is asked how it is to go on. What only
 * stands still beside what waits goes on as was decided, and so does a rollback, and a failure that
 * is passed over anyway, or, where it was the disk that had no room, is tried again anyway. */
static bool is_asked_about(const struct rb_state *state, int at,
                           const struct rb_event *event)
{
    const struct rb_node *node = &state->nodes[at];
    const struct rb_active *active = node->active;
    const struct rb_state there = rb_state_at(state, at);
    bool suspended = event->type == RB_EV_RUN_SUSPENDED;
    bool waits = suspended && rb_value_get_int(event->d, "exit", 0) == 3;
    bool full = suspended && rb_value_get_int(event->d, "exit", 0) == 74;
    bool back = strcmp(rb_value_get_text(active->halted, "status", ""), "rollback") == 0;
    if (node->phase == RB_PHASE_ATTEMPT_FAILED)
        return !waits && active->under == 0 && !rb_container_passes_over(&there) &&
               !(full && rb_retry_allowed(&there));
    if (node->phase == RB_PHASE_STUCK)
        return !waits && !(suspended && back);
    return active->asked_failure;
}

static void end_run(struct rb_state *state, const struct rb_event *event)
{
    rb_value_put(&state->end, event->d);
    state->phase = event->type == RB_EV_RUN_SUSPENDED ? RB_RUN_SUSPENDED : RB_RUN_FINISHED;
    state->stop_level = 0;
    for (int i = 0; i < state->active_count; i++) {
        struct rb_node *node = &state->nodes[state->active[i]];
        if (is_asked_about(state, state->active[i], event))
            node->phase = RB_PHASE_HALTED;
        if (node->active->entering && node->phase == RB_PHASE_ANSWERED)
            node->phase = RB_PHASE_ENTERING;
    }
}

static void take_signal(struct rb_state *state, const struct rb_event *event)
{
    static const char *const names[] = {"INT",    "TERM",   "HUP",     "cancel",
                                        "ENOSPC", "secret", "rollback"};
    int level = (int)rb_value_get_int(event->d, "level", 1);
    if (level > state->stop_level)
        state->stop_level = level;
    state->stop_name = names[0];
    rb_value_put(&state->stop, event->d);
    for (size_t i = 0; i < RB_COUNT(names); i++) {
        if (rb_apply_says(event, "name", names[i]))
            state->stop_name = names[i];
    }
}

/* Nothing of what the run has begun goes on. */
static void roll_back(struct rb_state *state, const struct rb_event *event)
{
    rb_value_put(&state->rollback, event->d);
    state->phase = RB_RUN_RUNNING;
    state->stop_level = 0;
    state->next_step = -1;
    state->rollback_from = state->node_count;
    rb_nodes_end_all(state);
}

static void begin_last(struct rb_state *state, const struct rb_event *event)
{
    rb_value_put(&state->last, event->d);
    state->phase = RB_RUN_RUNNING;
    state->stop_level = 0;
    state->next_step =
        rb_plan_first_last(state->plan, rb_apply_says(event, "status", "succeeded"));
    rb_nodes_end_all(state);
}

static void take_remark(struct rb_state *state, const struct rb_event *event)
{
    int64_t number = rb_value_get_int(event->d, "inbox", 0);
    if (number > state->remarks)
        state->remarks = number;
    if (event->type == RB_EV_RUN_HANDED_OVER)
        hand_over(state, event);
    else
        rb_apply_duties(state, event);
}

/* Nothing is decided with it. */
static void take_shell(struct rb_state *state, const struct rb_event *event)
{
    bool opened = event->type == RB_EV_SHELL_OPENED;
    rb_value_put(&state->shell, opened ? event->d : NULL);
    if (opened)
        rb_value_append(&state->shells, event->d);
}

/* What a guard has others wait for: 0 nothing, then its pause, and what it has found. */
static int holds_up(const struct rb_state *state, int node)
{
    const struct rb_active *active = state->nodes[node].active;
    if (!active || !rb_front_is_guard(state, node))
        return 0;
    return active->failure ? 2 : active->pausing;
}

/* What most events are about: the node under way that they name. */
static void apply_to_named(struct rb_state *state, const struct rb_event *event)
{
    int at = rb_front_find(state, rb_value_get_text(event->d, "step", ""));
    if (at < 0)
        return;
    int before = holds_up(state, at);
    state->current = at;
    rb_nodes_touch(state, at);
    if (event->type == RB_EV_EVAL_RESULT)
        rb_apply_eval(state, event);
    else
        rb_apply_to_step(state, &state->nodes[at], event);
    if (holds_up(state, at) != before)
        rb_nodes_touch_all(state);
}

void rb_apply(struct rb_state *state, const struct rb_event *event)
{
    state->utc = event->utc;
    state->mono = event->mono;
    rb_steady_take(&state->steady, event);
    if (rb_event_is_fact(event->type)) {
        rb_nodes_settle(state);
        rb_windows_stir(state);
    }
    switch (event->type) {
    case RB_EV_RUN_CREATED:
        begin_run(state, event);
        break;
    case RB_EV_RUN_RESUMED:
        rb_apply_resume(state, event);
        rb_nodes_touch_all(state);
        break;
    case RB_EV_TAIL_RECOVERED:
        rb_nodes_touch_all(state);
        break;
    case RB_EV_RUN_STARTED:
        state->phase = RB_RUN_RUNNING;
        break;
    case RB_EV_RUN_HANDED_OVER:
    case RB_EV_OBLIGATION_MET:
        take_remark(state, event);
        break;
    case RB_EV_SHELL_OPENED:
    case RB_EV_SHELL_CLOSED:
        take_shell(state, event);
        break;
    case RB_EV_LOCK_TAKEN:
        state->locked = true;
        rb_nodes_touch_all(state);
        break;
    case RB_EV_LOCK_REFUSED:
        rb_value_put(&state->lock_refused, event->d);
        break;
    case RB_EV_STEP_BEGAN:
        rb_nodes_begin(state, event);
        break;
    case RB_EV_TIMER_DUE:
        take_timer(state, event);
        break;
    case RB_EV_CLOCK_SET:
        rb_windows_forget(state);
        break;
    case RB_EV_SIGNAL_RECEIVED:
        take_signal(state, event);
        rb_nodes_touch_all(state);
        break;
    case RB_EV_ROLLBACK_BEGAN:
        roll_back(state, event);
        break;
    case RB_EV_LAST_BEGAN:
        begin_last(state, event);
        break;
    case RB_EV_RUN_SUSPENDED:
    case RB_EV_RUN_FINISHED:
        end_run(state, event);
        break;
    default:
        if (rb_apply_says(event, "phase", "start") && !rb_value_get(event->d, "step"))
            rb_book_take(state, -1, rb_value_get(event->d, "items"));
        else
            apply_to_named(state, event);
        break;
    }
    if (rb_event_is_fact(event->type))
        rb_apply_recall(state);
}
