#include "random_record.h"

/* What has to hold of every run, whatever happens:
 *
 *   - no undo without its step having been started, and none twice;
 *   - what is in doubt is taken back only after the probe or a person has decided so, and done again after
 *     one of them has, or where that does no harm;
 *   - what is unknown rolls nothing back without a person;
 *   - undoes come in the reverse of the order in which their steps were started;
 *   - once a rollback has begun no step of the runbook begins any more, and none is in flight when an undo
 *     begins: nothing is done and undone at once;
 *   - while a guard could not tell, no step begins;
 *   - a rollback that is not complete is no end: the last steps wait for it;
 *   - each of the last steps runs once where the run has come to an end that it does not go on from;
 *   - a run ends finished, undone, or in front of a person: it never stands still for nothing;
 *   - its record derives the same decisions again, and the same state.
 *
 * What has to hold where a step begins is in random_begins.c and random_approvals.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/effects.h"
#include "core/rollback.h"
#include "plan/rescue.h"

enum { FLIGHT_MOST = 64 };

/* The key of what this one takes back. */
static char *undone_key(const struct world *world, const struct rb_step *undo,
                        const char *key)
{
    struct rb_buf out = {0};
    rb_buf_printf(&out, "%s%s", world->plan->steps[undo->undoes].id,
                  key + strcspn(key, "["));
    return rb_buf_take(&out);
}

/* The last time: an element of a loop that failed may be begun anew. -1: never. */
static int began_at(const struct world *world, const char *key)
{
    int at = (int)world->count - 1;
    while (at >= 0 && (world->events[at].type != RB_EV_STEP_BEGAN ||
                       strcmp(record_step(&world->events[at]), key) != 0))
        at--;
    return at;
}

/* Something is begun of it, or in it. */
static bool is_start_of(const struct world *world, const struct rb_event *event,
                        const char *key)
{
    const struct rb_step *step = record_plan_step(world, key);
    const char *own = record_step(event);
    if (strcmp(own, key) == 0)
        return event->type == RB_EV_EFFECT_INTENT ||
               (event->type == RB_EV_QUESTION_ASKED && record_is_its_own(event));
    return event->type == RB_EV_STEP_BEGAN && step->first_child >= 0 &&
           record_plan_step(world, own)->parent == (int)(step - world->plan->steps) &&
           strncmp(own + strcspn(own, "["), key + strcspn(key, "["),
                   strlen(key + strcspn(key, "["))) == 0;
}

static bool never_happened(const struct rb_event *event)
{
    return event->type == RB_EV_EFFECT_UNSTARTED ||
           (event->type == RB_EV_ATTEMPT_FAILED &&
            strcmp(rb_value_get_text(event->d, "reason", ""), "spawn") == 0);
}

/* Where it began the last time that something of it was begun, before `end`: an element of a loop
 * that failed may be begun anew. -1: nothing was. */
static int started_at(const struct world *world, const char *key, size_t end)
{
    int began = -1, started = -1, before = -1, intents = 0;
    for (size_t i = 0; i < end; i++) {
        const struct rb_event *event = &world->events[i];
        bool own = strcmp(record_step(event), key) == 0;
        if (own && event->type == RB_EV_STEP_BEGAN) {
            began = (int)i;
            before = started;
            intents = 0;
        } else if (began >= 0 && is_start_of(world, event, key)) {
            started = began;
            intents += event->type == RB_EV_EFFECT_INTENT;
        } else if (own && intents == 1 && never_happened(event)) {
            started = before;
        }
    }
    return started;
}

static void check_undoes(const struct world *world)
{
    int before = (int)world->count;
    for (size_t i = 0; i < world->count; i++) {
        const struct rb_event *event = &world->events[i];
        if (event->type != RB_EV_STEP_BEGAN)
            continue;
        const struct rb_step *step = record_plan_step(world, record_step(event));
        if (step->undoes < 0)
            continue;
        RB_AUTO_FREE char *key = undone_key(world, step, record_step(event));
        int began = started_at(world, key, i);
        if (began < 0)
            fail_msg("%s takes back what was not started", record_step(event));
        if (began >= before)
            fail_msg("%s is not in the reverse order", record_step(event));
        before = began;
    }
}

/* Nobody could say whether it happened, and nobody has decided about it. */
static bool is_in_doubt(const struct world *world, const char *key, size_t end)
{
    bool doubt = false;
    for (size_t i = 0; i < end; i++) {
        enum rb_event_type type = world->events[i].type;
        if (strcmp(record_step(&world->events[i]), key) != 0)
            continue;
        bool known =
            type == RB_EV_EFFECT_RESULT && !rb_value_get(world->events[i].d, "spawn_error");
        if (type == RB_EV_EFFECT_DOUBT)
            doubt = true;
        else if (type == RB_EV_STEP_DECIDED || type == RB_EV_STEP_PASSED || known)
            doubt = false;
    }
    return doubt;
}

/* What is in doubt is taken back only after a decision. */
static void check_doubts(const struct world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct rb_event *event = &world->events[i];
        const char *key = record_step(event);
        if (event->type != RB_EV_EFFECT_INTENT || record_plan_step(world, key)->undoes < 0)
            continue;
        RB_AUTO_FREE char *undone = undone_key(world, record_plan_step(world, key), key);
        bool decided = false;
        for (size_t k = 0; k < i; k++)
            decided |= world->events[k].type == RB_EV_STEP_DECIDED &&
                       strcmp(record_step(&world->events[k]), key) == 0;
        if (!decided && is_in_doubt(world, undone, i))
            fail_msg("%s is taken back, and it is in doubt", undone);
    }
}

/* Of a step, of what it is in, or of what needs it. */
static bool was_decided_since_doubt(const struct world *world, const char *key, size_t end)
{
    int doubt = record_last(world, key, RB_EV_EFFECT_DOUBT, end);
    for (size_t i = (size_t)doubt; i < end; i++) {
        const struct rb_event *event = &world->events[i];
        if (event->type == RB_EV_STEP_DECIDED ||
            (record_is_of(event, key) && record_says(event, "phase", "probe")))
            return true;
    }
    return false;
}

static void check_doubts_done_again(const struct world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        const char *key = record_step(&world->events[i]);
        if (world->events[i].type == RB_EV_EFFECT_INTENT && is_in_doubt(world, key, i) &&
            !record_plan_step(world, key)->idempotent &&
            !was_decided_since_doubt(world, key, i))
            fail_msg("%s is done again, and it is in doubt", key);
    }
}

/* What a rollback without a person follows from is known. */
static void check_unknown_rolls_nothing_back(const struct world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct rb_event *event = &world->events[i];
        const char *reason = "";
        if (event->type != RB_EV_ROLLBACK_BEGAN ||
            strcmp(rb_value_get_text(event->d, "by", ""), "person") == 0)
            continue;
        for (size_t k = 0; k < i; k++) {
            if (world->events[k].type == RB_EV_ATTEMPT_FAILED &&
                strcmp(record_step(&world->events[k]), record_step(event)) == 0)
                reason = rb_value_get_text(world->events[k].d, "reason", "");
        }
        if (strcmp(reason, "unknown") == 0 || strcmp(reason, "doubt") == 0)
            fail_msg("%s rolls back for the reason %s", record_step(event), reason);
    }
}

/* A rollback that is not complete is no end. */
static void check_last_began(const struct world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct rb_event *event = &world->events[i];
        if (event->type == RB_EV_LAST_BEGAN &&
            strcmp(rb_value_get_text(event->d, "status", ""), "incomplete") == 0)
            fail_msg("the last steps begin though the rollback is not complete");
    }
}

static void check_nothing_begins(const struct world *world)
{
    bool rolling = false;
    for (size_t i = 0; i < world->count; i++) {
        const struct rb_event *event = &world->events[i];
        rolling |= event->type == RB_EV_ROLLBACK_BEGAN;
        if (!rolling || event->type != RB_EV_STEP_BEGAN)
            continue;
        int index = (int)(record_plan_step(world, record_step(event)) - world->plan->steps);
        if (!rb_plan_is_rescue(world->plan, index) && !rb_plan_is_last(world->plan, index))
            fail_msg("%s begins while the run is rolled back", record_step(event));
    }
}

static bool is_of_undo(const struct world *world, const char *key)
{
    const struct rb_step *step = record_plan_step(world, key);
    while (step->undoes < 0 && step->parent >= 0)
        step = &world->plan->steps[step->parent];
    return step->undoes >= 0;
}

static bool settles(enum rb_event_type type)
{
    return type == RB_EV_EFFECT_RESULT || type == RB_EV_EFFECT_UNSTARTED ||
           type == RB_EV_EFFECT_DOUBT;
}

/* The steps whose effect began and has come to nothing yet. */
struct flight {
    const char *keys[FLIGHT_MOST];
    int count;
};

static void land(struct flight *flight, const char *key)
{
    int at = 0;
    while (at < flight->count && strcmp(flight->keys[at], key) != 0)
        at++;
    if (at < flight->count)
        flight->keys[at] = flight->keys[--flight->count];
}

/* Of a step that is taken back, of what it holds, or of any other. */
static void check_nothing_in_flight(const struct world *world)
{
    struct flight flight = {0};
    for (size_t i = 0; i < world->count; i++) {
        const struct rb_event *event = &world->events[i];
        const char *key = record_step(event);
        if (settles(event->type))
            land(&flight, key);
        if (event->type != RB_EV_EFFECT_INTENT)
            continue;
        for (int k = 0; k < flight.count && is_of_undo(world, key); k++) {
            if (!is_of_undo(world, flight.keys[k]))
                fail_msg("%s begins while %s is in flight", key, flight.keys[k]);
        }
        assert_true(flight.count < FLIGHT_MOST);
        flight.keys[flight.count++] = key;
    }
}

static bool is_guard(const struct world *world, const char *key)
{
    return *key && record_plan_step(world, key)->action == RB_ACTION_GUARD;
}

/* Nothing that the runbook does follows from what nobody knows, nor from the end of what is watched. */
static void check_unknown_pauses(const struct world *world)
{
    bool unknown = false;
    for (size_t i = 0; i < world->count; i++) {
        const struct rb_event *event = &world->events[i];
        bool guard = is_guard(world, record_step(event));
        if (event->type == RB_EV_ROLLBACK_BEGAN || event->type == RB_EV_LAST_BEGAN)
            return;
        if (guard && event->type == RB_EV_GATE_WAITING)
            unknown = strcmp(rb_value_get_text(event->d, "verdict", ""), "unknown") == 0;
        else if (guard && (event->type == RB_EV_STEP_SKIPPED ||
                           rb_value_get(event->d, "overridden")))
            unknown = false; /* a person does without it */
        else if (!guard && unknown && event->type == RB_EV_STEP_BEGAN)
            fail_msg("%s begins though the guard can't tell", record_step(event));
    }
}

/* All that was started and has an undo was asked about or taken back. */
static void check_nothing_is_left(const struct world *world)
{
    const char *status = rb_value_get_text(world->state->end, "status", "");
    if (world->state->phase != RB_RUN_FINISHED || strcmp(status, "rolled_back") != 0)
        return;
    for (int i = 0; i < world->state->node_count; i++) {
        const struct rb_node *node = &world->state->nodes[i];
        const struct rb_step *step = rb_node_step(world->state, i);
        if (!node->started || node->loop || step->undo < 0)
            continue;
        struct rb_state at = *world->state;
        RB_AUTO_BUF struct rb_buf key = {0};
        at.current = i;
        rb_child_key(&at, step->undo, -1, &key);
        if (began_at(world, rb_buf_text(&key)) < 0)
            fail_msg("%s never began, and the run counts as rolled back",
                     rb_buf_text(&key));
    }
}

static void check_last_steps(const struct world *world)
{
    for (int step = world->plan->first_finally; step >= 0;
         step = world->plan->steps[step].next) {
        int times = 0;
        for (size_t i = 0; i < world->count; i++)
            times +=
                world->events[i].type == RB_EV_STEP_BEGAN &&
                strcmp(record_step(&world->events[i]), world->plan->steps[step].id) == 0;
        bool last = world->state->last && world->state->active_count == 0;
        const char *end = rb_value_get_text(world->state->end, "status", "");
        bool over = rb_state_is_over(world->state) && last &&
                    strcmp(end, rb_value_get_text(world->state->last, "status", "")) == 0 &&
                    world->state->next_step < 0;
        if (times > 1 || (over && times != 1))
            fail_msg("%s of finally ran %d times", world->plan->steps[step].id, times);
        if (rb_state_is_over(world->state) && !world->state->last)
            fail_msg("it ended as %s without its last steps", end);
    }
}

/* The record gives the same decisions and the same state again. */
static void check_replay(const struct world *world)
{
    struct rb_state *again = rb_state_new(world->plan);
    for (size_t i = 0; i < world->count; i++) {
        const struct rb_event *event = &world->events[i];
        struct rb_input input = {event->type, event->d, event->utc, event->mono};
        struct rb_event decided = {0};
        bool fact = rb_event_is_fact(event->type);
        if (!rb_decide(again, fact ? &input : NULL, &decided) ||
            decided.type != event->type || !rb_value_equal(decided.d, event->d))
            fail_msg("event %zu, %s, is not derived again", i, rb_event_name(event->type));
        rb_value_unref(decided.d);
        rb_apply(again, event);
    }
    RB_AUTO_VALUE const struct rb_value *one = rb_state_dump(world->state),
                                        *other = rb_state_dump(again);
    assert_true(rb_value_equal(one, other));
    rb_state_free(again);
}

void world_check(const struct world *world)
{
    check_undoes(world);
    check_doubts(world);
    check_doubts_done_again(world);
    check_last_began(world);
    check_unknown_rolls_nothing_back(world);
    check_nothing_begins(world);
    check_nothing_in_flight(world);
    check_unknown_pauses(world);
    check_nothing_is_left(world);
    check_last_steps(world);
    world_check_begins(world);
    world_check_approvals(world);
    check_replay(world);
}
