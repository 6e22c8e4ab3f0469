#pragma once
/* Questions to a person at hand, one after the other, in the order in which they came up; those that
 * have to be signed beside them. */

#include "core/core.h"
#include "effects/asker.h"
#include "effects/elsewhere.h"

struct rb_questions;

struct rb_questions_options {
    struct rb_asker asker; /* ask NULL: nobody can be asked */
    /* Who may answer from elsewhere; open NULL: nobody. What has to be signed is for them alone. */
    struct rb_elsewhere elsewhere;
    const char *operator_name; /* who answers; borrowed */
    const struct rb_state *state;
    void *context;
    bool (*put)(void *context, const struct rb_value *step, int64_t attempt,
                enum rb_event_type type, const struct rb_value *owned);
};

struct rb_questions *rb_questions_new(const struct rb_questions_options *options);
void rb_questions_free(struct rb_questions *questions); /* accepts NULL */

void rb_questions_begin(struct rb_questions *questions, const struct rb_effect *effect,
                        const struct rb_value *question);
void rb_questions_withdraw(struct rb_questions *questions, const struct rb_effect *effect);
