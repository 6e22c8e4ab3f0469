#pragma once
/* What others leave in the inbox of a run: signed answers (signed.*), judged one after the other, and
 * answers of who works on this machine (answer.*). */

#include <uv.h>

#include "core/core.h"
#include "effects/elsewhere.h"
#include "journal/store.h"
#include "parse/parse.h"

struct rb_inbox;

struct rb_inbox_options {
    uv_loop_t *loop;
    const struct rb_run *run;
    const struct rb_document *document;
    const struct rb_state *state;
    bool waits; /* for whoever answers later; otherwise nobody does */
    /* A fact about a step. */
    void (*put)(void *context, const struct rb_value *step, int64_t attempt,
                enum rb_event_type type, const struct rb_value *owned);
    void (*broke)(void *context, const struct rb_error *err);
    void *context;
};

struct rb_inbox *rb_inbox_new(const struct rb_inbox_options *options);
/* The loop has to turn once more. Accepts NULL. */
void rb_inbox_free(struct rb_inbox *inbox);
struct rb_elsewhere rb_inbox_elsewhere(struct rb_inbox *inbox);

/* A line for each signed answer to a question that is open no more, of which nothing came into the
 * record. */
void rb_inbox_uncounted(const struct rb_inbox *inbox, struct rb_buf *out);

/* Leaves a signed answer, or one that is not, there; *ret_name is what it is called, allocated.
 * RB_ERR_REFUSED when somebody has left an answer to this question already. */
bool rb_inbox_leave_signed(struct rb_run *run, const char *bytes, size_t length,
                           char **ret_name, struct rb_error *err) RB_MUST_CHECK;
bool rb_inbox_leave_answer(struct rb_run *run, int64_t q, const struct rb_value *answer,
                           struct rb_error *err) RB_MUST_CHECK;
