#include "random_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/honest.h"
#include "base/json.h"
#include "core/statement.h"
#include "random_calendar.h"
#include "random_people.h"

enum { DECISIONS_MAX = 2000, RESUMES = 40 };

static void take(struct world *world, const struct rb_event *event)
{
    RB_GROW(world->events, world->count, world->capacity);
    world->events[world->count++] = *event;
    if (world->told) {
        RB_AUTO_BUF struct rb_buf line = {0};
        rb_json_encode(event->d, &line);
        printf("%s %s\n", rb_event_name(event->type), rb_buf_text(&line));
    }
    rb_apply(world->state, event);
}

static bool put(struct world *world, enum rb_event_type type, const struct rb_value *owned)
{
    RB_AUTO_VALUE const struct rb_value *d = owned;
    world->now += RB_SEC;
    struct rb_input input = {.type = type, .d = d, .utc = world->now, .mono = world->now};
    struct rb_event event;
    if (!rb_decide(world->state, &input, &event))
        return false;
    take(world, &event);
    for (int decisions = 0; rb_decide(world->state, NULL, &event); decisions++) {
        take(world, &event);
        if (decisions == DECISIONS_MAX)
            fail_msg("it decides without end");
    }
    return true;
}

/* Of one window, as the worker says it. */
static const struct rb_value *window_item(const struct world *world,
                                          const struct rb_value *name)
{
    const struct calendar_look look =
        calendar_look(world->calendar, rb_value_as_text(name, ""), world->now);
    if (look.says == CALENDAR_UNKNOWN)
        return rb_value_map("name", rb_value_ref(name), "error",
                            rb_value_text("no such zone"), NULL);
    const struct rb_value *value =
        rb_value_map("open", rb_value_bool(look.says == CALENDAR_OPEN), "since",
                     rb_value_int(look.since / RB_SEC), "until",
                     look.until ? rb_value_int(look.until / RB_SEC) : NULL, NULL);
    return rb_value_map("name", rb_value_ref(name), "value", value, NULL);
}

/* In a while, or just over. */
static const struct rb_value *until_item(struct world *world, const struct rb_value *name)
{
    rb_time at = world->now / RB_SEC + dice_roll(&world->dice, 20) - 3;
    if (!world->honest && dice_percent(&world->dice, 5))
        return rb_value_map("name", rb_value_ref(name), "error",
                            rb_value_text("no such zone"), NULL);
    return rb_value_map("name", rb_value_ref(name), "value", rb_value_int(at), NULL);
}

/* What is asked about the calendar of a place; NULL: it is something else. It says what is so. */
static const struct rb_value *calendar_items(struct world *world,
                                             const struct rb_effect *wanted,
                                             const struct rb_value *items)
{
    bool window = wanted->kind == RB_EFFECT_EVAL && strcmp(wanted->phase, "window") == 0;
    bool until = wanted->kind == RB_EFFECT_EVAL && strcmp(wanted->phase, "until") == 0;
    struct rb_list_builder list = {0};
    for (size_t i = 0; (window || until) && i < rb_value_count(items); i++) {
        const struct rb_value *name = rb_value_get(rb_value_at(items, i), "name");
        rb_list_add(&list, window ? window_item(world, name) : until_item(world, name));
    }
    return window || until ? rb_value_map("items", rb_list_end(&list), NULL) : NULL;
}

/* What a world says that is not so honest. */
static const struct rb_value *twist_item(struct dice *dice, const struct rb_value *item)
{
    static const char *const verdicts[] = {"holds", "fails", "unknown"};
    const struct rb_value *over = NULL;
    bool guard = strcmp(rb_value_get_text(item, "name", ""), "guard") == 0;
    if (guard && dice_percent(dice, 50))
        over = rb_value_map("verdict", rb_value_text("fails"), NULL);
    else if (rb_value_get(item, "verdict"))
        over = rb_value_map("verdict", rb_value_text(verdicts[dice_roll(dice, 3)]), NULL);
    else if (rb_value_is(rb_value_get(item, "value"), RB_BOOL))
        over = rb_value_map("value", rb_value_bool(dice_percent(dice, 70)), NULL);
    RB_AUTO_VALUE const struct rb_value *twisted = over;
    return rb_value_merge(item, twisted);
}

static const struct rb_value *twist_items(struct dice *dice, const struct rb_value *items)
{
    struct rb_list_builder list = {0};
    for (size_t i = 0; i < rb_value_count(items); i++)
        rb_list_add(&list, twist_item(dice, rb_value_at(items, i)));
    return rb_list_end(&list);
}

static const struct rb_value *bad_result(struct dice *dice)
{
    if (dice_percent(dice, 25))
        return rb_value_map("exit", rb_value_null(), "spawn_error", rb_value_text("ENOENT"),
                            "what", rb_value_text("no such program"), NULL);
    return rb_value_map("exit", rb_value_int(1), NULL);
}

/* Of what was begun before the memory was lost there is a result, a doubt, or nothing at all. */
static enum rb_event_type becomes_of(struct world *world, const struct rb_effect *wanted)
{
    unsigned fate = dice_roll(&world->dice, 3);
    if (!world->state->nodes[wanted->node].active->inherited || fate == 0)
        return RB_EV_EFFECT_RESULT;
    return fate == 1 ? RB_EV_EFFECT_DOUBT : RB_EV_EFFECT_UNSTARTED;
}

static enum rb_event_type answer_to(struct world *world, const struct rb_effect *wanted,
                                    const struct rb_value *request,
                                    const struct rb_value **ret_over)
{
    struct dice *dice = &world->dice;
    *ret_over = NULL;
    switch (wanted->kind) {
    case RB_EFFECT_EVAL:
        return RB_EV_EVAL_RESULT;
    case RB_EFFECT_ASK:
        *ret_over = world->honest ? people_agree(request) : people_answer(dice, request);
        if (world->honest || dice_percent(dice, 90))
            return RB_EV_QUESTION_ANSWERED;
        rb_value_put(ret_over, NULL);
        return RB_EV_QUESTION_UNANSWERED;
    default:
        if (world->honest)
            return becomes_of(world, wanted);
        if (dice_percent(dice, 4))
            return RB_EV_EFFECT_DOUBT;
        if (dice_percent(dice, 2))
            return RB_EV_EFFECT_UNSTARTED;
        *ret_over = dice_percent(dice, 20) ? bad_result(dice) : NULL;
        return RB_EV_EFFECT_RESULT;
    }
}

/* Instead of what is usual. */
static const struct rb_value *items_of(struct world *world, const struct rb_effect *wanted,
                                       const struct rb_value *usual)
{
    const struct rb_value *items = rb_value_get(usual, "items");
    const struct rb_value *calendar = calendar_items(world, wanted, items);
    if (calendar || wanted->kind != RB_EFFECT_EVAL || world->honest)
        return calendar;
    return rb_value_map("items", twist_items(&world->dice, items), NULL);
}

/* Somebody signs, at a time that may be over, or nobody does yet. */
static void arrive_signed(struct world *world, const struct rb_value *usual,
                          const struct rb_value *question)
{
    struct dice *dice = &world->dice;
    bool signs = world->honest || dice_percent(dice, 85);
    if (!world->honest && dice_percent(dice, 10))
        world->now += dice_roll(dice, 40) * RB_SEC;
    const struct rb_value *d =
        signs ? people_sign(dice, world->honest, world->state, question)
              : rb_value_ref(usual);
    if (!put(world, signs ? RB_EV_APPROVAL_RECEIVED : RB_EV_QUESTION_UNANSWERED, d))
        fail_msg("what was signed is not taken");
}

/* One of the things that are wanted comes to something. */
static void arrive(struct world *world, const struct rb_effect *wanted)
{
    RB_AUTO_VALUE const struct rb_value *request = NULL, *over = NULL;
    struct rb_error err = {0};
    if (!rb_effect_request(world->state, wanted, &request, &err))
        fail_msg("no request: %s", err.message);
    RB_AUTO_VALUE const struct rb_value *usual =
        honest_answer(world->state, wanted, request);
    if (wanted->kind == RB_EFFECT_ASK && rb_question_is_signed(request)) {
        arrive_signed(world, usual, request);
        return;
    }
    enum rb_event_type type = answer_to(world, wanted, request, &over);
    RB_AUTO_VALUE const struct rb_value *items = items_of(world, wanted, usual);
    const struct rb_value *d = rb_value_merge(usual, items ? items : over);
    if (!put(world, type, d))
        fail_msg("what was wanted is not taken: %s", rb_event_name(type));
}

/* Longer waits suspend a run; NULL: none does. */
static const struct rb_value *some_stay(struct dice *dice)
{
    return dice_percent(dice, 30) ? rb_value_int(dice_roll(dice, 8) * RB_SEC) : NULL;
}

/* Nobody is at work on it for a while: an honest one waits for its time. */
static void resume(struct world *world)
{
    struct dice *dice = &world->dice;
    rb_time until = rb_value_get_int(world->state->end, "until", 0);
    world->resumes++;
    if (dice_percent(dice, 30))
        world->now += dice_roll(dice, 30) * RB_SEC;
    if (until > world->now && (world->honest || dice_percent(dice, 60)))
        world->now = until;
    put(world, RB_EV_RUN_RESUMED,
        rb_value_map("interactive", rb_value_bool(dice_percent(dice, 70)), "operator",
                     people_operator(dice_percent(dice, 10)), "stay_us", some_stay(dice),
                     NULL));
}

static void ask_to_stop(struct world *world)
{
    static const char *const names[] = {"INT", "rollback", "cancel", "TERM"};
    put(world, RB_EV_SIGNAL_RECEIVED,
        rb_value_map("name", rb_value_text(names[dice_roll(&world->dice, 4)]), "level",
                     rb_value_int(1 + dice_roll(&world->dice, 2)), NULL));
}

static bool has_stopped(const struct rb_state *state)
{
    return state->phase == RB_RUN_FINISHED || state->phase == RB_RUN_SUSPENDED;
}

/* What is not wanted any more comes to its end as well. Of what an earlier writer has begun nobody here
 * knows, unless the run wants to know. */
static bool end_withdrawn(struct world *world)
{
    const struct rb_state *state = world->state;
    for (int i = 0; i < state->active_count; i++) {
        const struct rb_node *node = &state->nodes[state->active[i]];
        if (node->phase != RB_PHASE_RUNNING || node->active->inherited)
            continue;
        RB_AUTO_BUF struct rb_buf key = {0};
        rb_node_key(state, state->active[i], &key);
        return put(world, RB_EV_EFFECT_RESULT,
                   rb_value_map("step", rb_value_text(rb_buf_text(&key)), "attempt",
                                rb_value_int(node->attempt), "signal",
                                rb_value_text("TERM"), "killed", rb_value_text("cancelled"),
                                NULL));
    }
    return false;
}

static void await(struct world *world, rb_time deadline)
{
    if (deadline == 0)
        fail_msg("it stands still for nothing");
    world->now += deadline > world->now ? deadline - world->now : 0;
    put(world, RB_EV_TIMER_DUE, rb_value_map(NULL));
}

/* A time that has come is told before anything else; elsewhere it may be late, or come first. */
static bool is_its_time(struct world *world, rb_time deadline)
{
    if (world->honest)
        return deadline > 0 && deadline <= world->now;
    return deadline > 0 && dice_percent(&world->dice, deadline <= world->now ? 60 : 10);
}

bool world_turn(struct world *world)
{
    struct rb_effects wanted = {0};
    rb_time deadline = 0;
    if (has_stopped(world->state)) {
        if (rb_state_is_over(world->state) || world->resumes >= RESUMES)
            return false;
        resume(world);
        return true;
    }
    if (!world->honest && world->resumes < RESUMES && dice_percent(&world->dice, 3))
        resume(world);
    else if (!world->honest && dice_percent(&world->dice, 2))
        ask_to_stop(world);
    rb_wanted(world->state, world->now, &wanted, &deadline);
    if (is_its_time(world, deadline)) {
        await(world, deadline);
    } else if (wanted.count > 0) {
        arrive(world, &wanted.items[dice_roll(&world->dice, (unsigned)wanted.count)]);
    } else if (!has_stopped(world->state) && !end_withdrawn(world)) {
        await(world, deadline);
    }
    rb_effects_done(&wanted);
    return true;
}

void world_begin(struct world *world, const struct rb_plan *plan)
{
    world->now = 1000 * RB_SEC;
    world->calendar = world->dice.state;
    world->plan = plan;
    world->state = rb_state_new(plan);
    put(world, RB_EV_RUN_CREATED,
        rb_value_map("params", rb_value_map(NULL), "run", rb_value_text("r-1"), "nonce",
                     rb_value_text("n"), "plan", rb_value_text("sha256:p"), "operator",
                     people_operator(false), "stay_us", some_stay(&world->dice),
                     "interactive", rb_value_bool(dice_percent(&world->dice, 50)), NULL));
}

void world_resumed(struct world *world, const struct world *other, size_t length,
                   uint64_t seed)
{
    *world = (struct world){.dice = dice_of(seed),
                            .plan = other->plan,
                            .state = rb_state_new(other->plan),
                            .now = other->events[length - 1].mono,
                            .calendar = other->calendar,
                            .honest = true,
                            .told = other->told};
    for (size_t i = 0; i < length; i++) {
        struct rb_event event = other->events[i];
        rb_value_ref(event.d);
        take(world, &event);
    }
    if (!rb_state_is_over(world->state))
        resume(world);
}

void world_calm(struct world *world)
{
    world->honest = true;
    world->resumes = 0;
}

void world_done(struct world *world)
{
    for (size_t i = 0; i < world->count; i++)
        rb_value_unref(world->events[i].d);
    free(world->events);
    rb_state_free(world->state);
}
