#include "effects/engine.h"

#include <string.h>

#include "effects/clock.h"

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
    struct rb_effect under_way; /* kind NONE: nothing is */
    rb_time wake;
    bool busy;
    bool weighty;            /* something beyond polls and looks has not been synced */
    bool full;               /* the core was told that the disk is */
    struct rb_error failure; /* code RB_OK: none */
};

struct rb_engine *rb_engine_new(const struct rb_engine_options *options)
{
    struct rb_engine *engine = rb_alloc(sizeof *engine);
    engine->o = *options;
    engine->under_way.kind = RB_EFFECT_NONE;
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
    return kind == RB_EFFECT_PROCESS || kind == RB_EFFECT_HTTP || kind == RB_EFFECT_SQL;
}

/* One sync covers the settlement of a step and the intent of the next: a pure evaluation in
 * between needs none, so nothing is written, and nobody hears of it, until after it. */
static bool make_durable(struct rb_engine *engine, const struct rb_effect *wanted)
{
    bool writes = is_action(wanted->kind) || wanted->kind == RB_EFFECT_ASK;
    bool pure =
        wanted->kind == RB_EFFECT_EVAL && !rb_effect_looks_outside(engine->o.state, wanted);
    bool later = pure && engine->weighty && engine->unseen_count < UNSEEN_MAX;
    if (engine->unseen_count == 0 || later)
        return true;
    bool durable = engine->weighty || writes;
    if (!rb_writer_flush(engine->o.writer, durable, &engine->failure))
        return false;
    engine->weighty = engine->weighty && !durable;
    engine->flushed = engine->unseen_count;
    return true;
}

static bool begin(struct rb_engine *engine, const struct rb_effect *wanted)
{
    RB_AUTO_VALUE const struct rb_value *request = NULL;
    if (!rb_effect_request(engine->o.state, wanted, &request, &engine->failure))
        return false;
    engine->o.executor.begin(engine->o.executor.self, wanted, request);
    return true;
}

static bool change_effect(struct rb_engine *engine, const struct rb_effect *wanted,
                          rb_time wake)
{
    struct rb_effect before = engine->under_way;
    if (wake != engine->wake) {
        engine->wake = wake;
        engine->o.executor.wake(engine->o.executor.self, wake);
    }
    if (strcmp(before.key, wanted->key) == 0)
        return true;
    engine->under_way = *wanted;
    if (before.kind != RB_EFFECT_NONE)
        engine->o.executor.withdraw(engine->o.executor.self, &before);
    return wanted->kind == RB_EFFECT_NONE || begin(engine, wanted);
}

/* Who watches is told while the process already starts; before a question, what led to it. */
static bool settle(struct rb_engine *engine)
{
    struct rb_effect wanted;
    rb_time wake;
    rb_wanted(engine->o.state, &wanted, &wake);
    if (!make_durable(engine, &wanted))
        return false;
    if (!is_action(wanted.kind))
        show(engine);
    bool good = change_effect(engine, &wanted, wake);
    show(engine);
    return good;
}

static bool drain(struct rb_engine *engine)
{
    for (size_t i = 0; i < engine->input_count; i++) {
        struct waiting arrived = engine->inputs[i];
        if (engine->failure.code == RB_OK) {
            take(engine, &arrived);
            if (!settle(engine) && engine->failure.code == RB_OK)
                engine->failure.code = RB_ERR_DEFECT;
        }
        rb_value_unref(arrived.d);
    }
    engine->input_count = 0;
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
    engine->busy = true;
    bool good = drain(engine);
    engine->busy = false;
    if (!good && err)
        *err = engine->failure;
    return good;
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
