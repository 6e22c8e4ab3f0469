#include "effects/engine.h"

#include <assert.h>
#include <string.h>

#include "effects/clock.h"

/* A time service moves it by less at once, and nobody has to hear of that. */
static const rb_time CLOCK_JUMP = 2 * RB_SEC;
enum { UNSEEN_MAX = 1024 }; /* records that may wait in memory for the next sync */

struct waiting {
    enum rb_event_type type;
    const struct rb_value *d;
};

struct rb_engine {
    struct rb_engine_options o;
    struct waiting *inputs; /* arrived while another was being taken */
    size_t input_count, input_capacity;
    struct rb_record *unseen; /* in the buffer or on disk, not yet shown */
    size_t unseen_count, unseen_capacity, flushed;
    struct rb_effects under_way, wanted; /* what was begun; what is to be */
    rb_time wake;
    rb_time
        apart; /* so far the wall clock was ahead of the other one when last looked at */
    bool busy;
    bool begins, acts,
        asks;     /* of what is to be begun: there is some; some acts, some asks */
    bool weighty; /* something beyond polls and looks has not been synced */
    bool full;    /* the core was told that the disk is */
    struct rb_error failure; /* code RB_OK: none */
};

struct rb_engine *rb_engine_new(const struct rb_engine_options *options)
{
    struct rb_engine *engine = rb_alloc(sizeof *engine);
    engine->o = *options;
    return engine;
}

void rb_engine_free(struct rb_engine *engine)
{
    if (!engine)
        return;
    for (size_t i = 0; i < engine->input_count; i++)
        rb_value_unref(engine->inputs[i].d);
    for (size_t i = 0; i < engine->unseen_count; i++)
        rb_value_unref(engine->unseen[i].event.d);
    rb_effects_done(&engine->under_way);
    rb_effects_done(&engine->wanted);
    free(engine->inputs);
    free(engine->unseen);
    free(engine);
}

/* Polls and looks at the world ride along with the next sync; all else is owed one. */
static bool is_weighty(enum rb_event_type type)
{
    return type != RB_EV_EVAL_RESULT && type != RB_EV_GATE_WAITING &&
           type != RB_EV_TIMER_DUE;
}

static void record(struct rb_engine *engine, const struct rb_event *event)
{
    RB_GROW(engine->unseen, engine->unseen_count, engine->unseen_capacity);
    struct rb_record *seen = &engine->unseen[engine->unseen_count++];
    rb_writer_append(engine->o.writer, event, seen);
    seen->event = *event;
    engine->weighty |= is_weighty(event->type);
    rb_apply(engine->o.state, event);
}

static bool take_fact(struct rb_engine *engine, const struct waiting *arrived)
{
    struct rb_input input = {.type = arrived->type,
                             .d = arrived->d,
                             .utc = rb_clock_utc(),
                             .mono = rb_clock_mono()};
    struct rb_event event;
    if (engine->apart == 0)
        engine->apart = input.utc - input.mono;
    if (!rb_decide(engine->o.state, &input, &event))
        return false;
    record(engine, &event);
    return true;
}

/* The fact, and every decision that follows from it. */
static void take(struct rb_engine *engine, const struct waiting *arrived)
{
    struct rb_event event;
    if (!take_fact(engine, arrived))
        return;
    while (rb_decide(engine->o.state, NULL, &event))
        record(engine, &event);
}

/* What was set aside holds a few more events: the run stops after its step. */
static void tell_full(struct rb_engine *engine)
{
    enum rb_run_phase phase = engine->o.state->phase;
    bool live = phase == RB_RUN_STARTING || phase == RB_RUN_RUNNING;
    if (live && rb_writer_disk_full(engine->o.writer))
        rb_engine_disk_full(engine, NULL);
}

static void show(struct rb_engine *engine)
{
    if (engine->flushed == 0)
        return;
    for (size_t i = 0; i < engine->flushed; i++) {
        if (engine->o.watch)
            engine->o.watch(engine->o.context, &engine->unseen[i]);
        rb_value_unref(engine->unseen[i].event.d);
    }
    engine->unseen_count = engine->flushed = 0;
    tell_full(engine);
}

static bool is_action(enum rb_effect_kind kind)
{
    return kind != RB_EFFECT_EVAL && kind != RB_EFFECT_ASK;
}

/* What of `these` is not among `those`; both are in the order of rb_effect_order. */
static void differ(const struct rb_effects *these, const struct rb_effects *those,
                   void (*each)(struct rb_engine *engine, const struct rb_effect *effect),
                   struct rb_engine *engine)
{
    for (int i = 0, k = 0; i < these->count; i++) {
        while (k < those->count && rb_effect_order(&those->items[k], &these->items[i]) < 0)
            k++;
        if (k == those->count || !rb_effect_same(&those->items[k], &these->items[i]))
            each(engine, &these->items[i]);
    }
}

static void weigh(struct rb_engine *engine, const struct rb_effect *effect)
{
    engine->acts |= is_action(effect->kind);
    engine->asks |= effect->kind == RB_EFFECT_ASK;
    engine->begins = true;
}

static bool write_out(struct rb_engine *engine, bool durable)
{
    const struct rb_record *first = engine->flushed == 0 ? engine->unseen : NULL;
    if (!rb_writer_flush(engine->o.writer, durable, &engine->failure))
        return false;
    engine->weighty = engine->weighty && !durable;
    engine->flushed = engine->unseen_count;
    return !first || first->seq != 0 || !engine->o.place ||
           engine->o.place(engine->o.context, first, &engine->failure);
}

/* One sync covers the settlement of a step and the intent of the next. An evaluation in between
 * changes nothing outside, so it needs none: what precedes it is written, and somebody hears of
 * it, when something acts or asks, or soon, should the evaluation take its time. */
static bool make_durable(struct rb_engine *engine)
{
    engine->acts = engine->asks = engine->begins = false;
    differ(&engine->wanted, &engine->under_way, weigh, engine);
    bool harmless = engine->begins && !engine->acts && !engine->asks;
    if (engine->unseen_count == 0)
        return true;
    if (harmless && engine->weighty && engine->unseen_count < UNSEEN_MAX) {
        engine->o.executor.soon(engine->o.executor.self);
        return true;
    }
    return write_out(engine, engine->weighty || engine->acts || engine->asks);
}

static void begin(struct rb_engine *engine, const struct rb_effect *effect)
{
    RB_AUTO_VALUE const struct rb_value *request = NULL;
    if (engine->failure.code != RB_OK)
        return;
    if (rb_effect_request(engine->o.state, effect, &request, &engine->failure))
        engine->o.executor.begin(engine->o.executor.self, effect, request);
    else if (engine->failure.code == RB_OK)
        engine->failure.code = RB_ERR_DEFECT;
}

static void withdraw(struct rb_engine *engine, const struct rb_effect *effect)
{
    engine->o.executor.withdraw(engine->o.executor.self, effect);
}

static bool change_effects(struct rb_engine *engine, rb_time wake)
{
    if (wake != engine->wake) {
        engine->wake = wake;
        engine->o.executor.wake(engine->o.executor.self, wake);
    }
    struct rb_effects before = engine->under_way;
    engine->under_way = engine->wanted;
    engine->wanted = before;
    differ(&engine->wanted, &engine->under_way, withdraw, engine);
    differ(&engine->under_way, &engine->wanted, begin, engine);
    return engine->failure.code == RB_OK;
}

/* Who watches is told while the process already starts; before a question, what led to it. */
static bool settle(struct rb_engine *engine)
{
    rb_time wake;
    rb_wanted(engine->o.state, rb_clock_mono(), &engine->wanted, &wake);
    if (!make_durable(engine))
        return false;
    if (!engine->acts || engine->asks)
        show(engine);
    bool good = change_effects(engine, wake);
    show(engine);
    return good;
}

/* What arrived together is on disk together. */
static bool drain(struct rb_engine *engine)
{
    while (engine->input_count > 0 && engine->failure.code == RB_OK) {
        struct waiting *inputs = engine->inputs;
        size_t count = engine->input_count;
        engine->inputs = NULL;
        engine->input_count = engine->input_capacity = 0;
        for (size_t i = 0; i < count; i++) {
            take(engine, &inputs[i]);
            rb_value_unref(inputs[i].d);
        }
        free(inputs);
        if (!settle(engine) && engine->failure.code == RB_OK)
            engine->failure.code = RB_ERR_DEFECT;
    }
    return engine->failure.code == RB_OK;
}

void rb_engine_note(struct rb_engine *engine, enum rb_event_type type,
                    const struct rb_value *owned)
{
    take_fact(engine, &(struct waiting){type, owned});
    rb_value_unref(owned);
}

bool rb_engine_put(struct rb_engine *engine, enum rb_event_type type,
                   const struct rb_value *owned, struct rb_error *err)
{
    RB_GROW(engine->inputs, engine->input_count, engine->input_capacity);
    engine->inputs[engine->input_count++] = (struct waiting){type, owned};
    if (engine->busy)
        return true;
    rb_engine_hold(engine);
    return rb_engine_release(engine, err);
}

void rb_engine_hold(struct rb_engine *engine)
{
    assert(!engine->busy);
    engine->busy = true;
}

bool rb_engine_release(struct rb_engine *engine, struct rb_error *err)
{
    bool good = drain(engine);
    engine->busy = false;
    if (!good && err)
        *err = engine->failure;
    return good;
}

bool rb_engine_sync(struct rb_engine *engine, struct rb_error *err)
{
    bool owed = engine->unseen_count > 0 && engine->failure.code == RB_OK;
    if (owed && write_out(engine, engine->weighty))
        show(engine);
    if (engine->failure.code != RB_OK && err)
        *err = engine->failure;
    return engine->failure.code == RB_OK;
}

bool rb_engine_watch_clock(struct rb_engine *engine, struct rb_error *err)
{
    rb_time now = rb_clock_utc() - rb_clock_mono(), by = now - engine->apart;
    engine->apart = now;
    if ((by < CLOCK_JUMP && by > -CLOCK_JUMP) || rb_engine_ended(engine))
        return true;
    return rb_engine_put(engine, RB_EV_CLOCK_SET,
                         rb_value_map("by_us", rb_value_int(by), NULL), err);
}

bool rb_engine_disk_full(struct rb_engine *engine, struct rb_error *err)
{
    if (engine->full)
        return true;
    engine->full = true;
    return rb_engine_put(
        engine, RB_EV_SIGNAL_RECEIVED,
        rb_value_map("name", rb_value_text("ENOSPC"), "level", rb_value_int(1), NULL), err);
}

bool rb_engine_ended(const struct rb_engine *engine)
{
    enum rb_run_phase phase = engine->o.state->phase;
    return engine->failure.code != RB_OK || phase == RB_RUN_SUSPENDED ||
           phase == RB_RUN_FINISHED;
}
