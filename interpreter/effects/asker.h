#pragma once
/* Whoever answers questions: a person at a terminal, or a file of answers. */

#include "base/value.h"

/* `answer` (core/question.h) is borrowed; NULL: nobody can be asked, and `why` says it. */
typedef void rb_asker_answered(void *context, const struct rb_value *answer,
                               const char *why);

struct rb_asker {
    void *self;
    /* One question at a time. `answered` may be called at once. */
    void (*ask)(void *self, const struct rb_value *question, rb_asker_answered *answered,
                void *context);
    void (*unask)(void *self); /* the question is off */
};
