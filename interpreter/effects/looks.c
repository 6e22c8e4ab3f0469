#include "effects/looks.h"

#include <string.h>

#include "effects/look.h"

/* Under way at the same time; the others wait for their turn. */
enum { AT_ONCE = 64 };

/* What is asked, the folder that it has, what came of it (NULL: nothing yet). */
struct look {
    const struct rb_value *call, *dir, *outcome;
};

struct rb_looks {
    struct rb_looks_events events;
    struct look *items;
    size_t count, begun, settled;
    int number; /* of the run so far: makes folders unique */
    struct rb_list_builder evidence;
};

struct rb_looks *rb_looks_new(const struct rb_looks_events *events)
{
    struct rb_looks *looks = rb_alloc(sizeof *looks);
    looks->events = *events;
    return looks;
}

static void forget(struct rb_looks *looks)
{
    for (size_t i = 0; i < looks->count; i++) {
        rb_value_unref(looks->items[i].call);
        rb_value_unref(looks->items[i].dir);
        rb_value_unref(looks->items[i].outcome);
    }
    free(looks->items);
    looks->items = NULL;
    looks->count = looks->begun = looks->settled = 0;
}

void rb_looks_free(struct rb_looks *looks)
{
    if (!looks)
        return;
    forget(looks);
    rb_value_unref(rb_list_end(&looks->evidence));
    free(looks);
}

static void begin_some(struct rb_looks *looks)
{
    while (looks->begun < looks->count && looks->begun - looks->settled < AT_ONCE) {
        const struct look *look = &looks->items[looks->begun++];
        if (!looks->events.begin(looks->events.context, look->call,
                                 rb_value_as_text(look->dir, "")))
            return;
    }
}

void rb_looks_ask(struct rb_looks *looks, const struct rb_value *calls, const char *prefix)
{
    size_t count = rb_value_count(calls);
    looks->items = rb_alloc(count * sizeof *looks->items);
    looks->count = count;
    for (size_t i = 0; i < count; i++) {
        looks->items[i].call = rb_value_ref(rb_value_at(calls, i));
        looks->items[i].dir = rb_value_textf("%s.%d", prefix, ++looks->number);
    }
    begin_some(looks);
}

/* What was asked is forgotten first: the answer may bring the next question. */
static void answer(struct rb_looks *looks)
{
    struct rb_list_builder outcomes = {0};
    for (size_t i = 0; i < looks->count; i++) {
        const struct look *look = &looks->items[i];
        rb_list_add(&looks->evidence, rb_look_evidence(look->call, look->outcome));
        rb_list_add(&outcomes, rb_value_ref(look->outcome));
    }
    RB_AUTO_VALUE const struct rb_value *all = rb_list_end(&outcomes);
    forget(looks);
    looks->events.answered(looks->events.context, all);
}

static void settle(struct rb_looks *looks, struct look *look,
                   const struct rb_value *outcome)
{
    look->outcome = rb_value_ref(outcome);
    if (++looks->settled < looks->count)
        begin_some(looks);
    else
        answer(looks);
}

bool rb_looks_settle(struct rb_looks *looks, const char *dir,
                     const struct rb_value *outcome)
{
    for (size_t i = 0; i < looks->begun; i++) {
        struct look *look = &looks->items[i];
        if (!look->outcome && strcmp(rb_value_as_text(look->dir, ""), dir) == 0) {
            settle(looks, look, outcome);
            return true;
        }
    }
    return false;
}

void rb_looks_lose(struct rb_looks *looks, bool (*is_its)(const struct rb_value *call),
                   const struct rb_value *outcome)
{
    for (size_t i = looks->begun; i-- > 0 && looks->count > 0;) {
        struct look *look = &looks->items[i];
        if (!look->outcome && is_its(look->call))
            settle(looks, look, outcome);
    }
}

void rb_looks_drop(struct rb_looks *looks)
{
    for (size_t i = 0; i < looks->begun; i++) {
        const struct look *look = &looks->items[i];
        if (!look->outcome)
            looks->events.end(looks->events.context, look->call,
                              rb_value_as_text(look->dir, ""));
    }
    forget(looks);
}

const struct rb_value *rb_looks_evidence(struct rb_looks *looks)
{
    return rb_list_end(&looks->evidence);
}
