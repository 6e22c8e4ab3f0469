#pragma once
/* The looks at the world that an evaluation asked for together: begun a few at a time, answered
 * when all have settled, in the order in which they were asked. */

#include <stdbool.h>

#include "base/value.h"

struct rb_looks_events {
    void *context;
    /* Begins one, whose outcome comes with rb_looks_settle, now or later. False: no more can be
     * begun. */
    bool (*begin)(void *context, const struct rb_value *call, const char *dir);
    /* Its outcome is not wanted any more. */
    void (*end)(void *context, const struct rb_value *call, const char *dir);
    /* The outcomes, in order. May ask for the next ones. */
    void (*answered)(void *context, const struct rb_value *outcomes);
};

struct rb_looks;

struct rb_looks *rb_looks_new(const struct rb_looks_events *events);
void rb_looks_free(struct rb_looks *looks); /* accepts NULL */

/* `calls` is a list; the folder of each is `prefix` and a number. */
void rb_looks_ask(struct rb_looks *looks, const struct rb_value *calls, const char *prefix);

/* False when none of them has this folder and waits for its outcome. */
bool rb_looks_settle(struct rb_looks *looks, const char *dir,
                     const struct rb_value *outcome);

/* The one that performs calls of these is gone: each that was begun has this outcome. */
void rb_looks_lose(struct rb_looks *looks, bool (*is_its)(const struct rb_value *call),
                   const struct rb_value *outcome);

/* Whoever asked is gone: ends those under way. */
void rb_looks_drop(struct rb_looks *looks);

/* What was asked and answered since the last call, as the evidence of an evaluation: a list, a new
 * reference. */
const struct rb_value *rb_looks_evidence(struct rb_looks *looks);
