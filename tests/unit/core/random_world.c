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
#include "core/question.h"

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

static const struct rb_value *some_answer(struct dice *dice,
                                          const struct rb_value *question)
{
    static const char *const words[] = {"yes",  "no",       "retry", "skip", "done",
                                        "stop", "rollback", "undo",  "leave"};
    for (;;) {
        const struct rb_value *answer =
            rb_value_map("answer", rb_value_text(words[dice_roll(dice, RB_COUNT(words))]),
                         "reason", rb_value_text("because"), NULL);
        if (rb_question_allows(question, answer, NULL))
            return answer;
        rb_value_unref(answer);
    }
}

/* Nothing is stopped, left or refused where it can go on. */
static const struct rb_value *good_answer(const struct rb_value *question)
{
    static const char *const words[] = {"yes", "undo", "retry", "skip"};
    for (size_t i = 0; i < RB_COUNT(words); i++) {
        const struct rb_value *answer = rb_value_map(
            "answer", rb_value_text(words[i]), "reason", rb_value_text("because"), NULL);
        if (rb_question_allows(question, answer, NULL))
            return answer;
        rb_value_unref(answer);
    }
    fail_msg("no good answer to a question");
    return NULL;
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
        *ret_over = world->honest ? good_answer(request) : some_answer(dice, request);
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

/* One of the things that are wanted comes to something. */
static void arrive(struct world *world, const struct rb_effect *wanted)
{
    RB_AUTO_VALUE const struct rb_value *request = NULL, *over = NULL;
    struct rb_error err = {0};
    if (!rb_effect_request(world->state, wanted, &request, &err))
        fail_msg("no request: %s", err.message);
    RB_AUTO_VALUE const struct rb_value *usual =
        honest_answer(world->state, wanted, request);
    enum rb_event_type type = answer_to(world, wanted, request, &over);
    RB_AUTO_VALUE const struct rb_value *items =
        wanted->kind == RB_EFFECT_EVAL && !world->honest
            ? rb_value_map("items", twist_items(&world->dice, rb_value_get(usual, "items")),
                           NULL)
            : NULL;
    const struct rb_value *d = rb_value_merge(usual, items ? items : over);
    if (!put(world, type, d))
        fail_msg("what was wanted is not taken: %s", rb_event_name(type));
}

static void resume(struct world *world)
{
    world->resumes++;
    put(world, RB_EV_RUN_RESUMED,
        rb_value_map("interactive", rb_value_bool(dice_percent(&world->dice, 70)), NULL));
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
    rb_wanted(world->state, &wanted, &deadline);
    if (wanted.count > 0) {
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
    world->plan = plan;
    world->state = rb_state_new(plan);
    put(world, RB_EV_RUN_CREATED,
        rb_value_map("params", rb_value_map(NULL), "interactive",
                     rb_value_bool(dice_percent(&world->dice, 50)), NULL));
}

void world_resumed(struct world *world, const struct world *other, size_t length,
                   uint64_t seed)
{
    *world = (struct world){.dice = dice_of(seed),
                            .plan = other->plan,
                            .state = rb_state_new(other->plan),
                            .now = other->events[length - 1].mono,
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
