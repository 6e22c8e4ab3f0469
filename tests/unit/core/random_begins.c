#include "random_record.h"

/* What has to hold where a step begins, whatever happens:
 *
 *   - nothing of it happens before it was let in, where a window or a need is said of it;
 *   - it is let in while each of its windows is open, or a person with a say in it has said why it may begin
 *     all the same: not while one is closed, and not while nobody can say;
 *   - it is let in when what it needs has passed, or did not apply, and is young or was made for it;
 *   - what changes something begins while both still hold;
 *   - a wait is over at its time and not before.
 *
 * What takes back, the steps of on_failure and finally, and guards wait for no window. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random_calendar.h"

/* Windows */

static const struct rb_value *window_of(const struct world *world, int owner)
{
    return owner < 0 ? world->plan->window
                     : rb_value_get(world->plan->steps[owner].spec, "window");
}

static bool has_window(const struct world *world, int step)
{
    bool any = world->plan->window != NULL;
    for (int at = step; at >= 0 && !any; at = world->plan->steps[at].parent)
        any = window_of(world, at) != NULL;
    return any;
}

static bool is_in(const struct world *world, const char *role, const char *who)
{
    const struct rb_value *people = rb_value_get(world->plan->roles, role);
    for (size_t i = 0; i < rb_value_count(people); i++) {
        if (strcmp(rb_value_as_text(rb_value_at(people, i), ""), who) == 0)
            return true;
    }
    return false;
}

/* The answer that an override at `at` follows from, given by who may. */
static bool was_said(const struct world *world, int at, const struct rb_value *window)
{
    const char *key = record_step(&world->events[at]);
    const char *role = rb_value_get_text(window, "override", NULL);
    enum rb_event_type type = role ? RB_EV_APPROVAL_ACCEPTED : RB_EV_QUESTION_ANSWERED;
    int said = record_last(world, key, type, (size_t)at);
    int asked = record_last(world, key, RB_EV_QUESTION_ASKED, (size_t)at);
    if (said < asked || asked < 0 ||
        !record_says(&world->events[said], "answer", "override") ||
        record_says(&world->events[said], "reason", ""))
        return false;
    return !role || is_in(world, role, rb_value_get_text(world->events[said].d, "by", ""));
}

static bool is_overridden(const struct world *world, int owner, size_t end, rb_time now)
{
    const char *id = owner < 0 ? "" : world->plan->steps[owner].id;
    for (size_t i = 0; i < end; i++) {
        const struct rb_event *event = &world->events[i];
        if (event->type == RB_EV_WINDOW_OVERRIDDEN && record_says(event, "window", id) &&
            now < rb_value_get_int(event->d, "until", INT64_MAX) &&
            !record_says(event, "reason", "") &&
            was_said(world, (int)i, window_of(world, owner)))
            return true;
    }
    return false;
}

static void check_window(const struct world *world, size_t at, int owner)
{
    if (!window_of(world, owner))
        return;
    const struct rb_event *event = &world->events[at];
    RB_AUTO_VALUE const struct rb_value *name =
        owner < 0 ? rb_value_text("window")
                  : rb_value_textf("window.%s", world->plan->steps[owner].id);
    const struct calendar_look look =
        calendar_look(world->calendar, rb_value_as_text(name, ""), event->utc);
    if (look.says != CALENDAR_OPEN && !is_overridden(world, owner, at, event->utc))
        fail_msg("%s begins outside of %s", record_step(event), rb_value_as_text(name, ""));
}

static void check_windows(const struct world *world, size_t at, int step)
{
    for (int owner = step; owner >= 0; owner = world->plan->steps[owner].parent)
        check_window(world, at, owner);
    check_window(world, at, -1);
}

/* Needs */

/* When a step was last about to begin: what was made for it since counts. */
static size_t entered_at(const struct world *world, const char *key, size_t end)
{
    size_t at = end - 1;
    for (; at > 0; at--) {
        const struct rb_event *event = &world->events[at];
        if (event->type == RB_EV_RUN_RESUMED ||
            (record_is_of(event, key) &&
             (event->type == RB_EV_STEP_BEGAN || event->type == RB_EV_STEP_DECIDED ||
              event->type == RB_EV_QUESTION_ASKED)))
            break;
    }
    return at;
}

static void check_need(const struct world *world, size_t at, const char *id)
{
    const struct rb_event *event = &world->events[at];
    const char *key = record_step(event);
    RB_AUTO_VALUE const struct rb_value *needed =
        rb_value_textf("%s%s", id, record_elements(key));
    int ended = record_end(world, rb_value_as_text(needed, ""), at);
    if (ended < 0 || world->events[ended].type == RB_EV_STEP_FAILED)
        fail_msg("%s begins, and %s has not passed", key, id);
    rb_time fresh = rb_value_get_int(record_plan_step(world, id)->spec, "fresh_us", 0);
    if (world->events[ended].type == RB_EV_STEP_PASSED &&
        event->mono - world->events[ended].mono > fresh &&
        (size_t)ended < entered_at(world, key, at))
        fail_msg("%s begins, and %s is old", key, id);
}

static void check_needs(const struct world *world, size_t at, int step)
{
    const struct rb_value *needs = rb_value_get(world->plan->steps[step].spec, "needs");
    for (size_t i = 0; !record_is_element(world, record_step(&world->events[at])) &&
                       i < rb_value_count(needs);
         i++)
        check_need(world, at, rb_value_as_text(rb_value_at(needs, i), ""));
}

/* Letting in */

/* Something of the step itself happens. */
static bool is_begin(const struct rb_event *event)
{
    switch (event->type) {
    case RB_EV_QUESTION_ASKED:
        return !record_says(event, "kind", "window");
    case RB_EV_EVAL_RESULT:
        return !record_says(event, "phase", "window");
    case RB_EV_EFFECT_INTENT:
    case RB_EV_WAIT_BEGAN:
    case RB_EV_GATE_WAITING:
    case RB_EV_LOOP_BEGAN:
    case RB_EV_CALL_BEGAN:
    case RB_EV_ITEM_PROVEN:
    case RB_EV_STEP_PASSED:
        return true;
    default:
        return false;
    }
}

/* What takes the way in from a step that had it: it begins anew, or was never begun and the time is another
 * now. `acted`: something of it was begun since it was let in. */
static bool is_shut(const struct world *world, const struct rb_event *event,
                    const char *key, bool acted)
{
    const struct rb_step *step = record_plan_step(world, key);
    bool effect = rb_action_is_effect(step->action);
    if (event->type == RB_EV_RUN_RESUMED)
        return effect && !acted;
    if (!record_is_of(event, key))
        return false;
    return event->type == RB_EV_STEP_BEGAN ||
           (event->type == RB_EV_STEP_DECIDED && step->first_child < 0 &&
            step->for_each < 0) ||
           event->type == RB_EV_EFFECT_UNSTARTED;
}

enum entry { OUTSIDE, LET_IN, AT_WORK };

static enum entry entry_of(const struct world *world, const char *key, size_t end)
{
    enum entry entry = OUTSIDE;
    for (size_t i = 0; i < end; i++) {
        const struct rb_event *event = &world->events[i];
        if (is_shut(world, event, key, entry == AT_WORK))
            entry = OUTSIDE;
        if (!record_is_of(event, key))
            continue;
        if (event->type == RB_EV_STEP_ADMITTED)
            entry = LET_IN;
        else if (is_begin(event) && event->type != RB_EV_EVAL_RESULT && entry == LET_IN)
            entry = AT_WORK;
    }
    return entry;
}

/* A decision about what was asked when it could not begin is none of its own. */
static bool is_asked_about(const struct world *world, const char *key, size_t end)
{
    int failed = record_last(world, key, RB_EV_ATTEMPT_FAILED, end);
    int began = record_last(world, key, RB_EV_STEP_BEGAN, end);
    int decided = record_last(world, key, RB_EV_STEP_DECIDED, end);
    return failed > began && failed > decided;
}

/* What works, was let in; and what changes something begins while it still may. */
static void check_begin(const struct world *world, size_t at, int step)
{
    const struct rb_event *event = &world->events[at];
    const char *key = record_step(event);
    bool needs = rb_value_get(world->plan->steps[step].spec, "needs");
    if (is_asked_about(world, key, at) ||
        !(has_window(world, step) || (needs && !record_is_element(world, key))))
        return;
    enum entry entry = entry_of(world, key, at);
    if (entry == OUTSIDE)
        fail_msg("%s: %s before it was let in", key, rb_event_name(event->type));
    if (entry == LET_IN && event->type == RB_EV_EFFECT_INTENT) {
        check_windows(world, at, step);
        check_needs(world, at, step);
    }
}

static void check_letting_in(const struct world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct rb_event *event = &world->events[i];
        const char *key = record_step(event);
        if (!*key || record_is_let_in(world, record_index(world, key)))
            continue;
        int step = record_index(world, key);
        if (event->type == RB_EV_STEP_ADMITTED) {
            check_windows(world, i, step);
            check_needs(world, i, step);
        } else if (is_begin(event)) {
            check_begin(world, i, step);
        }
    }
}

/* Waits */

static void check_waits(const struct world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct rb_event *event = &world->events[i];
        const char *key = record_step(event);
        if (event->type != RB_EV_STEP_PASSED || rb_value_get(event->d, "overridden") ||
            record_plan_step(world, key)->action != RB_ACTION_WAIT)
            continue;
        int began = record_last(world, key, RB_EV_WAIT_BEGAN, i);
        if (began < record_last(world, key, RB_EV_STEP_BEGAN, i)) {
            if (record_plan_step(world, key)->for_each < 0)
                fail_msg("%s passes, and has not waited", key);
        } else if (event->utc < rb_value_get_int(world->events[began].d, "at", 0)) {
            fail_msg("%s passes before its time", key);
        }
    }
}

void world_check_begins(const struct world *world)
{
    check_letting_in(world);
    check_waits(world);
}
